"""Purchases as a bookkeeper books them: each document type at home, under reverse charge, including VAT, in a currency.

Before each example ten lamps at 60.00 and twenty bags of salt at 4.00 are in stock. LAMP and charges bear 25 % VAT,
SALT bears 10 %. How the examples are written stands in `worked_examples`.
"""

from __future__ import annotations

import pytest
import worked_examples

from postroom.core.database import Location
from postroom.core.tables.setup import Company, PurchasesSetup

EXAMPLES = {
    "order": """
    (line discount 10 % of 200.00; VAT 25 % of 180.00; the goods come in at 180.00)
    purchase-order from V-HOME
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            180.00
    2200 Goods Received Not Invoiced                180.00
    invoice: 180.00 + VAT 45.00 = 225.00
    2200 Goods Received Not Invoiced      180.00
    2310 Purchase VAT                      45.00
    2100 Payables, Home                             225.00
    stock: 12 x LAMP worth 780.00
""",
    "invoice": """
    (200.00 less 3 %: 126.10 + 40.74 + 27.16; VAT 25 % of 153.26 = 38.315 and 10 % of 40.74 = 4.074)
    purchase-invoice from V-HOME, invoice discount 6.00
    2 x LAMP at 65.00 = 130.00
    10 x SALT at 4.20 = 42.00
    1 x INFREIGHT at 28.00 = 28.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            166.84
    2200 Goods Received Not Invoiced                166.84
    invoice: 194.00 + VAT 42.39 = 236.39
    2200 Goods Received Not Invoiced      166.84
    7500 Freight and Fees Paid             27.16
    2310 Purchase VAT                      42.39
    2100 Payables, Home                             236.39
    stock: 12 x LAMP worth 726.10
    stock: 30 x SALT worth 120.74
""",
    "return order": """
    (two lamps go back at the average of 60.00, the vendor gives 70.00 each: 20.00 purchase variance)
    purchase-return-order to V-HOME
    2 x LAMP at 70.00 = 140.00
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced      120.00
    1200 Stock of Resale Goods                      120.00
    credit_memo: 140.00 + VAT 35.00 = 175.00
    2100 Payables, Home                   175.00
    2310 Purchase VAT                                35.00
    2200 Goods Received Not Invoiced                120.00
    7400 Purchase Variance                           20.00
    stock: 8 x LAMP worth 480.00
""",
    "credit memo": """
    (two lamps go back at 60.00, the vendor gives 2 x 55.50 - 1.00 = 110.00: 10.00 variance; and a rent of 50.00)
    (VAT 25 % of 160.00)
    purchase-credit-memo to V-HOME
    2 x LAMP at 55.50 less 1.00 = 110.00
    1 x 8100 at 50.00 = 50.00
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced      120.00
    1200 Stock of Resale Goods                      120.00
    credit_memo: 160.00 + VAT 40.00 = 200.00
    2100 Payables, Home                   200.00
    7400 Purchase Variance                 10.00
    2310 Purchase VAT                                40.00
    2200 Goods Received Not Invoiced                120.00
    8100 Rent                                        50.00
""",
    "order, reverse charge": """
    (the vendor bills no VAT; 25 % of 180.00 is claimed and owed)
    purchase-order from V-UNION
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            180.00
    2200 Goods Received Not Invoiced                180.00
    invoice: 180.00 + VAT 0.00 = 180.00
    2200 Goods Received Not Invoiced      180.00
    2310 Purchase VAT                      45.00
    2320 Reverse Charge VAT                          45.00
    2110 Payables, Union                            180.00
""",
    "invoice, reverse charge": """
    (25 % of 99.99 = 24.9975, 10 % of 20.50 = 2.05)
    purchase-invoice from V-UNION
    3 x LAMP at 33.33 = 99.99
    5 x SALT at 4.10 = 20.50
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            120.49
    2200 Goods Received Not Invoiced                120.49
    invoice: 120.49 + VAT 0.00 = 120.49
    2200 Goods Received Not Invoiced      120.49
    2310 Purchase VAT                      27.05
    2320 Reverse Charge VAT                          27.05
    2110 Payables, Union                            120.49
""",
    "return order, reverse charge": """
    (25 % of 140.00 is claimed and owed no longer)
    purchase-return-order to V-UNION
    2 x LAMP at 70.00 = 140.00
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced      120.00
    1200 Stock of Resale Goods                      120.00
    credit_memo: 140.00 + VAT 0.00 = 140.00
    2110 Payables, Union                  140.00
    2320 Reverse Charge VAT                35.00
    2310 Purchase VAT                                35.00
    2200 Goods Received Not Invoiced                120.00
    7400 Purchase Variance                           20.00
""",
    "credit memo, reverse charge and including VAT": """
    (reverse charge counts with rate 0 in prices including VAT: nothing is taken out of 16.00)
    purchase-credit-memo to V-UNION, prices including VAT
    4 x SALT at 4.00 = 16.00
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced       16.00
    1200 Stock of Resale Goods                       16.00
    credit_memo: 16.00 + VAT 0.00 = 16.00
    2110 Payables, Union                   16.00
    2320 Reverse Charge VAT                 1.60
    2310 Purchase VAT                                 1.60
    2200 Goods Received Not Invoiced                 16.00
""",
    "order including VAT": """
    (225.00 / 1.25 = 180.00)
    purchase-order from V-HOME, prices including VAT
    2 x LAMP at 125.00 less 10 % = 225.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            180.00
    2200 Goods Received Not Invoiced                180.00
    invoice: 180.00 + VAT 45.00 = 225.00
    2200 Goods Received Not Invoiced      180.00
    2310 Purchase VAT                      45.00
    2100 Payables, Home                             225.00
""",
    "invoice including VAT": """
    (2.50 x 99.99 / 114.99 = 2.17, the salt bears the other 0.33)
    (97.82 / 1.25 = 78.256, so 78.26 and 19.56 VAT; 14.67 / 1.10 = 13.336.., so 13.34 and 1.33 VAT)
    purchase-invoice from V-HOME, prices including VAT, invoice discount 2.50
    1 x LAMP at 99.99 = 99.99
    3 x SALT at 5.00 = 15.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             91.60
    2200 Goods Received Not Invoiced                 91.60
    invoice: 91.60 + VAT 20.89 = 112.49
    2200 Goods Received Not Invoiced       91.60
    2310 Purchase VAT                      20.89
    2100 Payables, Home                             112.49
    stock: 11 x LAMP worth 678.26
    stock: 23 x SALT worth 93.34
""",
    "return order including VAT": """
    (87.50 / 1.25 = 70.00 for a lamp worth 60.00)
    purchase-return-order to V-HOME, prices including VAT
    1 x LAMP at 87.50 = 87.50
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced       60.00
    1200 Stock of Resale Goods                       60.00
    credit_memo: 70.00 + VAT 17.50 = 87.50
    2100 Payables, Home                    87.50
    2310 Purchase VAT                                17.50
    2200 Goods Received Not Invoiced                 60.00
    7400 Purchase Variance                           10.00
""",
    "credit memo including VAT": """
    (74.99 / 1.25 = 59.992, a cent less than the lamp is worth)
    purchase-credit-memo to V-HOME, prices including VAT
    1 x LAMP at 74.99 = 74.99
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced       60.00
    1200 Stock of Resale Goods                       60.00
    credit_memo: 59.99 + VAT 15.00 = 74.99
    2100 Payables, Home                    74.99
    7400 Purchase Variance                  0.01
    2310 Purchase VAT                                15.00
    2200 Goods Received Not Invoiced                 60.00
""",
    "order in dollars": """
    (180.00 x 0.85 = 153.00)
    purchase-order from V-ABROAD, USD at 0.85
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            153.00
    2200 Goods Received Not Invoiced                153.00
    invoice: 180.00 + VAT 0.00 = 180.00
    2200 Goods Received Not Invoiced      153.00
    2120 Payables, Abroad                           153.00
    stock: 12 x LAMP worth 753.00
""",
    "invoice in dinars, which have three decimals": """
    (20.0005 is 20.001 dinars; VAT 25 % = 5.00025; 20.001 x 3.05 = 61.00305, 25.001 x 3.05 = 76.25305)
    purchase-invoice from V-HOME, KWD at 3.05
    1 x LAMP at 20.0005 = 20.001
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             61.00
    2200 Goods Received Not Invoiced                 61.00
    invoice: 20.001 + VAT 5.000 = 25.001
    2200 Goods Received Not Invoiced       61.00
    2310 Purchase VAT                      15.25
    2100 Payables, Home                              76.25
""",
    "return order in yen, which have no decimals": """
    (9999 x 0.0062 = 61.9938 for a lamp worth 60.00)
    purchase-return-order to V-ABROAD, JPY at 0.0062
    1 x LAMP at 9999 = 9999
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced       60.00
    1200 Stock of Resale Goods                       60.00
    credit_memo: 9999 + VAT 0 = 9999
    2120 Payables, Abroad                  61.99
    2200 Goods Received Not Invoiced                 60.00
    7400 Purchase Variance                            1.99
""",
    "credit memo in dollars, reverse charge": """
    (140.00 x 0.85 = 119.00 for two lamps worth 120.00; the VAT is 25 % of 119.00)
    purchase-credit-memo to V-UNION, USD at 0.85
    2 x LAMP at 70.00 = 140.00
                                           Debit    Credit
    return_shipment
    2200 Goods Received Not Invoiced      120.00
    1200 Stock of Resale Goods                      120.00
    credit_memo: 140.00 + VAT 0.00 = 140.00
    2110 Payables, Union                  119.00
    7400 Purchase Variance                  1.00
    2320 Reverse Charge VAT                29.75
    2310 Purchase VAT                                29.75
    2200 Goods Received Not Invoiced                120.00
""",
    "invoice with the vendor's own VAT": """
    (25 % of 100.00 = 25.00, the vendor declares 25.03; 0.05 may differ)
    purchase-invoice from V-HOME
    1 x LAMP at 100.00, declared VAT 25.03 = 100.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            100.00
    2200 Goods Received Not Invoiced                100.00
    invoice: 100.00 + VAT 25.03 = 125.03
    2200 Goods Received Not Invoiced      100.00
    2310 Purchase VAT                      25.03
    2100 Payables, Home                             125.03
""",
    "invoice including the vendor's own VAT": """
    (125.00 / 1.25 leaves 25.00; the vendor declares 24.97, so that 100.03 are left for the lamp)
    purchase-invoice from V-HOME, prices including VAT
    1 x LAMP at 125.00, declared VAT 24.97 = 125.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods            100.03
    2200 Goods Received Not Invoiced                100.03
    invoice: 100.03 + VAT 24.97 = 125.00
    2200 Goods Received Not Invoiced      100.03
    2310 Purchase VAT                      24.97
    2100 Payables, Home                             125.00
""",
}


@pytest.fixture
def trade(firm: Location) -> Location:
    PurchasesSetup.update(max_vat_difference_allowed="0.05").execute()
    Company.update(setup_version=Company.setup_version + 1).execute()
    worked_examples.set_up_trade(("LAMP", 10, 60), ("SALT", 20, 4))
    return firm


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_purchase_books_what_its_example_says_and_its_correction_the_same_the_other_way_round(
    trade: Location, example: str
) -> None:
    worked_examples.follow(example)
    worked_examples.correct(example)
