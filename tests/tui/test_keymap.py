"""The user's own keys: read from a file, bound, shown in the line of keys and the help; a wrong file is told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens import terminal

from postroom.core.database import Location
from postroom.core.errors import UsageError
from postroom.tui import keymap
from postroom.tui.keymap import Keymap


def test_without_a_file_the_built_in_keys_stay(tmp_path: Path) -> None:
    assert keymap.read(tmp_path / "keymap.toml") == Keymap()


async def test_a_key_and_a_line_of_keys_of_ones_own(sqlite_firm: Location, tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text(
        '[keys]\n"list.sort" = "f6, x"\n[footer]\njob-queue-entries = ["list.sort", "job-queue-entries.why"]\n'
    )
    async with terminal(sqlite_firm, keymap=keymap.read(file)) as screen:
        await screen.sees("F6 Sort   w Why")
        assert "r Ready" not in screen.lines[-1]
        await screen.press("f6")
        await screen.sees("Sort by", "Its own order")
        await screen.press("escape", "x")
        await screen.sees("Sort by", "Its own order")
        await screen.press("escape", "z")
        await screen.sees_no("Sort by")
        await screen.press("question_mark")
        await screen.sees("F6  x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[keys\n", "line 1"),
        ('[keys]\n"list.dance" = "s"\n', "there is no action list.dance"),
        ('[keys]\n"list.sort" = "strg+x"\n', "'strg+x' is no key"),
        ('[keys]\n"list.sort" = 7\n', "7 should be keys"),
        ('[keys]\n"list.sort" = "r"\n', "r is both job-queue-entries.set-ready and list.sort"),
        ('[keys]\n"list.sort" = "q"\n', "q is both list.sort and anywhere.quit"),
        ("[colours]\n", "unknown table [colours]"),
        ('[footer]\njob-queue-entries = "r"\n', "should be a list of actions"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        keymap.read(file)
    assert str(file) in str(refused.value)
    assert said in str(refused.value)


def test_two_actions_may_exchange_their_keys(tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text('[keys]\n"anywhere.quit" = "u"\n"list.unmark-all" = "q"\n')
    assert keymap.read(file).keys == {"anywhere.quit": "u", "list.unmark-all": "q"}
