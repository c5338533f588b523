"""What became of each document or entry that a command was given: `results` and `counts`, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from postroom.core.errors import DatabaseAway, PostroomError, UsageError, describe
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session

BAD = ("refused", "failed")
COUNTED = ("posted", "queued", "refused", "failed")
_KEYS = ("type", "no", "result", "entry_id", "posted", "errors")


def each(things: Sequence[Any], names: Callable[[Any], Mapping[str, str]], act: Callable[[Any], str]) -> list[Any]:
    """Do `act` to each thing; a refused one is reported and does not stop the others.

    `names` gives at least `type` and `no` of a thing, `act` the word for what became of it.
    Raises UsageError and DatabaseAway.
    """
    found = []
    for thing in things:
        row: dict[str, Any] = {"entry_id": "", "posted": [], "errors": (), **names(thing)}
        try:
            row["result"] = act(thing)
        except (UsageError, DatabaseAway):
            raise
        except PostroomError as error:
            row["result"], row["errors"] = "refused", error.problems
        found.append(row)
    return found


def report(session: Session, results: Iterable[Any]) -> int:
    """Write all results, and return 1 if any was refused or failed, else 0."""
    rows = [frame.as_mapping(row) for row in results]
    words = [str(writing.plain(row["result"])) for row in rows]
    counts = {word: words.count(word) for word in (*COUNTED, *sorted(set(words) - set(COUNTED)))}
    if session.as_json:
        session.write({"results": [_keyed(row) for row in rows], "counts": counts})
    else:
        for row, word in zip(rows, words, strict=True):
            for line in _lines(row, word):
                writing.write_text(line)
        for warning in _warnings(rows):
            writing.say(f"Warning: {warning}")
        if len(rows) != 1:
            writing.say(", ".join(f"{count} {word}" for word, count in counts.items() if count) or "Nothing to do.")
    return 1 if any(word in BAD for word in words) else 0


def _warnings(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """What the checks warn of, each thing once however many documents it concerns."""
    found = (problem for row in rows for problem in row.get("warnings", ()))
    return dict.fromkeys(f"{problem.message} {problem.hint}" for problem in found)


def _keyed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{key: row[key] for key in _KEYS}, **{key: row[key] for key in row if key not in _KEYS}}


def _lines(row: Mapping[str, Any], word: str) -> list[str]:
    came_out = ", ".join(f"{_words(ref.kind)} {ref.no}" for ref in row["posted"])
    name = f"{_words(row['type']).title()} {row['no']}".strip() or f"Entry {row['entry_id']}"
    return [
        f"{name}: {word}{f' as {came_out}' if came_out else ''}",
        *(f"    {describe(problem)}" for problem in row["errors"]),
    ]


def _words(slug: Any) -> str:
    return str(writing.plain(slug)).replace("-", " ").replace("_", " ")
