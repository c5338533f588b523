"""Orders in parts as a bookkeeper books them: each invoice by itself, and all of them together what the order comes to.

Before each example ten lamps at 60.00 and twenty bags of salt at 4.00 are in stock, and no pens. How the examples are
written stands in `worked_examples`.
"""

from __future__ import annotations

import pytest
import worked_examples

from postroom.core.database import Location

EXAMPLES = {
    "sales order": """
    (one piece comes to 33.33 - 10 % = 29.997, so 30.00, three to 89.991, so 89.99: the second invoice takes 59.99)
    (discounts: 33.33 - 30.00 = 3.33, then 10.00 - 3.33 = 6.67; VAT 25 % of 59.99 = 14.9975)
    ORDER: sales-order to C-HOME
    3 x LAMP at 33.33 less 10 % = 89.99
                                           Debit    Credit
    ORDER ships 2, invoices 1
    shipment
    7100 Cost of Resale Goods             120.00
    1200 Stock of Resale Goods                      120.00
    invoice: 30.00 + VAT 7.50 = 37.50
    1300 Receivables, Home                 37.50
    6600 Line Discounts Granted             3.33
    6100 Sales of Resale Goods, Home                 33.33
    2300 Sales VAT                                    7.50

    ORDER ships 1, invoices 2
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 59.99 + VAT 15.00 = 74.99
    1300 Receivables, Home                 74.99
    6600 Line Discounts Granted             6.67
    6100 Sales of Resale Goods, Home                 66.66
    2300 Sales VAT                                   15.00
    stock: 7 x LAMP worth 420.00
""",
    "sales order, reverse charge, with an invoice discount": """
    (a quarter of the goods bears a quarter of the 10.00)
    ORDER: sales-order to C-UNION, invoice discount 10.00
    4 x LAMP at 100.00 = 400.00
                                           Debit    Credit
    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 97.50 + VAT 0.00 = 97.50
    1310 Receivables, Union                97.50
    6610 Invoice Discounts Granted          2.50
    6110 Sales of Resale Goods, Union               100.00

    ORDER ships 3, invoices 3
    shipment
    7100 Cost of Resale Goods             180.00
    1200 Stock of Resale Goods                      180.00
    invoice: 292.50 + VAT 0.00 = 292.50
    1310 Receivables, Union               292.50
    6610 Invoice Discounts Granted          7.50
    6110 Sales of Resale Goods, Union               300.00
""",
    "sales order including VAT": """
    (9.99 / 1.25 = 7.992 on each invoice; the gross adds up to 29.97, where the whole order's net would be 23.98)
    ORDER: sales-order to C-HOME, prices including VAT
    3 x LAMP at 9.99 = 29.97
                                           Debit    Credit
    ORDER ships 3, invoices 0
    shipment
    7100 Cost of Resale Goods             180.00
    1200 Stock of Resale Goods                      180.00

    ORDER ships 0, invoices 1
    invoice: 7.99 + VAT 2.00 = 9.99
    1300 Receivables, Home                  9.99
    6100 Sales of Resale Goods, Home                  7.99
    2300 Sales VAT                                    2.00

    ORDER ships 0, invoices 1
    invoice: 7.99 + VAT 2.00 = 9.99
    1300 Receivables, Home                  9.99
    6100 Sales of Resale Goods, Home                  7.99
    2300 Sales VAT                                    2.00

    ORDER ships 0, invoices 1
    invoice: 7.99 + VAT 2.00 = 9.99
    1300 Receivables, Home                  9.99
    6100 Sales of Resale Goods, Home                  7.99
    2300 Sales VAT                                    2.00
""",
    "sales order in dollars": """
    (0.71 x 0.85 = 0.6035, 1.42 x 0.85 = 1.207, 2.13 x 0.85 = 1.8105: 0.60, then 0.61, then 0.60)
    ORDER: sales-order to C-ABROAD, USD at 0.85
    3 x SALT at 0.71 = 2.13
                                           Debit    Credit
    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods               4.00
    1200 Stock of Resale Goods                        4.00
    invoice: 0.71 + VAT 0.00 = 0.71
    1320 Receivables, Abroad                0.60
    6120 Sales of Resale Goods, Abroad                0.60

    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods               4.00
    1200 Stock of Resale Goods                        4.00
    invoice: 0.71 + VAT 0.00 = 0.71
    1320 Receivables, Abroad                0.61
    6120 Sales of Resale Goods, Abroad                0.61

    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods               4.00
    1200 Stock of Resale Goods                        4.00
    invoice: 0.71 + VAT 0.00 = 0.71
    1320 Receivables, Abroad                0.60
    6120 Sales of Resale Goods, Abroad                0.60
""",
    "sales return order": """
    ORDER: sales-return-order from C-HOME
    2 x LAMP at 100.00 = 200.00
                                           Debit    Credit
    ORDER receives 2, invoices 1
    return_receipt
    1200 Stock of Resale Goods            120.00
    7100 Cost of Resale Goods                       120.00
    credit_memo: 100.00 + VAT 25.00 = 125.00
    6500 Sales Returns                    100.00
    2300 Sales VAT                         25.00
    1300 Receivables, Home                          125.00

    ORDER receives 0, invoices 1
    credit_memo: 100.00 + VAT 25.00 = 125.00
    6500 Sales Returns                    100.00
    2300 Sales VAT                         25.00
    1300 Receivables, Home                          125.00
""",
    "purchase order, received at 10.00 and invoiced at 12.00": """
    (ten come in at 10.00; four are invoiced at that; the other six at 12.00: 72.00 for 60.00, which is 12.00 variance)
    ORDER: purchase-order from V-HOME
    10 x PEN at 10.00 = 100.00
                                           Debit    Credit
    ORDER receives 10, invoices 4
    receipt
    1200 Stock of Resale Goods            100.00
    2200 Goods Received Not Invoiced                100.00
    invoice: 40.00 + VAT 10.00 = 50.00
    2200 Goods Received Not Invoiced       40.00
    2310 Purchase VAT                      10.00
    2100 Payables, Home                              50.00

    ORDER now costs 12.00
    ORDER receives 0, invoices 6
    invoice: 72.00 + VAT 18.00 = 90.00
    2200 Goods Received Not Invoiced       60.00
    7400 Purchase Variance                 12.00
    2310 Purchase VAT                      18.00
    2100 Payables, Home                              90.00
    stock: 10 x PEN worth 100.00
""",
    "purchase order, reverse charge": """
    (3 x 3.33 = 9.99, all 16.65; two of the three received are 9.99 x 2 / 3 = 6.66)
    (VAT 25 % of 6.66 = 1.665 and of 9.99 = 2.4975)
    ORDER: purchase-order from V-UNION
    5 x PEN at 3.33 = 16.65
                                           Debit    Credit
    ORDER receives 3, invoices 2
    receipt
    1200 Stock of Resale Goods              9.99
    2200 Goods Received Not Invoiced                  9.99
    invoice: 6.66 + VAT 0.00 = 6.66
    2200 Goods Received Not Invoiced        6.66
    2310 Purchase VAT                       1.67
    2320 Reverse Charge VAT                           1.67
    2110 Payables, Union                              6.66

    ORDER receives 2, invoices 3
    receipt
    1200 Stock of Resale Goods              6.66
    2200 Goods Received Not Invoiced                  6.66
    invoice: 9.99 + VAT 0.00 = 9.99
    2200 Goods Received Not Invoiced        9.99
    2310 Purchase VAT                       2.50
    2320 Reverse Charge VAT                           2.50
    2110 Payables, Union                              9.99
""",
    "purchase order including VAT": """
    (29.97 / 1.25 = 23.976, so the goods come in at 23.98; each invoice's net is 9.99 / 1.25 = 7.992)
    (a third of 23.98 is 7.993.., two thirds 15.986..: 7.99, then 8.00, then 7.99 were received, a cent of variance)
    ORDER: purchase-order from V-HOME, prices including VAT
    3 x PEN at 9.99 = 29.97
                                           Debit    Credit
    ORDER receives 3, invoices 0
    receipt
    1200 Stock of Resale Goods             23.98
    2200 Goods Received Not Invoiced                 23.98

    ORDER receives 0, invoices 1
    invoice: 7.99 + VAT 2.00 = 9.99
    2200 Goods Received Not Invoiced        7.99
    2310 Purchase VAT                       2.00
    2100 Payables, Home                               9.99

    ORDER receives 0, invoices 1
    invoice: 7.99 + VAT 2.00 = 9.99
    2200 Goods Received Not Invoiced        8.00
    2310 Purchase VAT                       2.00
    7400 Purchase Variance                            0.01
    2100 Payables, Home                               9.99

    ORDER receives 0, invoices 1
    invoice: 7.99 + VAT 2.00 = 9.99
    2200 Goods Received Not Invoiced        7.99
    2310 Purchase VAT                       2.00
    2100 Payables, Home                               9.99
""",
    "purchase order in dollars": """
    (10.01 x 0.85 = 8.5085, 20.02 x 0.85 = 17.017: 8.51 and 8.51)
    ORDER: purchase-order from V-ABROAD, USD at 0.85
    2 x PEN at 10.01 = 20.02
                                           Debit    Credit
    ORDER receives 1, invoices 0
    receipt
    1200 Stock of Resale Goods              8.51
    2200 Goods Received Not Invoiced                  8.51

    ORDER receives 1, invoices 2
    receipt
    1200 Stock of Resale Goods              8.51
    2200 Goods Received Not Invoiced                  8.51
    invoice: 20.02 + VAT 0.00 = 20.02
    2200 Goods Received Not Invoiced       17.02
    2120 Payables, Abroad                            17.02
""",
    "purchase return order": """
    (two lamps go back at 60.00, the vendor gives 70.00 each)
    ORDER: purchase-return-order to V-HOME
    2 x LAMP at 70.00 = 140.00
                                           Debit    Credit
    ORDER ships 2, invoices 0
    return_shipment
    2200 Goods Received Not Invoiced      120.00
    1200 Stock of Resale Goods                      120.00

    ORDER ships 0, invoices 2
    credit_memo: 140.00 + VAT 35.00 = 175.00
    2100 Payables, Home                   175.00
    2310 Purchase VAT                                35.00
    2200 Goods Received Not Invoiced                120.00
    7400 Purchase Variance                           20.00
""",
    "a new invoice discount for what is left": """
    (10.00 over the three that are left: 3.33, then 6.67 - 3.33 = 3.34, then 3.33)
    ORDER: sales-order to C-UNION
    4 x LAMP at 100.00 = 400.00
                                           Debit    Credit
    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 100.00 + VAT 0.00 = 100.00
    1310 Receivables, Union               100.00
    6110 Sales of Resale Goods, Union               100.00

    ORDER now has an invoice discount of 10.00
    ORDER ships 3, invoices 1
    shipment
    7100 Cost of Resale Goods             180.00
    1200 Stock of Resale Goods                      180.00
    invoice: 96.67 + VAT 0.00 = 96.67
    1310 Receivables, Union                96.67
    6610 Invoice Discounts Granted          3.33
    6110 Sales of Resale Goods, Union               100.00

    ORDER ships 0, invoices 1
    invoice: 96.66 + VAT 0.00 = 96.66
    1310 Receivables, Union                96.66
    6610 Invoice Discounts Granted          3.34
    6110 Sales of Resale Goods, Union               100.00

    ORDER ships 0, invoices 1
    invoice: 96.67 + VAT 0.00 = 96.67
    1310 Receivables, Union                96.67
    6610 Invoice Discounts Granted          3.33
    6110 Sales of Resale Goods, Union               100.00
""",
    "a discount amount that does not divide": """
    (10.00 - 1 / 3 = 9.67, 20.00 - 2 / 3 = 19.33, 29.00: the invoices take 9.67, 9.66 and 9.67)
    ORDER: sales-order to C-UNION
    3 x LAMP at 10.00 less 1.00 = 29.00
                                           Debit    Credit
    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 9.67 + VAT 0.00 = 9.67
    1310 Receivables, Union                 9.67
    6600 Line Discounts Granted             0.33
    6110 Sales of Resale Goods, Union                10.00

    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 9.66 + VAT 0.00 = 9.66
    1310 Receivables, Union                 9.66
    6600 Line Discounts Granted             0.34
    6110 Sales of Resale Goods, Union                10.00

    ORDER ships 1, invoices 1
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 9.67 + VAT 0.00 = 9.67
    1310 Receivables, Union                 9.67
    6600 Line Discounts Granted             0.33
    6110 Sales of Resale Goods, Union                10.00
""",
    "a negative line in parts": """
    (salt comes back a bag at a time, at the average of 4.00)
    ORDER: sales-order to C-UNION
    3 x LAMP at 100.00 = 300.00
    -2 x SALT at 8.00 = -16.00
                                           Debit    Credit
    ORDER ships 2 and -1, invoices 2 and -1
    shipment
    7100 Cost of Resale Goods             116.00
    1200 Stock of Resale Goods                      116.00
    invoice: 192.00 + VAT 0.00 = 192.00
    1310 Receivables, Union               192.00
    6110 Sales of Resale Goods, Union               192.00

    ORDER ships 1 and -1, invoices 1 and -1
    shipment
    7100 Cost of Resale Goods              56.00
    1200 Stock of Resale Goods                       56.00
    invoice: 92.00 + VAT 0.00 = 92.00
    1310 Receivables, Union                92.00
    6110 Sales of Resale Goods, Union                92.00
    stock: 22 x SALT worth 88.00
""",
    "two lines that move apart": """
    (the salt is shipped and invoiced with the first lamp, freight with the second)
    ORDER: sales-order to C-HOME
    2 x LAMP at 100.00 = 200.00
    5 x SALT at 8.00 = 40.00
    1 x FREIGHT at 10.00 = 10.00
                                           Debit    Credit
    ORDER ships 1 and 5 and 0, invoices 1 and 5 and 0
    shipment
    7100 Cost of Resale Goods              80.00
    1200 Stock of Resale Goods                       80.00
    invoice: 140.00 + VAT 29.00 = 169.00
    1300 Receivables, Home                169.00
    6100 Sales of Resale Goods, Home                140.00
    2300 Sales VAT                                   29.00

    ORDER ships 1 and 0 and 1, invoices 1 and 0 and 1
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 110.00 + VAT 27.50 = 137.50
    1300 Receivables, Home                137.50
    6100 Sales of Resale Goods, Home                100.00
    6400 Freight and Fees Charged                    10.00
    2300 Sales VAT                                   27.50
""",
    "an order in dollars whose rounding the last invoiced line takes": """
    (0.07, 0.14 and 0.21 so far are 0.52, 1.04 and 1.57; with the freight it is 0.29, so 2.16: 0.59 for the last 0.08)
    ORDER: sales-order to C-ABROAD, USD at 7.4605
    4 x 8100 at 0.07 = 0.28
    1 x FREIGHT at 0.01 = 0.01
                                           Debit    Credit
    ORDER ships 1 and 0, invoices 1 and 0
    shipment
    invoice: 0.07 + VAT 0.00 = 0.07
    1320 Receivables, Abroad                0.52
    8100 Rent                                         0.52

    ORDER ships 1 and 0, invoices 1 and 0
    shipment
    invoice: 0.07 + VAT 0.00 = 0.07
    1320 Receivables, Abroad                0.52
    8100 Rent                                         0.52

    ORDER ships 1 and 0, invoices 1 and 0
    shipment
    invoice: 0.07 + VAT 0.00 = 0.07
    1320 Receivables, Abroad                0.53
    8100 Rent                                         0.53

    ORDER ships 1 and 1, invoices 1 and 1
    shipment
    invoice: 0.08 + VAT 0.00 = 0.08
    1320 Receivables, Abroad                0.59
    8100 Rent                                         0.52
    6400 Freight and Fees Charged                     0.07
""",
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_an_order_in_parts_books_what_its_example_says(firm: Location, example: str) -> None:
    worked_examples.set_up_trade(("LAMP", 10, 60), ("SALT", 20, 4))
    worked_examples.follow(example)
