"""Posted number series: every number from the first to the last one given stands on exactly one posted document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.core import numbering
from postroom.core.statements import query
from postroom.core.verify.finding import NAMED, Finding

_POSTED = ("invoice", "credit_memo")
_DRAWN = ("order_nos", "return_order_nos", "invoice_nos", "credit_memo_nos")


@dataclass(slots=True)
class _Run:
    """One line of a series: its numbers go from `first` to `last` in steps; `found` are the values that are posted."""

    series: str
    prefix: str
    width: int
    suffix: str
    first: int
    last: int
    step: int
    found: set[int] = field(default_factory=set)

    def value_of(self, no: str) -> int | None:
        """Which value a number stands for in this run, or None when the run did not give it."""
        if not (no.startswith(self.prefix) and no.endswith(self.suffix)):
            return None
        digits = no[len(self.prefix) : len(no) - len(self.suffix)]
        if not (digits.isascii() and digits.isdigit()) or self.shown(int(digits)) != no:
            return None
        value = int(digits)
        return value if self.first <= value <= self.last and (value - self.first) % self.step == 0 else None

    def shown(self, value: int) -> str:
        return f"{self.prefix}{value:0{self.width}d}{self.suffix}"

    def missing(self) -> Iterator[int]:
        """The values that were given and are nowhere."""
        if len(self.found) == len(range(self.first, self.last + 1, self.step)):
            return
        yield from (value for value in range(self.first, self.last + 1, self.step) if value not in self.found)


def posted_series() -> Finding:
    """Each series that posted documents draw from has neither gap nor twin, and gave every number that they bear."""
    runs = _runs()
    found, numbers = Finding(), 0
    for series, nos in _posted_numbers().items():
        numbers += len(nos)
        twins = [no for no, count in Counter(nos).items() if count > 1]
        strays = _sort_in(nos, runs.get(series, []))
        found += _named(twins, lambda no, series=series: f"Series {series}: {no} was given twice.")
        found += _named(strays, lambda no, series=series: f"Series {series}: {no} is posted, but was never given.")
    drawn = _drawn_series()
    for series, lines in runs.items():
        if series in drawn:
            _sort_in(_document_numbers(), lines)
        for run in lines:
            found += _named(
                [run.shown(value) for value in run.missing()],
                lambda no, run=run: (
                    f"Series {run.series}: {no} is missing between {run.shown(run.first)} and {run.shown(run.last)}."
                ),
            )
    return found + Finding(numbers)


def _named(nos: list[str], sentence) -> Finding:  # type: ignore[no-untyped-def]
    return Finding(0, len(nos), tuple(sentence(no) for no in nos[:NAMED]))


def _sort_in(nos: list[str], runs: list[_Run]) -> list[str]:
    """Mark numbers as found in the run that gave them; returns those that none gave."""
    strays = []
    for no in nos:
        for run in runs:
            value = run.value_of(no)
            if value is not None:
                run.found.add(value)
                break
        else:
            strays.append(no)
    return strays


def _runs() -> dict[str, list[_Run]]:
    """The lines of every series that posted documents draw from, by its code."""
    posted = {series for (series,) in query("SELECT DISTINCT number_series FROM posted_document")} | set(
        _setup_series(
            ("sales_setup", (*(f"posted_{kind}_nos" for kind in (*_POSTED, "shipment", "return_receipt")),)),
            ("purchases_setup", (*(f"posted_{kind}_nos" for kind in (*_POSTED, "receipt", "return_shipment")),)),
        )
    )
    runs: dict[str, list[_Run]] = {}
    for series, starting_no, last, step in query(
        "SELECT series_code, starting_no, last_value, increment FROM number_series_line ORDER BY id"
    ):
        if series in posted:
            prefix, width, first, suffix = numbering.split(starting_no)
            runs.setdefault(series, []).append(_Run(series, prefix, width, suffix, first, last, step or 1))
    return runs


def _drawn_series() -> set[str]:
    """The series that documents not yet posted draw from as well."""
    return set(_setup_series(("sales_setup", _DRAWN), ("purchases_setup", _DRAWN)))


def _setup_series(*places: tuple[str, tuple[str, ...]]) -> Iterator[str]:
    for table, columns in places:
        for row in query(f"SELECT {', '.join(columns)} FROM {table}"):
            yield from (series for series in row if series)


def _posted_numbers() -> dict[str, list[str]]:
    numbers: dict[str, list[str]] = {}
    for series, no in query("SELECT number_series, no FROM posted_document"):
        numbers.setdefault(series, []).append(no)
    return numbers


def _document_numbers() -> list[str]:
    return [no for (no,) in query("SELECT no FROM used_document_no")]
