"""What a posting may ship and invoice of a line of which some is shipped and some of that invoiced."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from postroom.core.kinds import DocumentType, LineType
from postroom.core.posting import quantities
from postroom.core.posting.source import Source, SourceLine

D = Decimal
LINE = SourceLine(
    *(10000, LineType.ITEM, "I1", "", D(5), D(1), D(1), D(0), D(0), "VAT25", None, None, None, None),
    quantity_shipped=D(2),
    quantity_invoiced=D(1),
)
ORDER = Source(
    *(1, 1, DocumentType.SALES_ORDER, "SO1", "C1", "", None, None, None, "", "", "", D(1), False, D(0), True, True),
    *("", None, (LINE,)),
)
TOO_MUCH_SHIPPED, TOO_MUCH_INVOICED = "ship_more_than_outstanding", "invoice_more_than_shipped"


@pytest.mark.parametrize(
    ("ship", "invoice", "codes"),
    [
        (3, 4, []),  # all that is left
        (0, 1, []),
        (1, 0, []),
        (4, 0, [TOO_MUCH_SHIPPED]),
        (-1, 0, [TOO_MUCH_SHIPPED]),
        (0, 2, [TOO_MUCH_INVOICED]),
        (3, 5, [TOO_MUCH_INVOICED]),
        (0, -1, [TOO_MUCH_INVOICED]),
        (4, 6, [TOO_MUCH_SHIPPED, TOO_MUCH_INVOICED]),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_no_more_is_shipped_than_is_outstanding_nor_invoiced_than_is_shipped(
    ship: int, invoice: int, codes: list[str], sign: int
) -> None:
    line = replace(LINE, quantity=sign * D(5), quantity_shipped=sign * D(2), quantity_invoiced=sign * D(1))
    problems = quantities.problems_with(ORDER, line, sign * D(ship), sign * D(invoice))
    assert [problem.code for problem in problems] == codes


@pytest.mark.parametrize(("shipped", "invoiced"), [(5, 5), (0, 0)])
def test_nothing_is_shipped_or_invoiced_where_nothing_is_left(shipped: int, invoiced: int) -> None:
    line = replace(LINE, quantity=D(shipped), quantity_shipped=D(shipped), quantity_invoiced=D(invoiced))
    (problem,) = quantities.problems_with(ORDER, line, D(1), D(0))
    assert problem.code == TOO_MUCH_SHIPPED
    (problem,) = quantities.problems_with(ORDER, line, D(0), D(1))
    assert problem.code == TOO_MUCH_INVOICED


@pytest.mark.parametrize(
    ("type_", "verb", "done"),
    [
        (DocumentType.SALES_ORDER, "Ship", "shipped"),
        (DocumentType.PURCHASE_RETURN_ORDER, "Ship", "shipped"),
        (DocumentType.PURCHASE_ORDER, "Receive", "received"),
        (DocumentType.SALES_RETURN_ORDER, "Receive", "received"),
    ],
)
def test_what_there_is_is_told_in_the_words_of_the_document(type_: DocumentType, verb: str, done: str) -> None:
    order = replace(ORDER, type=type_)
    too_much = list(quantities.problems_with(order, LINE, D(4), D(6)))
    assert [problem.message for problem in too_much] == [
        f"Qty. to {verb} is 4, but 3 of 5 is outstanding.",
        f"Qty. to Invoice is 6, but only 5 is {done} and not invoiced.",
    ]
    assert [(problem.code, problem.field, problem.value, problem.line) for problem in too_much] == [
        ("ship_more_than_outstanding", "qty_to_ship", "4", 10000),
        (f"invoice_more_than_{done}", "qty_to_invoice", "6", 10000),
    ]
    nothing = quantities.nothing_to_post(replace(order, lines=(EVEN,)))
    assert (
        nothing.message == f"There is nothing to post: nothing is to be {done}, and nothing {done} is to be invoiced."
    )
    assert nothing.hint == f"{verb} it, and fill in Qty. to {verb} where it is 0."


ALL_DONE = replace(LINE, quantity_shipped=D(5), quantity_invoiced=D(5))
NOT_INVOICED = replace(LINE, quantity_shipped=D(5))
NOT_BEGUN = replace(LINE, quantity_shipped=D(0), quantity_invoiced=D(0))
EVEN = replace(LINE, quantity_shipped=D(1))
EMPTY = replace(LINE, quantity=D(0), quantity_shipped=D(0), quantity_invoiced=D(0))
COMMENT = replace(EMPTY, type=LineType.COMMENT)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ((), "lines"),
        ((EMPTY, COMMENT), "lines"),
        ((NOT_INVOICED, EMPTY, COMMENT), "invoice"),
        ((NOT_INVOICED, ALL_DONE), "invoice"),
        ((NOT_BEGUN,), "ship"),
        ((NOT_BEGUN, EVEN, ALL_DONE), "ship"),
        ((LINE,), "lines"),
        ((NOT_BEGUN, LINE), "lines"),
        ((NOT_BEGUN, NOT_INVOICED), "lines"),
    ],
)
def test_a_document_of_which_nothing_is_posted_says_what_could_be(lines: tuple[SourceLine, ...], field: str) -> None:
    problem = quantities.nothing_to_post(replace(ORDER, lines=lines))
    assert (problem.code, problem.field, problem.record) == ("nothing_to_post", field, "Sales Order SO1")
    assert (problem.hint == "Add a line with a number and a quantity.") == (lines in ((), (EMPTY, COMMENT)))
