"""Sales as a bookkeeper books them: each document type at home, under reverse charge, including VAT, in a currency.

Before each example ten lamps at 60.00 and twenty bags of salt at 4.00 are in stock. LAMP and charges bear 25 % VAT,
SALT bears 10 %. How the examples are written stands in `worked_examples`.
"""

from __future__ import annotations

import pytest
import worked_examples

from postroom.core.database import Location

EXAMPLES = {
    "order": """
    (line discount 10 % of 200.00; VAT 25 % of 180.00; cost 2 x 60.00)
    sales-order to C-HOME
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             120.00
    1200 Stock of Resale Goods                      120.00
    invoice: 180.00 + VAT 45.00 = 225.00
    1300 Receivables, Home                225.00
    6600 Line Discounts Granted            20.00
    6100 Sales of Resale Goods, Home                200.00
    2300 Sales VAT                                   45.00
    stock: 8 x LAMP worth 480.00
""",
    "invoice": """
    (250.00 less 2 %: 196.00 + 39.20 + 9.80; VAT 25 % of 205.80 = 51.45 and 10 % of 39.20 = 3.92; freight posts net)
    sales-invoice to C-HOME, invoice discount 5.00
    2 x LAMP at 100.00 = 200.00
    5 x SALT at 8.00 = 40.00
    1 x FREIGHT at 10.00 = 10.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             140.00
    1200 Stock of Resale Goods                      140.00
    invoice: 245.00 + VAT 55.37 = 300.37
    1300 Receivables, Home                300.37
    6610 Invoice Discounts Granted          4.80
    6100 Sales of Resale Goods, Home                240.00
    6400 Freight and Fees Charged                     9.80
    2300 Sales VAT                                   55.37
    stock: 15 x SALT worth 60.00
""",
    "return order": """
    (VAT 25 % of 90.00; the lamp comes back at the average of 60.00)
    sales-return-order from C-HOME
    1 x LAMP at 100.00 less 10 % = 90.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods             60.00
    7100 Cost of Resale Goods                        60.00
    credit_memo: 90.00 + VAT 22.50 = 112.50
    6500 Sales Returns                    100.00
    2300 Sales VAT                         22.50
    6600 Line Discounts Granted                      10.00
    1300 Receivables, Home                          112.50
    stock: 11 x LAMP worth 660.00
""",
    "credit memo": """
    (3 x 33.33 - 5.00 = 94.99; VAT 25 % of 94.99 = 23.7475; a rent of 50.00 is given back as well, VAT 12.50 with it:)
    (VAT 25 % of 144.99 = 36.2475)
    sales-credit-memo to C-HOME
    3 x LAMP at 33.33 less 5.00 = 94.99
    1 x 8100 at 50.00 = 50.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods            180.00
    7100 Cost of Resale Goods                       180.00
    credit_memo: 144.99 + VAT 36.25 = 181.24
    6500 Sales Returns                     99.99
    8100 Rent                              50.00
    2300 Sales VAT                         36.25
    6600 Line Discounts Granted                       5.00
    1300 Receivables, Home                          181.24
""",
    "order, reverse charge": """
    (the customer owes the VAT, the invoice bears none)
    sales-order to C-UNION
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             120.00
    1200 Stock of Resale Goods                      120.00
    invoice: 180.00 + VAT 0.00 = 180.00
    1310 Receivables, Union               180.00
    6600 Line Discounts Granted            20.00
    6110 Sales of Resale Goods, Union               200.00
""",
    "invoice, reverse charge": """
    sales-invoice to C-UNION
    3 x LAMP at 95.50 = 286.50
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             180.00
    1200 Stock of Resale Goods                      180.00
    invoice: 286.50 + VAT 0.00 = 286.50
    1310 Receivables, Union               286.50
    6110 Sales of Resale Goods, Union               286.50
""",
    "return order, reverse charge": """
    sales-return-order from C-UNION
    1 x LAMP at 100.00 less 10 % = 90.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods             60.00
    7100 Cost of Resale Goods                        60.00
    credit_memo: 90.00 + VAT 0.00 = 90.00
    6500 Sales Returns                    100.00
    6600 Line Discounts Granted                      10.00
    1310 Receivables, Union                          90.00
""",
    "credit memo, reverse charge and including VAT": """
    (reverse charge counts with rate 0 in prices including VAT: nothing is taken out of 16.00)
    sales-credit-memo to C-UNION, prices including VAT
    2 x SALT at 8.00 = 16.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods              8.00
    7100 Cost of Resale Goods                         8.00
    credit_memo: 16.00 + VAT 0.00 = 16.00
    6500 Sales Returns                     16.00
    1310 Receivables, Union                          16.00
""",
    "order including VAT": """
    (225.00 / 1.25 = 180.00; the discount of 25.00 is 20.00 without its VAT)
    sales-order to C-HOME, prices including VAT
    2 x LAMP at 125.00 less 10 % = 225.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             120.00
    1200 Stock of Resale Goods                      120.00
    invoice: 180.00 + VAT 45.00 = 225.00
    1300 Receivables, Home                225.00
    6600 Line Discounts Granted            20.00
    6100 Sales of Resale Goods, Home                200.00
    2300 Sales VAT                                   45.00
""",
    "invoice including VAT": """
    (29.97 / 1.10 = 27.245.., so 27.25 and 2.72 VAT; 99.99 / 1.25 = 79.992, so 79.99 and 20.00 VAT)
    sales-invoice to C-HOME, prices including VAT
    3 x SALT at 9.99 = 29.97
    1 x LAMP at 99.99 = 99.99
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods              72.00
    1200 Stock of Resale Goods                       72.00
    invoice: 107.24 + VAT 22.72 = 129.96
    1300 Receivables, Home                129.96
    6100 Sales of Resale Goods, Home                107.24
    2300 Sales VAT                                   22.72
""",
    "return order including VAT": """
    (30.00 / 1.25 = 24.00; the discount of 33.33 - 30.00 = 3.33 is 2.664 without its VAT)
    sales-return-order from C-HOME, prices including VAT
    1 x LAMP at 33.33 less 10 % = 30.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods             60.00
    7100 Cost of Resale Goods                        60.00
    credit_memo: 24.00 + VAT 6.00 = 30.00
    6500 Sales Returns                     26.66
    2300 Sales VAT                          6.00
    6600 Line Discounts Granted                       2.66
    1300 Receivables, Home                           30.00
""",
    "credit memo including VAT": """
    (229.97 / 1.25 = 183.976; the invoice discount of 20.03 is 16.024 without its VAT)
    sales-credit-memo to C-HOME, prices including VAT, invoice discount 20.03
    2 x LAMP at 125.00 = 250.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods            120.00
    7100 Cost of Resale Goods                       120.00
    credit_memo: 183.98 + VAT 45.99 = 229.97
    6500 Sales Returns                    200.00
    2300 Sales VAT                         45.99
    6610 Invoice Discounts Granted                   16.02
    1300 Receivables, Home                          229.97
""",
    "order in dollars": """
    (180.00 x 0.85 = 153.00, 225.00 x 0.85 = 191.25, the VAT is what lies between; the discount 20.00 x 0.85)
    sales-order to C-HOME, USD at 0.85
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             120.00
    1200 Stock of Resale Goods                      120.00
    invoice: 180.00 + VAT 45.00 = 225.00
    1300 Receivables, Home                191.25
    6600 Line Discounts Granted            17.00
    6100 Sales of Resale Goods, Home                170.00
    2300 Sales VAT                                   38.25
""",
    "invoice in yen, which have no decimals": """
    (3 x 333.5 = 1000.5, so 1001 yen; in all 16556 x 0.0062 = 102.6472)
    sales-invoice to C-ABROAD, JPY at 0.0062
    1 x LAMP at 15555 = 15555
    3 x SALT at 333.5 = 1001
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods              72.00
    1200 Stock of Resale Goods                       72.00
    invoice: 16556 + VAT 0 = 16556
    1320 Receivables, Abroad              102.65
    6120 Sales of Resale Goods, Abroad              102.65
""",
    "return order in dinars, which have three decimals": """
    (29.9995 is 30.000 dinars; VAT 7.500; 30.000 x 3.05 = 91.50, 37.500 x 3.05 = 114.375)
    sales-return-order from C-HOME, KWD at 3.05
    1 x LAMP at 29.9995 = 30.000
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods             60.00
    7100 Cost of Resale Goods                        60.00
    credit_memo: 30.000 + VAT 7.500 = 37.500
    6500 Sales Returns                     91.50
    2300 Sales VAT                         22.88
    1300 Receivables, Home                          114.38
""",
    "credit memo in dollars": """
    (18.66 x 0.85 = 15.861)
    sales-credit-memo to C-ABROAD, USD at 0.85
    2 x SALT at 9.33 = 18.66
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods              8.00
    7100 Cost of Resale Goods                         8.00
    credit_memo: 18.66 + VAT 0.00 = 18.66
    6500 Sales Returns                     15.86
    1320 Receivables, Abroad                         15.86
""",
}


@pytest.fixture
def trade(firm: Location) -> Location:
    worked_examples.set_up_trade(("LAMP", 10, 60), ("SALT", 20, 4))
    return firm


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_sale_books_what_its_example_says_and_its_correction_the_same_the_other_way_round(
    trade: Location, example: str
) -> None:
    worked_examples.follow(example)
    worked_examples.correct(example)
