"""Text shown to people: nothing in it can move a cursor, change a colour or turn the direction of a line."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from postroom.core.plain_text import visible


def test_an_escape_sequence_is_spelled_out() -> None:
    assert visible("a\x1b[31mb\x07") == "a\\e[31mb\\x07"


def test_eight_bit_controls_are_spelled_out() -> None:
    assert visible("\x9b31m\x85") == "\\x9b31m\\x85"


def test_text_direction_overrides_are_spelled_out() -> None:
    assert visible("invoice\u202efdp.exe\u2066") == "invoice\\u{202e}fdp.exe\\u{2066}"


def test_line_breaks_are_kept_only_where_asked_for() -> None:
    assert visible("a\nb\r") == "a\\nb\\r"
    assert visible("a\nb\r", line_breaks=True) == "a\nb\\r"


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("[bold]", "[/x]", "Ørsted & Søn A/S", "שלום", "日本 株式会社", "می‌خواهم", "a\\nb", "€ 1.000,—"):
        assert visible(name) == name


@given(st.text())
def test_nothing_that_comes_out_is_a_control_or_unencodable(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(categories=("Cs", "Cc", "Cf"), exclude_characters="\u200c\u200d")))
def test_controls_marks_and_lone_surrogates_come_out_as_plain_ascii(text: str) -> None:
    assert visible(text).isascii()
