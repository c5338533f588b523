"""What lies over a page for a moment goes away by itself when it is over, wherever it lies."""

from __future__ import annotations

import asyncio

import jobs
import pytest
from screens import Terminal, terminal
from textual.events import Paste

from postroom.core import company
from postroom.core.database import Location
from postroom.core.kinds import EntryStatus
from postroom.tui.pages.entries import EntryCard
from postroom.tui.widgets.dialogs import Ask, AskText, Progress, Reading
from postroom.tui.widgets.search import Choose
from postroom.tui.widgets.text_line import TextLine


async def test_a_progress_box_whose_work_ends_before_it_is_drawn_goes(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        box = Progress("Work", 100)
        screen.app.push_screen(box)
        box.dismiss()
        await screen.until(lambda: screen.app.screen is screen.page)
        await screen.sees_no("Stop after this one")


async def test_a_progress_box_whose_work_ends_below_another_box_goes_after_it(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        below, above = Progress("First", 100), Progress("Second", 100)
        for box in (below, above):
            screen.app.push_screen(box)
        await screen.sees("Second")
        below.dismiss()
        await screen.press("j")
        await screen.sees("Second")
        above.dismiss()
        await screen.until(lambda: screen.app.screen is screen.page)


async def chooses(screen: Terminal, *keys: str) -> str | None:
    """What is chosen among five, the blank one first, by these keys and Enter."""
    chosen: list[str | None] = []
    screen.app.push_screen(Choose("Type", ["", "Item", "G/L Account", "Charge (Item)", "Comment"], ""), chosen.append)
    await screen.sees("(blank)", "Comment", "Leave as it is")
    await screen.press(*keys, "enter")
    await screen.until(lambda: chosen)
    return chosen[0]


async def test_a_choice_ends_at_its_last_and_first_line(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        assert await chooses(screen, *["down"] * 7) == "Comment"
        assert await chooses(screen, "down", "up", "up", "up") == ""
        assert await chooses(screen, "end") == "Comment"
        assert await chooses(screen, "end", "home") == ""


async def test_typing_in_a_choice_finds_what_is_typed_as_in_long_lists(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        assert await chooses(screen, "g", "l") == "G/L Account"
        assert await chooses(screen, "i", "t", "e", "m", "down") == "Charge (Item)"
        screen.app.push_screen(Choose("Type", ["Item", "Comment"], "Item"))
        await screen.type("xyz")
        await screen.sees("Nothing is called so.")
        await screen.press("enter")
        assert isinstance(screen.app.screen, Choose)


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


async def test_the_search_closes_a_box_without_an_answer_and_takes_what_is_typed_after_it(
    sqlite_firm: Location,
) -> None:
    boxes = [Ask("Post them?", others={"m": "Go to the Cause"}), Reading("Errors", "Wrong.", {"m": "Go to the Cause"})]
    for box, left_as in zip(boxes, ("n", ""), strict=True):
        async with terminal(sqlite_firm) as screen:
            answered: list[str | None] = []
            screen.app.push_screen(box, answered.append)
            await screen.sees("m Go to the Cause")
            await screen.burst(":customers")
            await screen.sees("Search for a page or an action", "customers")
            assert answered == [left_as]
            await screen.press("enter")
            await screen.sees("Customers   0 customers")


async def test_the_search_closes_every_box_that_waits_for_an_answer(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        answered: list[str | None] = []
        screen.app.push_screen(Ask("Delete everything?"), answered.append)
        screen.app.push_screen(Reading("Not done", "Something else was refused."), answered.append)
        await screen.sees("Something else was refused.")
        await screen.burst(":my")
        await screen.sees("Search for a page or an action", "my")
        assert answered == ["", "n"]


@pytest.mark.parametrize("keys", [("escape", "y"), ("escape", "n"), ("q", "y"), ("y", "n"), ("n", "escape")])
@pytest.mark.parametrize("is_over_a_card", [False, True])
async def test_a_box_is_answered_once_and_takes_no_page_along(
    sqlite_firm: Location, keys: tuple[str, str], is_over_a_card: bool
) -> None:
    jobs.wait_entry(company.current_user(), status=EntryStatus.ON_HOLD)
    async with terminal(sqlite_firm) as screen:
        if is_over_a_card:
            await screen.press("enter")
            await screen.is_on(EntryCard)
        answered: list[str | None] = []
        page = screen.page
        screen.app.push_screen(Ask("Post them?"), answered.append)
        await screen.sees("Post them?")
        await screen.burst(*keys)
        assert answered == ["y" if keys[0] == "y" else "n"]
        # What the second key means to the page below is done: Esc leaves a card.
        assert screen.page is page or (keys[1] == "escape" and is_over_a_card)


async def test_a_box_over_a_value_that_is_being_taken_gets_its_keys_and_both_go_once(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        taken, answered = asyncio.Event(), list[str | None]()

        async def attempt(text: str) -> str:
            await taken.wait()
            return ""

        below = AskText("Priority", "A number", attempt=attempt)
        screen.app.push_screen(below, answered.append)
        await screen.until(lambda: isinstance(screen.app.focused, TextLine))
        await screen.pilot.press("7", "enter", "j")
        assert screen.app.early_keys.waits
        screen.app.push_screen(Reading("Not done", "An older command.", {"t": "Post Again"}), answered.append)
        await screen.sees("An older command.")
        taken.set()
        await screen.until(lambda: below._answer == ("7",))
        assert answered == []
        await screen.sees("An older command.")
        await screen.pilot.press("t")
        await screen.until(lambda: screen.app.screen is screen.page)
        assert answered == ["t", "7"]


async def test_what_is_pasted_keeps_its_place_among_the_keys(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        await screen.burst(":", "job ", Paste("queue "), "log")
        await screen.sees("job queue log")


async def test_the_search_takes_what_is_typed_at_once_after_its_key(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        await screen.burst(":job queues")
        await screen.sees("Search for a page or an action", "job queues")


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
        await screen.until(lambda: [one.text for one in screen.app.messages.said] == ["three", "two"])


async def test_a_message_stands_in_the_place_of_the_keys_until_the_next_action(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        keys = screen.lines[-1]
        screen.app.say("Posted as 103001.")
        await screen.until(lambda: screen.lines[-1].strip() == "Posted as 103001.")
        await screen.press("j")
        assert screen.lines[-1].strip() == "Posted as 103001."
        await screen.press("u")
        await screen.until(lambda: screen.lines[-1] == keys)
        screen.app.say("It does not stand over what is asked.", "error")
        await screen.press("question_mark")
        await screen.sees("Keys of Job Queue Entries")
        screen.app.say("x" * 100, "warning")
        await screen.until(lambda: "x" * 78 in screen.lines[-2])
        await screen.press("escape", "escape")
        await screen.until(lambda: "Back: This is the first page; q quits." in screen.lines[-1])


async def test_a_message_does_not_follow_to_another_page(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        screen.app.say("This was an error.", "error")
        await screen.sees("This was an error.")
        await screen.goes_to("batches")
        await screen.is_on("batches")
        await screen.sees("No batch yet")
        assert "This was an error." not in screen.shown


async def test_a_message_goes_after_its_time(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm) as screen:
        screen.app.messages.seconds = {"information": 0.05, "warning": 9.0, "error": 9.0}
        screen.app.say("An error stays longer.", "error")
        screen.app.say("Done.")
        await screen.sees("An error stays longer.", "Done.")
        await screen.until(lambda: screen.lines[-1].strip() == "An error stays longer.")


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
