"""What lies over a page for a moment goes away by itself when it is over, wherever it lies."""

from __future__ import annotations

from screens import terminal

from postroom.core.database import Location
from postroom.tui.widgets.dialogs import AskText, Choose, Progress, Reading
from postroom.tui.widgets.text_line import TextLine


async def test_a_progress_box_whose_work_ends_before_it_is_drawn_goes(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        box = Progress("Work", 100)
        screen.app.push_screen(box)
        box.close()
        await screen.until(lambda: screen.app.screen is screen.page)
        await screen.sees_no("Stop after this one")


async def test_a_progress_box_whose_work_ends_below_another_box_goes_after_it(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        below, above = Progress("First", 100), Progress("Second", 100)
        for box in (below, above):
            screen.app.push_screen(box)
        await screen.sees("Second")
        below.close()
        await screen.press("j")
        await screen.sees("Second")
        above.close()
        await screen.until(lambda: screen.app.screen is screen.page)


async def test_a_choice_goes_to_its_first_and_last_line_by_g_and_shift_g(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        chosen: list[str | None] = []
        for key in ("G", "g"):
            screen.app.push_screen(Choose("Type", ["one", "two", "three"], "two"), chosen.append)
            await screen.sees("three")
            await screen.press(key, "enter")
            await screen.until(lambda: screen.app.screen is screen.page)
        assert chosen == ["three", "one"]


async def test_a_reading_box_gives_back_the_key_that_it_offers_and_no_other(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        answered: list[str | None] = []
        screen.app.push_screen(Reading("Errors", "Wrong.", {"m": "Go to the Cause"}), answered.append)
        await screen.sees("Wrong.", "m Go to the Cause", "Esc Close")
        await screen.press("t", "x")
        assert answered == []
        await screen.press("m")
        await screen.until(lambda: answered)
        assert answered == ["m"]


async def test_a_long_text_is_scrolled_by_the_keys_of_lists_and_how_to_close_it_stays_in_sight(
    sqlite_firm: Location,
) -> None:
    async with terminal(sqlite_firm) as screen:
        screen.app.push_screen(Reading("Errors", "\n".join(f"Line {number}." for number in range(1, 101))))
        await screen.sees("Line 1.", "Esc Close")
        for keys, seen, unseen in (
            ("G", "Line 100.", "Line 1."),
            ("g", "Line 1.", "Line 100."),
            ("ctrl+d", "Line 20.", "Line 2."),
            ("ctrl+u", "Line 1.", "Line 20."),
            ("end", "Line 100.", "Line 1."),
        ):
            await screen.press(keys)
            await screen.sees(seen, "Esc Close")
            await screen.sees_no(unseen)


async def test_messages_stand_two_at_a_time_and_none_twice(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        for message in ("one", "two", "two", "three", "two"):
            screen.app.say(message)
        await screen.until(lambda: [one.message for one in screen.app._notifications] == ["three", "two"])


async def test_a_line_that_is_typed_sends_no_control_character_to_the_terminal(sqlite_firm: Location) -> None:
    wild = "a\x1b[31mb\x07 \u202eevil \x9b2J 漢字 [bold]x[/x]"
    async with terminal(sqlite_firm) as screen:
        screen.app.push_screen(AskText("Name", "What it is called", wild))
        await screen.sees("Leave as it is")
        await screen.sees("a\ufffd[31mb\ufffd \ufffdevil \ufffd2J 漢字 [bold]x[/x]")
        await screen.press("escape", "slash")
        for line in screen.page.query(TextLine):
            line.value = wild
        await screen.sees("a\ufffd[31mb\ufffd")
        assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(screen.shown)


async def test_the_search_takes_gl_for_g_l(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        await screen.press("colon")
        for typed, found in (("gl entr", "G/L Entries"), ("g/l acc", "Chart of Accounts"), ("gl acc", "Chart of Acc")):
            await screen.press("ctrl+u")
            await screen.type(typed)
            await screen.sees(f"Page {found}")
