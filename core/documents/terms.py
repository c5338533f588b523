"""What a document's dates decide: when it is due by the party's payment days, and its currency factor by the rates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from postroom.core.errors import Problem
from postroom.core.kinds import DocumentType
from postroom.core.money import FACTOR_SCALE, from_units, to_units
from postroom.core.posting.source import as_date
from postroom.core.statements import execute, marks, pipelined, query
from postroom.core.tables.setup import ExchangeRate


def due_date(document_date: date | None, payment_days: int) -> date | None:
    """The document date plus the party's Payment Days."""
    if document_date is None:
        return None
    try:
        return document_date + timedelta(days=payment_days)
    except OverflowError:
        return date.max


def factor_on(code: str, day: date | None) -> Decimal | None:
    """The latest exchange rate of a currency on a day (LCY per unit); None where there is none."""
    if not code:
        return None
    rates = ExchangeRate.select().where(ExchangeRate.currency_code == code)
    if day is not None:
        rates = rates.where(ExchangeRate.starting_date <= day)
    rate = rates.order_by(ExchangeRate.starting_date.desc()).first()
    return rate.factor if rate is not None else None


def no_factor(record: str, code: str, day: date | None, value: str) -> Problem:
    """The problem of a currency without an exchange rate on a day."""
    return Problem(
        "currency_invalid",
        f"Currency {code} has no exchange rate on {day or 'that day'}.",
        record,
        field="currency_factor",
        value=value,
        hint="Give currency_factor, or add a rate.",
    )


@dataclass(frozen=True, slots=True)
class Dated:
    """A document's dates and factor as they would be written."""

    id: int
    posting_date: date | None
    document_date: date | None
    due_date: date | None
    currency_factor: Decimal


def redated(
    ids: Sequence[int], *, posting_date: date | None, document_date: date | None
) -> tuple[dict[int, Dated], dict[int, Problem]]:
    """Documents with other dates (None keeps theirs), by id, and why some cannot bear them. Nothing is written.

    What came of the old dates follows the new ones, what was typed instead stays: the due date the document date, the
    currency factor the posting date.
    """
    rates: dict[tuple[str, date | None], Decimal | None] = {}

    def factor(code: str, day: date | None) -> Decimal | None:
        if (code, day) not in rates:
            rates[code, day] = factor_on(code, day)
        return rates[code, day]

    done: dict[int, Dated] = {}
    problems: dict[int, Problem] = {}
    for id_, type_, no, *dates, code, units, days in query(
        "SELECT d.id, d.type, d.no, d.posting_date, d.document_date, d.due_date, d.currency_code, d.currency_factor,"
        " COALESCE(p.payment_days, 0) FROM document d LEFT JOIN party p ON p.no = d.party_no"
        " AND p.area = CASE WHEN d.type LIKE 'sales%' THEN 'sales' ELSE 'purchase' END"
        f" WHERE d.id IN ({marks(len(ids))})",
        ids,
    ):
        posted_on, dated_on, due_on = (as_date(stored) for stored in dates)
        own = from_units(units, FACTOR_SCALE)
        if code and posting_date is not None and own == factor(code, posted_on):
            rate = factor(code, posting_date)
            if rate is None:
                record = f"{DocumentType(type_).title} {no}"
                problems[id_] = no_factor(record, code, posting_date, str(own))
                continue
            own = rate
        if document_date is not None and due_on == due_date(dated_on, days):
            due_on = due_date(document_date, days)
        done[id_] = Dated(id_, posting_date or posted_on, document_date or dated_on, due_on, own)
    return done, problems


def write(documents: Iterable[Dated]) -> None:
    """Write dates and factors, in the caller's transaction; a posting computed before does not write after it."""
    with pipelined():
        for one in documents:
            execute(
                "UPDATE document SET posting_date = ?, document_date = ?, due_date = ?, currency_factor = ?,"
                " amount_taken = CASE WHEN currency_factor = ? THEN amount_taken ELSE 0 END, version = version + 1"
                " WHERE id = ?",
                (
                    *(None if day is None else day.isoformat() for day in _dates(one)),
                    *[to_units(one.currency_factor, FACTOR_SCALE)] * 2,
                    one.id,
                ),
            )


def _dates(one: Dated) -> tuple[date | None, date | None, date | None]:
    return one.posting_date, one.document_date, one.due_date
