"""What an action on several documents came to: one as a message, several, or what was refused, in a box to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from postroom.core.counted import named, plural
from postroom.core.errors import DatabaseAway, PostroomError, Problem
from postroom.core.plain_text import visible
from postroom.tui import shown
from postroom.tui.widgets.dialogs import Reading

BAD = ("refused", "failed")


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one record that is no document to post: `result` in words, or refused."""

    type: str
    no: str
    result: str
    posted: tuple[Any, ...] = ()
    errors: tuple[Problem, ...] = ()


def each(records: Iterable[tuple[str, str]], act: Callable[[int], str]) -> Iterator[RecordResult]:
    """Do something with each record, given its place, whatever becomes of the others; `act` tells what it did.

    A record is its type and no. Raises DatabaseAway: the others would fare no better.
    """
    for place, (type_, no) in enumerate(records):
        try:
            yield RecordResult(type_, no, act(place))
        except DatabaseAway:
            raise
        except PostroomError as error:
            yield RecordResult(type_, no, "refused", errors=error.problems)


async def delete_each(
    desk: Any, keys: Sequence[str], rows: tuple[str, str], delete: Callable[[str], object], details: str = ""
) -> set[str]:
    """Ask, delete each record, tell what became of each; the keys of those that are gone.

    `rows` is what one of them is called, and several.
    """
    if not await desk.ask(f"Delete {named(keys, *rows)}?", details, yes="Delete"):
        return set()

    def act(place: int) -> str:
        delete(keys[place])
        return "deleted"

    done = await desk.carry_out(lambda: list(each([(rows[0], key) for key in keys], act)))
    if done is None:
        return set()
    tell(desk, "Delete", done, rows[1])
    return {one.no for one in done if one.result not in BAD}


async def ask_to_remove(desk: Any, what: str, count: int) -> bool:
    """Whether so many documents, `what` in words, may be taken out of the job queue. Only inside a worker."""
    stay = plural(count, "It stays Released.", "They stay Released.")
    return bool(await desk.ask(f"Remove {what} from the job queue?", stay, yes="Remove"))


def tell(desk: Any, title: str, results: Sequence[Any], what: str = "documents", but: str = "") -> None:
    """Say what became of each; `what` they are together, and `but` what else there is to say of them."""
    more = f" {visible(but)}" if but else ""
    if not results:
        desk.say("There was nothing to do.")
        return
    bad = [result for result in results if result.result in BAD or _warnings(result)]
    if not bad and len(results) == 1:
        desk.say(f"{in_a_line(results[0])}{more}")
    elif not bad:
        words = {result.result for result in results}
        desk.say(f"{len(results)} {what}: {', '.join(sorted(words))}.{more}")
    else:
        desk.push_screen(Reading(title, report(results).append(f"\n\n{visible(but)}" if but else "")))


def in_a_line(result: Any) -> str:
    """`Sales Invoice S-INV1001: posted as 103001.`"""
    came_out = ", ".join(visible(posted.no) for posted in result.posted)
    return f"{name_of(result)}: {result.result}{f' as {came_out}' if came_out else ''}."


def report(results: Sequence[Any]) -> Text:
    """Every document with what became of it, those that failed with every reason."""
    bad = sum(result.result in BAD for result in results)
    text = Text()
    if len(results) > 1 and any(result.result == "checked" for result in results):
        text.append(f"{len(results) - bad} would post, {bad} would not\n")
    elif len(results) > 1:
        text.append(f"{len(results) - bad} done, {bad} not\n")
    for result in sorted(results, key=lambda one: one.result not in BAD):
        text.append("\n" if text else "").append(f"{name_of(result)}  ", "bold").append(
            result.result, "red" if result.result in BAD else "green"
        )
        if result.errors:
            text.append("\n").append(shown.problem_lines(result.errors))
        if warnings := _warnings(result):
            text.append("\nWarning", "yellow").append("\n").append(shown.problem_lines(warnings))
    return text


def _warnings(result: Any) -> tuple[Problem, ...]:
    """What a check warns of; other results have none."""
    found: tuple[Problem, ...] = getattr(result, "warnings", ())
    return found


def name_of(result: Any) -> str:
    return shown.record(result.type, result.no)
