"""The user's own keys: read from a file, bound, shown in the line of keys and the help; a wrong file is told of."""

from __future__ import annotations

import re
from pathlib import Path

import jobs
import pytest
from screens import terminal

from postroom.core.database import Location
from postroom.core.errors import UsageError
from postroom.tui import keymap
from postroom.tui.keymap import Keymap
from postroom.tui.pages import directory


def test_without_a_file_the_built_in_keys_stay(tmp_path: Path) -> None:
    assert keymap.read(tmp_path / "keymap.toml") == Keymap()


async def test_a_key_and_a_line_of_keys_of_ones_own(sqlite_firm: Location, tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text(
        '[keys]\n"list.sort" = "f6, x"\n[footer]\njob-queue-entries = ["list.sort", "job-queue-entries.why"]\n'
    )
    jobs.wait_entry()
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
        (
            '[keys]\n"list.sort" = "strg+x"\n',
            'Keys are written f6, Ctrl+Y, Shift+F9, Y, / or Space, several as "ctrl+y,Y".',
        ),
        ('[keys]\n"list.sort" = ""\n', "'' is no key"),
        (
            '[footer]\njob-queue-entry-list = ["list.sort"]\n',
            "there is no page job-queue-entry-list (job-queue-entries",
        ),
        ('[footer]\nsales-invoice = ["list.sort"]\n', "(all types of documents are the page documents)"),
        ('[footer]\nrecord = ["list.sort"]\n', "there is no page record"),
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
    assert "Nothing of the file is used until that is mended" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("F9", "f9"),
        ("Ctrl+Y, Y", "ctrl+y,Y"),
        ("ctrl+Y", "ctrl+y"),
        ("Shift+F9", "shift+f9,f21"),
        ("shift+d", "D"),
        ("Esc,PgDn,Space", "escape,pagedown,space"),
        ("/ , ?, -", "slash,question_mark,minus"),
        ("ctrl+right_square_bracket", "ctrl+right_square_bracket"),
    ],
)
def test_keys_may_be_written_as_the_screen_writes_them(text: str, keys: str) -> None:
    assert keymap.keys_of(text) == keys


def test_the_file_in_the_docs_is_one_that_is_read(tmp_path: Path) -> None:
    docs = (Path(__file__).parents[2] / "docs" / "clerks.md").read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```", docs, re.MULTILINE | re.DOTALL)
    file = tmp_path / "keymap.toml"
    file.write_text(example)
    assert keymap.read(file).keys["list.sort"] == "f6"
    assert keymap.read(file).keys["anywhere.copy"] == "ctrl+y,Y"


@pytest.mark.full
async def test_the_name_of_every_page_that_is_opened_is_known(demo_firm: Location) -> None:
    """A page that a keymap file could not name would have a line of keys that nobody can change."""
    names = keymap.page_names()
    async with terminal(demo_firm, page="role-centre") as screen:
        for entry in directory.PAGES:
            page = screen.app.open_page(entry.address)
            await screen.until(lambda: not screen.page.awaits)
            assert page.address.partition(" ")[0] in names
            if getattr(page, "snapshot", None) is not None and getattr(page.snapshot, "rows", ()):
                page.action_act(next((one.id for one in page.actions if one.method == "do_open"), "anywhere.refresh"))
                await screen.pilot.pause()
                assert screen.page.address.partition(" ")[0] in names


def test_two_actions_may_exchange_their_keys(tmp_path: Path) -> None:
    file = tmp_path / "keymap.toml"
    file.write_text('[keys]\n"anywhere.quit" = "u"\n"list.unmark-all" = "q"\n')
    assert keymap.read(file).keys == {"anywhere.quit": "u", "list.unmark-all": "q"}
