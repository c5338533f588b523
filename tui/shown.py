"""How values read on a page: times in the company's time zone, durations, records, statuses with their colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from postroom.core import clock
from postroom.core.currencies import Decimals
from postroom.core.errors import PostroomError, Problem, describe
from postroom.core.plain_text import visible

STATUS_STYLES = {
    "Ready": "blue",
    "Waiting": "blue",
    "In Process": "bold cyan",
    "Success": "green",
    "Error": "bold red",
    "On Hold": "yellow",
    "On Hold with Inactivity Timeout": "yellow",
    "Scheduled for Posting": "blue",
    "Posting": "bold cyan",
    "Printing": "bold cyan",
    "Printed": "green",
    "Deleted": "yellow",
    "Not responding": "bold red",
}
"""Colours repeat what the word says; the names are the terminal's own, so that sixteen colours are enough."""

FAINT = "bright_black"


def status(word: str) -> Text:
    """A status as its own word, coloured."""
    return Text("Inactive" if word.startswith("On Hold with") else word, STATUS_STYLES.get(word, ""))


def text(value: object) -> Text:
    """Any text of people or files: never markup, control characters spelled out."""
    return Text(visible(str(value)) if value not in (None, "") else "")


def padded(value: str, width: int, *, right: bool = False) -> str:
    """Text in so many cells of the terminal, where some characters take two: cut, or filled up with blanks."""
    cut = set_cell_size(value, min(width, cell_len(value)))
    blanks = " " * (width - cell_len(cut))
    return blanks + cut if right else cut + blanks


def shortened(value: str, width: int) -> str:
    """Text in at most so many cells; what is left out shows as an ellipsis."""
    return value if cell_len(value) <= width else f"{set_cell_size(value, max(0, width - 1)).rstrip()}…"


def money(value: Decimal | None, currency: str, decimals: Decimals) -> str:
    """An amount with its currency behind it; blank is the company's own, which goes without saying."""
    return visible(f"{amount(value, decimals.of(currency))} {currency}".rstrip())


def amount(value: Decimal | None, places: int) -> str:
    """An amount with at least so many decimals, more only where there are some."""
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    return f"{value:,.{max(places, -exponent if isinstance(exponent, int) and exponent < 0 else 0)}f}"


def day(value: date | None) -> str:
    """A date as it is typed."""
    return value.isoformat() if value is not None else ""


def stamp(instant: datetime | None, time_zone: str) -> str:
    """A time in a list: today only the time of day, else the date and the minute."""
    if instant is None:
        return ""
    zone = ZoneInfo(time_zone)
    then, now = instant.astimezone(zone), clock.now().astimezone(zone)
    if then.date() == now.date():
        return f"{then:%H:%M:%S}"
    return f"{then.day} {then:%b %H:%M}" if then.year == now.year else f"{then:%Y-%m-%d}"


def written_stamp(instant: datetime | None, time_zone: str) -> str:
    """A time in a file: `2026-11-24T22:00:05+01:00`."""
    return instant.astimezone(ZoneInfo(time_zone)).isoformat(timespec="seconds") if instant is not None else ""


def whole_stamp(instant: datetime | None, time_zone: str) -> str:
    """A time on a card: `Tue 24 Nov 2026 22:00:05`."""
    return f"{instant.astimezone(ZoneInfo(time_zone)):%a %-d %b %Y %H:%M:%S}" if instant is not None else ""


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3:05 min`, `2:10 h`."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d} h"


def record(record_type: str, record_no: str, description: str = "") -> str:
    """`Sales Invoice S-INV1001`, `Purch. Cr. Memo P-CR1002`; a job over no record by its description."""
    kind = record_type.replace("-", " ").title().replace("Purchase", "Purch.").replace("Credit Memo", "Cr. Memo")
    return visible(f"{kind} {record_no}".strip() or description)


_WORDS = {"no": "No.", "lcy": "LCY", "vat": "VAT", "id": "ID", "qty": "Qty.", "to": "to", "per": "per"}


def caption(name: str) -> str:
    """A field's name as it is read: `Document No.`, `Amount LCY`. What is no name of the code stays as it is."""
    if name != name.lower() or " " in name:
        return name
    return " ".join(_WORDS.get(word, word.title()) for word in name.split("_"))


def field_of(problem: Problem) -> str:
    """What the field that a problem names is called on the page where it is mended."""
    if problem.field == "party_no":
        return "Vendor No." if problem.record.startswith("Purchase") else "Customer No."
    return caption(problem.field)


LONGEST_VALUE = 40
"""So many characters of a wrong value are quoted: it stands in full where it was typed."""


def brief(problem: Problem) -> Problem:
    """The problem with no more than the beginning of the value that it quotes."""
    if cell_len(problem.value) <= LONGEST_VALUE:
        return problem
    quoted = shortened(problem.value, LONGEST_VALUE)
    return replace(problem, message=problem.message.replace(problem.value, quoted), value=quoted)


def told(error: PostroomError) -> str:
    """Everything that an error says, a reason a line."""
    return "\n".join(describe(brief(problem)) for problem in error.problems)


def one_line(problems: Iterable[Problem]) -> str:
    """The first error's message, and how many more there are."""
    found = list(problems)
    if not found:
        return ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return visible(brief(found[0]).message) + more


def problem_lines(problems: Iterable[Problem]) -> Text:
    """Every error with its record, hint and field, one below the other."""
    said = Text()
    for number, problem in enumerate(problems, start=1):
        if said:
            said.append("\n")
        field = f" [{field_of(problem)}]" if problem.field else ""
        said.append(f"{number}. ", "bold red").append(visible(describe(brief(problem)), line_breaks=True))
        said.append(visible(field), FAINT)
    return said
