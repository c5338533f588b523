"""How many of what, in words."""

from __future__ import annotations

import pytest

from postroom.core.counted import counted, named, plural


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (1204, "1,204 entries")]
)
def test_one_is_one_and_all_others_are_many(number: int, said: str) -> None:
    assert counted(number, "entry", "entries") == said


def test_most_nouns_end_in_s_when_there_are_several() -> None:
    assert [counted(number, "document") for number in (1, 2)] == ["1 document", "2 documents"]
    assert [plural(number, "it", "them") for number in (1, 2)] == ["it", "them"]


def test_one_record_is_named_and_several_are_counted() -> None:
    assert named(["STORE"], "printer") == "printer STORE"
    assert named(["A", "B"], "category", "categories") == "2 categories"
