"""What is told of a problem: where, what, what to do, each once."""

from __future__ import annotations

import pytest

from postroom.core.errors import Problem, describe


@pytest.mark.parametrize(
    ("record", "message", "told"),
    [
        ("document NOPE", "There is no document NOPE.", "There is no document NOPE."),
        ("Job Queue NIGHT", "There is no job queue NIGHT.", "There is no job queue NIGHT."),
        ("Customer C1", "Customer C1 does not exist.", "Customer C1 does not exist."),
        ("Customer C1", "Customer C10 is blocked.", "Customer C1: Customer C10 is blocked."),
        ("Item I1", "Item I1-BLUE is blocked.", "Item I1: Item I1-BLUE is blocked."),
        ("Customer C1", "It is blocked.", "Customer C1: It is blocked."),
        ("", "It is blocked.", "It is blocked."),
    ],
)
def test_the_record_is_named_once(record: str, message: str, told: str) -> None:
    assert describe(Problem("code", message, record)) == told


def test_a_line_is_named_beside_the_record_wherever_that_stands() -> None:
    assert describe(Problem("code", "Item I1 is blocked.", "Sales Order S1", 10000)) == (
        "Sales Order S1, line 10000: Item I1 is blocked."
    )
    assert describe(Problem("code", "Sales Order S1 is odd.", "Sales Order S1", 10000)) == (
        "Line 10000: Sales Order S1 is odd."
    )
