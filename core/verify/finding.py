"""What a check found, and the ways in which checks ask: count, compare two sides, name the first offenders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from postroom.core.kinds import Area, DocumentType, PostedKind
from postroom.core.money import from_units, write
from postroom.core.statements import query

NAMED = 5
"""How many offenders a detail names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`examined` rows, of which `wrong` offend; `named` are sentences about the first of those."""

    examined: int = 0
    wrong: int = 0
    named: tuple[str, ...] = ()

    def __add__(self, other: Finding) -> Finding:
        named = (*self.named, *other.named)[:NAMED]
        return Finding(self.examined + other.examined, self.wrong + other.wrong, named)

    @property
    def detail(self) -> str:
        """The first offenders, and how many more there are; blank when there are none."""
        more = self.wrong - len(self.named)
        return " ".join((*self.named, f"And {more} more.") if more > 0 else self.named)


def examined(*tables: str) -> Finding:
    """All rows of these tables, none of them wrong so far."""
    return Finding(sum(int(query(f"SELECT COUNT(*) FROM {table}")[0][0]) for table in tables))


def offenders(sql: str, sentence: Callable[..., str], parameters: Sequence[Any] = ()) -> Finding:
    """The rows of `sql`, each an offender told by `sentence(*columns)`; the first by their first column are named."""
    rows = query(
        f"SELECT offender.*, COUNT(*) OVER () FROM ({sql}) AS offender ORDER BY 1 LIMIT {NAMED}",
        parameters,
    )
    return Finding(0, int(rows[0][-1]) if rows else 0, tuple(sentence(*row[:-1]) for row in rows))


def differing(sides: Sequence[str], keys: Sequence[str]) -> str:
    """SQL for the keys at which two sides do not add up to the same.

    Each side selects the keys and `amount`; columns of the result are the keys, the left sum and the right sum.
    """
    by = ", ".join(keys)
    left, right = (
        f"SELECT {by}, {amount} FROM ({side}) AS side{number}"
        for number, (side, amount) in enumerate(
            zip(
                sides,
                ("amount AS left_amount, 0 AS right_amount", "0 AS left_amount, amount AS right_amount"),
                strict=True,
            )
        )
    )
    return (
        f"SELECT {by}, SUM(left_amount) AS left_sum, SUM(right_amount) AS right_sum"
        f" FROM ({left} UNION ALL {right}) AS both_sides GROUP BY {by} HAVING SUM(left_amount) <> SUM(right_amount)"
    )


def shown(units: Any) -> str:
    """A scaled integer (also as PostgreSQL's numeric) as an exact decimal with at least two places."""
    return write(from_units(int(units)), 2)


def posted_title(kind: str, no: str, area: str = "") -> str:
    """`Posted Sales Invoice 103001`; a kind or area that the business does not know is shown as it is stored."""
    title = PostedKind(kind).title if kind in set(PostedKind) else kind
    return " ".join(part for part in ("Posted", Area(area).title() if area in set(Area) else area, title, no) if part)


def source_title(type_: str, no: str) -> str:
    """`Sales Order S-ORD1001`."""
    return f"{DocumentType(type_).title if type_ in set(DocumentType) else type_} {no}"
