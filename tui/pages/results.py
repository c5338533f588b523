"""What an action on several documents came to: one as a message, several, or what was refused, in a box to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from postroom.core.plain_text import visible
from postroom.tui import shown
from postroom.tui.widgets.dialogs import Reading

BAD = ("refused", "failed")


def tell(desk: Any, title: str, results: Sequence[Any]) -> None:
    """Say what became of each document."""
    if not results:
        desk.say("There was nothing to do.")
        return
    bad = [result for result in results if result.result in BAD]
    if not bad and len(results) == 1:
        (result,) = results
        came_out = ", ".join(visible(posted.no) for posted in result.posted)
        desk.say(f"{name_of(result)}: {result.result}{f' as {came_out}' if came_out else ''}.")
    elif not bad:
        words = {result.result for result in results}
        desk.say(f"{len(results)} documents: {', '.join(sorted(words))}.")
    else:
        desk.push_screen(Reading(title, report(results)))


def report(results: Sequence[Any]) -> Text:
    """Every document with what became of it, those that failed with every reason."""
    bad = sum(result.result in BAD for result in results)
    text = Text(f"{len(results) - bad} done, {bad} not\n")
    for result in sorted(results, key=lambda one: one.result not in BAD):
        text.append(f"\n{name_of(result)}  ", "bold").append(result.result, "red" if result.result in BAD else "green")
        if result.errors:
            text.append("\n").append(shown.problem_lines(result.errors))
    return text


def name_of(result: Any) -> str:
    return shown.record(result.type, result.no)
