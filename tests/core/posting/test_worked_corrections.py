"""Documents that correct a posted one, as a bookkeeper books them: its accounts, its cost, its part of an order.

Before each example ten lamps at 60.00 are in stock, and no pens. That every single document's correction books the same
the other way round is shown with the documents themselves. How the examples are written stands in `worked_examples`.
"""

from __future__ import annotations

import pytest
import worked_examples

from postroom.core.database import Location

EXAMPLES = {
    "the first invoice of an order in parts": """
    (two of three lamps are shipped and one is invoiced; dearer ones come in, 10 at 120.00 to the 8 at 60.00)
    (the credit memo takes back the one that was invoiced, at its 60.00, and books to the Sales Account it came from)
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

    purchase-invoice from V-ABROAD
    10 x LAMP at 120.00 = 1200.00
    receipt
    1200 Stock of Resale Goods           1200.00
    2200 Goods Received Not Invoiced               1200.00
    invoice: 1200.00 + VAT 0.00 = 1200.00
    2200 Goods Received Not Invoiced     1200.00
    2120 Payables, Abroad                          1200.00
    stock: 18 x LAMP worth 1680.00

    sales-credit-memo to C-HOME, corrects ORDER
    1 x LAMP at 33.33 less 10 % = 30.00
    return_receipt
    1200 Stock of Resale Goods             60.00
    7100 Cost of Resale Goods                        60.00
    credit_memo: 30.00 + VAT 7.50 = 37.50
    6100 Sales of Resale Goods, Home       33.33
    2300 Sales VAT                          7.50
    6600 Line Discounts Granted                       3.33
    1300 Receivables, Home                           37.50
    stock: 19 x LAMP worth 1740.00
""",
    "the second invoice of goods that were shipped together": """
    (three pens for 10.00 are shipped together; the first invoice bears 3.33 of that, the second half of 6.67: 3.335)
    purchase-invoice from V-ABROAD
    3 x PEN at 10.00 per 3 = 10.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             10.00
    2200 Goods Received Not Invoiced                 10.00
    invoice: 10.00 + VAT 0.00 = 10.00
    2200 Goods Received Not Invoiced       10.00
    2120 Payables, Abroad                            10.00

    ORDER: sales-order to C-UNION
    3 x PEN at 5.00 = 15.00
    ORDER ships 3, invoices 1
    shipment
    7100 Cost of Resale Goods              10.00
    1200 Stock of Resale Goods                       10.00
    invoice: 5.00 + VAT 0.00 = 5.00
    1310 Receivables, Union                 5.00
    6110 Sales of Resale Goods, Union                 5.00

    ORDER ships 0, invoices 1
    invoice: 5.00 + VAT 0.00 = 5.00
    1310 Receivables, Union                 5.00
    6110 Sales of Resale Goods, Union                 5.00

    sales-credit-memo to C-UNION, corrects ORDER
    1 x PEN at 5.00 = 5.00
    return_receipt
    1200 Stock of Resale Goods              3.34
    7100 Cost of Resale Goods                         3.34
    credit_memo: 5.00 + VAT 0.00 = 5.00
    6110 Sales of Resale Goods, Union       5.00
    1310 Receivables, Union                           5.00
    stock: 1 x PEN worth 3.34
""",
    "half of an invoice": """
    (four lamps for 400.00 less 10.00; two come back for 200.00 less 5.00)
    SOLD: sales-invoice to C-HOME, invoice discount 10.00
    4 x LAMP at 100.00 = 400.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             240.00
    1200 Stock of Resale Goods                      240.00
    invoice: 390.00 + VAT 97.50 = 487.50
    1300 Receivables, Home                487.50
    6610 Invoice Discounts Granted         10.00
    6100 Sales of Resale Goods, Home                400.00
    2300 Sales VAT                                   97.50

    sales-credit-memo to C-HOME, corrects SOLD, invoice discount 5.00
    2 x LAMP at 100.00 = 200.00
    return_receipt
    1200 Stock of Resale Goods            120.00
    7100 Cost of Resale Goods                       120.00
    credit_memo: 195.00 + VAT 48.75 = 243.75
    6100 Sales of Resale Goods, Home      200.00
    2300 Sales VAT                         48.75
    6610 Invoice Discounts Granted                    5.00
    1300 Receivables, Home                          243.75
""",
    "goods that were received at 10.00 and invoiced at 12.00": """
    (they go back at the 100.00 that they came in with; the vendor gives 120.00 and with it the variance)
    ORDER: purchase-order from V-HOME
    10 x PEN at 10.00 = 100.00
                                           Debit    Credit
    ORDER receives 10, invoices 0
    receipt
    1200 Stock of Resale Goods            100.00
    2200 Goods Received Not Invoiced                100.00

    ORDER now costs 12.00
    ORDER receives 0, invoices 10
    invoice: 120.00 + VAT 30.00 = 150.00
    2200 Goods Received Not Invoiced      100.00
    7400 Purchase Variance                 20.00
    2310 Purchase VAT                      30.00
    2100 Payables, Home                             150.00

    purchase-credit-memo to V-HOME, corrects ORDER
    10 x PEN at 12.00 = 120.00
    return_shipment
    2200 Goods Received Not Invoiced      100.00
    1200 Stock of Resale Goods                      100.00
    credit_memo: 120.00 + VAT 30.00 = 150.00
    2100 Payables, Home                   150.00
    2310 Purchase VAT                                30.00
    2200 Goods Received Not Invoiced                100.00
    7400 Purchase Variance                           20.00
    stock: 0 x PEN worth 0.00
""",
    "a purchase in dollars under reverse charge": """
    (at the rate of the original: 100.10 x 0.85 = 85.085; VAT 25 % of 85.09 = 21.2725)
    BOUGHT: purchase-invoice from V-UNION, USD at 0.85
    10 x PEN at 10.01 = 100.10
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             85.09
    2200 Goods Received Not Invoiced                 85.09
    invoice: 100.10 + VAT 0.00 = 100.10
    2200 Goods Received Not Invoiced       85.09
    2310 Purchase VAT                      21.27
    2320 Reverse Charge VAT                          21.27
    2110 Payables, Union                             85.09

    purchase-credit-memo to V-UNION, USD at 0.85, corrects BOUGHT
    10 x PEN at 10.01 = 100.10
    return_shipment
    2200 Goods Received Not Invoiced       85.09
    1200 Stock of Resale Goods                       85.09
    credit_memo: 100.10 + VAT 0.00 = 100.10
    2110 Payables, Union                   85.09
    2320 Reverse Charge VAT                21.27
    2310 Purchase VAT                                21.27
    2200 Goods Received Not Invoiced                 85.09
    stock: 0 x PEN worth 0.00
""",
    "a credit memo that should not have been": """
    (an invoice that corrects it takes the lamp out again at the cost it came back with)
    BACK: sales-credit-memo to C-HOME
    1 x LAMP at 100.00 = 100.00
                                           Debit    Credit
    return_receipt
    1200 Stock of Resale Goods             60.00
    7100 Cost of Resale Goods                        60.00
    credit_memo: 100.00 + VAT 25.00 = 125.00
    6500 Sales Returns                    100.00
    2300 Sales VAT                         25.00
    1300 Receivables, Home                          125.00

    sales-invoice to C-HOME, corrects BACK
    1 x LAMP at 100.00 = 100.00
    shipment
    7100 Cost of Resale Goods              60.00
    1200 Stock of Resale Goods                       60.00
    invoice: 100.00 + VAT 25.00 = 125.00
    1300 Receivables, Home                125.00
    6500 Sales Returns                              100.00
    2300 Sales VAT                                   25.00
    stock: 10 x LAMP worth 600.00
""",
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_correction_books_what_its_example_says(firm: Location, example: str) -> None:
    worked_examples.set_up_trade(("LAMP", 10, 60))
    worked_examples.follow(example)
