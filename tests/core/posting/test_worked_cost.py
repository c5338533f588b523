"""Average cost as a bookkeeper works it out: what leaves, what comes back, what a late receipt makes good.

Nothing is in stock before an example. How the examples are written stands in `worked_examples`.
"""

from __future__ import annotations

import pytest
import worked_examples
from conftest import MakeCompany

from postroom.core import company
from postroom.core.database import Location

EXAMPLES = {
    "three pieces for 10.00 sold one by one": """
    (10.00 / 3 = 3.33; then 6.67 / 2 = 3.335, which is 3.34; the last one takes the 3.33 that are left)
    purchase-invoice from V-HOME
    3 x PEN at 10.00 per 3 = 10.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             10.00
    2200 Goods Received Not Invoiced                 10.00
    invoice: 10.00 + VAT 2.50 = 12.50
    2200 Goods Received Not Invoiced       10.00
    2310 Purchase VAT                       2.50
    2100 Payables, Home                              12.50
    stock: 3 x PEN worth 10.00

    sales-invoice to C-UNION
    1 x PEN at 5.00 = 5.00
    shipment
    7100 Cost of Resale Goods               3.33
    1200 Stock of Resale Goods                        3.33
    invoice: 5.00 + VAT 0.00 = 5.00
    1310 Receivables, Union                 5.00
    6110 Sales of Resale Goods, Union                 5.00
    stock: 2 x PEN worth 6.67

    sales-invoice to C-UNION
    1 x PEN at 5.00 = 5.00
    shipment
    7100 Cost of Resale Goods               3.34
    1200 Stock of Resale Goods                        3.34
    invoice: 5.00 + VAT 0.00 = 5.00
    1310 Receivables, Union                 5.00
    6110 Sales of Resale Goods, Union                 5.00
    stock: 1 x PEN worth 3.33

    sales-invoice to C-UNION
    1 x PEN at 5.00 = 5.00
    shipment
    7100 Cost of Resale Goods               3.33
    1200 Stock of Resale Goods                        3.33
    invoice: 5.00 + VAT 0.00 = 5.00
    1310 Receivables, Union                 5.00
    6110 Sales of Resale Goods, Union                 5.00
    stock: 0 x PEN worth 0.00
""",
    "sold before anything was received": """
    (no cost is known, so the sale costs nothing yet; the receipt sets 10.00 a piece: 30.00 are left, 20.00 were sold)
    sales-invoice to C-UNION
    2 x PEN at 50.00 = 100.00
                                           Debit    Credit
    shipment
    invoice: 100.00 + VAT 0.00 = 100.00
    1310 Receivables, Union               100.00
    6110 Sales of Resale Goods, Union               100.00
    stock: -2 x PEN worth 0.00

    purchase-invoice from V-ABROAD
    5 x PEN at 10.00 = 50.00
    receipt
    1200 Stock of Resale Goods             30.00
    7100 Cost of Resale Goods              20.00
    2200 Goods Received Not Invoiced                 50.00
    invoice: 50.00 + VAT 0.00 = 50.00
    2200 Goods Received Not Invoiced       50.00
    2120 Payables, Abroad                            50.00
    stock: 3 x PEN worth 30.00
""",
    "more sold than there was": """
    (one piece at 10.00; three are sold at that, 30.00; five come later at 12.00, what the two short ones cost too)
    (60.00 came in: 36.00 are left, 24.00 were sold, of which 20.00 were booked with the sale: 4.00 to make good)
    purchase-invoice from V-ABROAD
    1 x PEN at 10.00 = 10.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             10.00
    2200 Goods Received Not Invoiced                 10.00
    invoice: 10.00 + VAT 0.00 = 10.00
    2200 Goods Received Not Invoiced       10.00
    2120 Payables, Abroad                            10.00

    sales-invoice to C-UNION
    3 x PEN at 50.00 = 150.00
    shipment
    7100 Cost of Resale Goods              30.00
    1200 Stock of Resale Goods                       30.00
    invoice: 150.00 + VAT 0.00 = 150.00
    1310 Receivables, Union               150.00
    6110 Sales of Resale Goods, Union               150.00
    stock: -2 x PEN worth -20.00

    purchase-invoice from V-ABROAD
    5 x PEN at 12.00 = 60.00
    receipt
    1200 Stock of Resale Goods             56.00
    7100 Cost of Resale Goods               4.00
    2200 Goods Received Not Invoiced                 60.00
    invoice: 60.00 + VAT 0.00 = 60.00
    2200 Goods Received Not Invoiced       60.00
    2120 Payables, Abroad                            60.00
    stock: 3 x PEN worth 36.00
""",
    "returned at the current average, corrected at the original's cost": """
    (two at 10.00, one is sold at 10.00; two dearer ones at 25.00 make three worth 60.00, 20.00 each)
    purchase-invoice from V-ABROAD
    2 x PEN at 10.00 = 20.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             20.00
    2200 Goods Received Not Invoiced                 20.00
    invoice: 20.00 + VAT 0.00 = 20.00
    2200 Goods Received Not Invoiced       20.00
    2120 Payables, Abroad                            20.00

    SOLD: sales-invoice to C-UNION
    1 x PEN at 50.00 = 50.00
    shipment
    7100 Cost of Resale Goods              10.00
    1200 Stock of Resale Goods                       10.00
    invoice: 50.00 + VAT 0.00 = 50.00
    1310 Receivables, Union                50.00
    6110 Sales of Resale Goods, Union                50.00

    purchase-invoice from V-ABROAD
    2 x PEN at 25.00 = 50.00
    receipt
    1200 Stock of Resale Goods             50.00
    2200 Goods Received Not Invoiced                 50.00
    invoice: 50.00 + VAT 0.00 = 50.00
    2200 Goods Received Not Invoiced       50.00
    2120 Payables, Abroad                            50.00
    stock: 3 x PEN worth 60.00

    sales-return-order from C-UNION
    1 x PEN at 50.00 = 50.00
    return_receipt
    1200 Stock of Resale Goods             20.00
    7100 Cost of Resale Goods                        20.00
    credit_memo: 50.00 + VAT 0.00 = 50.00
    6500 Sales Returns                     50.00
    1310 Receivables, Union                          50.00
    stock: 4 x PEN worth 80.00

    (the document that corrects the sale goes back to its accounts and its cost of 10.00)
    sales-credit-memo to C-UNION, corrects SOLD
    1 x PEN at 50.00 = 50.00
    return_receipt
    1200 Stock of Resale Goods             10.00
    7100 Cost of Resale Goods                        10.00
    credit_memo: 50.00 + VAT 0.00 = 50.00
    6110 Sales of Resale Goods, Union      50.00
    1310 Receivables, Union                          50.00
    stock: 5 x PEN worth 90.00
""",
    "corrected after a later receipt had made the sale dearer": """
    (sold at nothing, made good with 2 x 10.00 by the receipt: both come back, at 20.00)
    SOLD: sales-invoice to C-UNION
    2 x PEN at 50.00 = 100.00
                                           Debit    Credit
    shipment
    invoice: 100.00 + VAT 0.00 = 100.00
    1310 Receivables, Union               100.00
    6110 Sales of Resale Goods, Union               100.00

    purchase-invoice from V-ABROAD
    5 x PEN at 10.00 = 50.00
    receipt
    1200 Stock of Resale Goods             30.00
    7100 Cost of Resale Goods              20.00
    2200 Goods Received Not Invoiced                 50.00
    invoice: 50.00 + VAT 0.00 = 50.00
    2200 Goods Received Not Invoiced       50.00
    2120 Payables, Abroad                            50.00

    sales-credit-memo to C-UNION, corrects SOLD
    2 x PEN at 50.00 = 100.00
    return_receipt
    1200 Stock of Resale Goods             20.00
    7100 Cost of Resale Goods                        20.00
    credit_memo: 100.00 + VAT 0.00 = 100.00
    6110 Sales of Resale Goods, Union     100.00
    1310 Receivables, Union                         100.00
    stock: 5 x PEN worth 50.00
""",
    "value that would be left on no pieces": """
    (two at 12.50; one is sold; one comes in at 7.50; the first purchase is corrected and takes its 25.00 along,)
    (5.00 more than the two pieces are worth now: cost of sales bears them)
    BOUGHT: purchase-invoice from V-ABROAD
    2 x PEN at 12.50 = 25.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             25.00
    2200 Goods Received Not Invoiced                 25.00
    invoice: 25.00 + VAT 0.00 = 25.00
    2200 Goods Received Not Invoiced       25.00
    2120 Payables, Abroad                            25.00

    sales-invoice to C-UNION
    1 x PEN at 50.00 = 50.00
    shipment
    7100 Cost of Resale Goods              12.50
    1200 Stock of Resale Goods                       12.50
    invoice: 50.00 + VAT 0.00 = 50.00
    1310 Receivables, Union                50.00
    6110 Sales of Resale Goods, Union                50.00

    purchase-invoice from V-ABROAD
    1 x PEN at 7.50 = 7.50
    receipt
    1200 Stock of Resale Goods              7.50
    2200 Goods Received Not Invoiced                  7.50
    invoice: 7.50 + VAT 0.00 = 7.50
    2200 Goods Received Not Invoiced        7.50
    2120 Payables, Abroad                             7.50
    stock: 2 x PEN worth 20.00

    purchase-credit-memo to V-ABROAD, corrects BOUGHT
    2 x PEN at 12.50 = 25.00
    return_shipment
    2200 Goods Received Not Invoiced       25.00
    1200 Stock of Resale Goods                       20.00
    7100 Cost of Resale Goods                         5.00
    credit_memo: 25.00 + VAT 0.00 = 25.00
    2120 Payables, Abroad                  25.00
    2200 Goods Received Not Invoiced                 25.00
    stock: 0 x PEN worth 0.00
""",
    "a negative line moves its goods as a return": """
    (ten bought at 6.00; three more at 8.00, of which two go back on the same invoice: they leave at the average)
    (13 pieces worth 84.00: two of them are 12.923.., so 12.92; the invoice gives 16.00 for them: 3.08 variance)
    purchase-invoice from V-ABROAD
    10 x PEN at 6.00 = 60.00
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods             60.00
    2200 Goods Received Not Invoiced                 60.00
    invoice: 60.00 + VAT 0.00 = 60.00
    2200 Goods Received Not Invoiced       60.00
    2120 Payables, Abroad                            60.00

    BOUGHT: purchase-invoice from V-ABROAD
    3 x PEN at 8.00 = 24.00
    -2 x PEN at 8.00 = -16.00
    receipt
    1200 Stock of Resale Goods             11.08
    2200 Goods Received Not Invoiced                 11.08
    invoice: 8.00 + VAT 0.00 = 8.00
    2200 Goods Received Not Invoiced       11.08
    7400 Purchase Variance                            3.08
    2120 Payables, Abroad                             8.00
    stock: 11 x PEN worth 71.08

    (corrected, the three go back at their 24.00 and the two come in again at their 12.92)
    purchase-credit-memo to V-ABROAD, corrects BOUGHT
    3 x PEN at 8.00 = 24.00
    -2 x PEN at 8.00 = -16.00
    return_shipment
    2200 Goods Received Not Invoiced       11.08
    1200 Stock of Resale Goods                       11.08
    credit_memo: 8.00 + VAT 0.00 = 8.00
    2120 Payables, Abroad                   8.00
    7400 Purchase Variance                  3.08
    2200 Goods Received Not Invoiced                 11.08
    stock: 10 x PEN worth 60.00
""",
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_goods_cost_what_the_example_says(firm: Location, example: str) -> None:
    worked_examples.set_up_trade()
    worked_examples.follow(example)


WITHOUT_DECIMALS = """
    (10 / 3 = 3, 7 / 2 = 3.5 is 4, and the last piece takes the 3 that are left; VAT 2.5 is 3)
    purchase-invoice from V-HOME
    3 x PEN at 10 per 3 = 10
                                           Debit    Credit
    receipt
    1200 Stock of Resale Goods                10
    2200 Goods Received Not Invoiced                    10
    invoice: 10 + VAT 3 = 13
    2200 Goods Received Not Invoiced          10
    2310 Purchase VAT                          3
    2100 Payables, Home                                 13

    sales-invoice to C-UNION
    1 x PEN at 5 = 5
    shipment
    7100 Cost of Resale Goods                  3
    1200 Stock of Resale Goods                           3
    invoice: 5 + VAT 0 = 5
    1310 Receivables, Union                    5
    6110 Sales of Resale Goods, Union                    5
    stock: 2 x PEN worth 7

    sales-invoice to C-UNION
    1 x PEN at 5 = 5
    shipment
    7100 Cost of Resale Goods                  4
    1200 Stock of Resale Goods                           4
    invoice: 5 + VAT 0 = 5
    1310 Receivables, Union                    5
    6110 Sales of Resale Goods, Union                    5

    sales-invoice to C-UNION
    1 x PEN at 5 = 5
    shipment
    7100 Cost of Resale Goods                  3
    1200 Stock of Resale Goods                           3
    invoice: 5 + VAT 0 = 5
    1310 Receivables, Union                    5
    6110 Sales of Resale Goods, Union                    5
    stock: 0 x PEN worth 0

    (10.55 dollars at 150.25 are 1585.1375)
    sales-invoice to C-UNION, USD at 150.25
    1 x 8100 at 10.55 = 10.55
    shipment
    invoice: 10.55 + VAT 0.00 = 10.55
    1310 Receivables, Union                 1585
    8100 Rent                                         1585
"""


def test_goods_and_currencies_in_a_company_without_decimals(make: MakeCompany) -> None:
    company.open_company(make("1"))
    worked_examples.set_up_trade()
    worked_examples.follow(WITHOUT_DECIMALS)
