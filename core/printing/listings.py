"""Reports over many records, each one table, on paper and as text: posting register, trial balance, batch result.

What a listing is about stands in the place of a document no.: a filter over registers (`12..15`, or `posting_date=…`),
a period (`2026-01-01..2026-03-31`), a batch no. Amounts are in LCY.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from peewee import Field

from postroom.core import clock, company, filters, values
from postroom.core.errors import Problem, Refused
from postroom.core.kinds import AccountType, PostedKind
from postroom.core.money import ZERO, from_units, places
from postroom.core.printing import paper
from postroom.core.printing.paper import Paper, grouped, text_of
from postroom.core.printing.reports import BATCH_RESULT, POSTING_REGISTER, TRIAL_BALANCE, Listing
from postroom.core.statements import in_parts, query
from postroom.core.tables.ledgers import GlEntry, GlRegister
from postroom.core.tables.setup import GeneralLedgerSetup, GlAccount

LARGEST = 20_000
"""Rows that a listing may have: one of more is no reading matter, and would keep its printer for minutes."""

HEADING, LINE, TOTAL = "heading", "line", "total"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a listing. A heading has one cell, which goes over all columns."""

    style: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a listing says: `columns` are captions, those of numbers end with `>`; `facts` stand above the rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    facts: tuple[tuple[str, str], ...]


def newest(listing: Listing) -> str:
    """What a listing is about when nobody says it: the last register, the newest batch; a trial balance all."""
    table = {POSTING_REGISTER: "gl_register", BATCH_RESULT: "batch"}.get(listing)
    if table is None:
        return ""
    ((number,),) = query(f"SELECT max(no) FROM {table}")
    return "" if number is None else str(number)


def read(listing: Listing, about: str) -> Paper:
    """A listing. Raises UsageError for what it cannot be about, NotFound and Refused where there is nothing to tell."""
    return _paper(listing, about, _READERS[listing](about))


def sample(listing: Listing) -> Paper:
    """A listing of nothing real: what a layout is tried with."""
    rows = (Row(HEADING, ("A heading",)), Row(LINE, ("A line", "1.00")), Row(TOTAL, ("Total", "1.00")))
    return _paper(listing, "SAMPLE", Table(("Name", "Amount>"), rows, (("About", "SAMPLE"),)))


def _paper(listing: Listing, about: str, table: Table) -> Paper:
    now = clock.now().astimezone(company.time_zone())
    facts = (*table.facts, ("Printed", f"{now:%Y-%m-%d %H:%M}"))
    content = {
        "report": listing.name,
        "title": listing.title,
        "company": paper.company_on_paper(),
        "facts": [{"name": name, "value": text_of(value)} for name, value in facts],
        "columns": [{"caption": one.rstrip(">"), "is_number": one.endswith(">")} for one in table.columns],
        "rows": [{"style": row.style, "cells": [text_of(cell) for cell in row.cells]} for row in table.rows],
    }
    return Paper(listing, about, 0, content)


def as_text(content: Mapping[str, Any]) -> str:
    """What a listing says, for a terminal as wide as it takes: its columns below each other."""
    captions = [column["caption"] for column in content["columns"]]
    rows = [(row["style"], [whole(cell) for cell in row["cells"]]) for row in content["rows"]]
    lines = [cells for style, cells in rows if style != HEADING]
    widths = [max(map(len, column)) for column in zip(captions, *lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        parts = (
            cell.rjust(width) if column["is_number"] else cell.ljust(width)
            for cell, width, column in zip(cells, widths, content["columns"], strict=True)
        )
        return "  ".join(parts).rstrip()

    told = [content["title"], *(f"{fact['name']}: {whole(fact['value'])}" for fact in content["facts"])]
    told += ["", line(captions)]
    for style, cells in rows:
        told += ["", cells[0]] if style == HEADING else [line(cells)]
    return "\n".join(told)


def whole(cell: str) -> str:
    """A text for paper without the places where it may break."""
    return cell.replace("\u200b", "")


def _posting_register(about: str) -> Table:
    """Every entry of the registers, each register balancing."""
    keys: dict[str, Field] = {
        "no": GlRegister.no,
        "posting_date": GlRegister.posting_date,
        "source_code": GlRegister.source_code,
    }
    keys |= {"user": GlRegister.user_id, "posting_id": GlRegister.posting_id}
    wanted = about if "=" in about or not about.strip() else f"no={about}"
    select = GlRegister.select().order_by(GlRegister.no)
    for condition in filters.conditions(wanted, keys, ()):
        select = select.where(condition)
    registers = list(select.limit(LARGEST))
    if not registers:
        message = f"There is no register {about}." if about else "Nothing is posted yet."
        raise _nothing(
            POSTING_REGISTER, about, message, "`postroom ledger gl` shows what is posted, with its registers."
        )
    names = {account.no: account.name for account in GlAccount.select(GlAccount.no, GlAccount.name)}
    entries: dict[int, list[GlEntry]] = {}
    count = 0
    for part in in_parts([register.no for register in registers]):
        for entry in GlEntry.select().where(GlEntry.register_no << part).order_by(GlEntry.entry_no):
            entries.setdefault(entry.register_no, []).append(entry)
            count += 1
        refuse_large(POSTING_REGISTER, about, count)
    write = _writer()
    rows: list[Row] = []
    total = _Sides()
    for register in registers:
        stamp = f"{register.posting_date.isoformat()}  {register.source_code}  {register.user_id}"
        rows.append(Row(HEADING, (f"Register {register.no}  {stamp}",)))
        sides = _Sides()
        for entry in entries.get(register.no, ()):
            sides.add(entry.amount)
            total.add(entry.amount)
            kind, name = PostedKind(entry.document_kind).title, names.get(entry.account_no, "")
            cells = (f"{kind} {entry.document_no}", entry.account_no, name, *_split(entry.amount, write))
            rows.append(Row(LINE, cells))
        rows.append(Row(TOTAL, ("", "", "", *sides.written(write))))
    rows.append(Row(TOTAL, ("Total", "", "", *total.written(write))))
    first, last = registers[0].no, registers[-1].no
    facts = (("Registers", f"{first}..{last}" if first != last else str(first)), ("Number", f"{len(registers):,}"))
    return Table(("Document", "Account", "Name", "Debit>", "Credit>"), tuple(rows), facts)


def _trial_balance(about: str) -> Table:
    """Net change in the period and balance at its end, of every account that has either; debits equal credits."""
    first, last = _period(about)
    figures = {
        account: (from_units(int(change)), from_units(int(balance)))
        for account, change, balance in query(
            "SELECT account_no, SUM(CASE WHEN posting_date >= ? THEN amount ELSE 0 END), SUM(amount)"
            " FROM gl_entry WHERE posting_date <= ? GROUP BY account_no",
            (first.isoformat(), last.isoformat()),
        )
    }
    write = _writer()
    rows: list[Row] = []
    changes, balances = _Sides(), _Sides()
    for account in GlAccount.select().order_by(GlAccount.no):
        if account.type is AccountType.HEADING:
            rows.append(Row(HEADING, (f"{account.no}  {account.name}".strip(),)))
        change, balance = figures.pop(account.no, (ZERO, ZERO))
        if change or balance:
            changes.add(change)
            balances.add(balance)
            cells = (account.no, account.name, *_split(change, write), *_split(balance, write))
            rows.append(Row(LINE, cells))
    if not any(row.style == LINE for row in rows):
        raise _nothing(TRIAL_BALANCE, about, "No account has a balance then.", "Choose a later period.")
    rows.append(Row(TOTAL, ("", "Total", *changes.written(write), *balances.written(write))))
    columns = ("No.", "Name", "Net Change Debit>", "Net Change Credit>", "Balance Debit>", "Balance Credit>")
    shown = f"{'' if first == date.min else first}..{'' if last == date.max else last}" if about else "All"
    return Table(columns, tuple(rows), (("Period", shown), ("Amounts in", GeneralLedgerSetup.get_by_id(1).lcy_code)))


def _batch_result(about: str) -> Table:
    from postroom.core.printing import batch_result  # imported late: jobs stand above printing

    return batch_result.read(about)


_READERS: Mapping[Listing, Callable[[str], Table]] = {
    POSTING_REGISTER: _posting_register,
    TRIAL_BALANCE: _trial_balance,
    BATCH_RESULT: _batch_result,
}


@dataclass(slots=True)
class _Sides:
    """Debits and credits added up."""

    debit: Decimal = ZERO
    credit: Decimal = ZERO

    def add(self, amount: Decimal) -> None:
        if amount > 0:
            self.debit += amount
        else:
            self.credit -= amount

    def written(self, write: Callable[[Decimal], str]) -> tuple[str, str]:
        return write(self.debit), write(self.credit)


def _split(amount: Decimal, write: Callable[[Decimal], str]) -> tuple[str, str]:
    """An amount in the column of its side."""
    return (write(amount), "") if amount > 0 else ("", write(-amount)) if amount else ("", "")


def _writer() -> Callable[[Decimal], str]:
    least = places(GeneralLedgerSetup.get_by_id(1).amount_rounding_precision)
    return lambda amount: grouped(amount, least)


def _period(about: str) -> tuple[date, date]:
    """`2026-01-01..2026-03-31`, either end blank, or one day."""
    start, dots, end = about.strip().partition("..")
    try:
        first = date.fromisoformat(start.strip()) if start.strip() else date.min
        last = date.fromisoformat(end.strip()) if end.strip() else (date.max if dots or not start else first)
    except ValueError:
        refuse_about(TRIAL_BALANCE, about, f"{about} is not a period.", "Write it as 2026-01-01..2026-03-31.")
        raise
    if first > last:
        refuse_about(TRIAL_BALANCE, about, f"The period {about} ends before it begins.", "Exchange the two dates.")
    return first, last


def refuse_about(listing: Listing, about: str, message: str, hint: str) -> None:
    """Raise UsageError: a listing cannot be about that."""
    values.refuse_all([Problem("bad_value", message, listing.title, field=listing.about, value=about, hint=hint)])


def refuse_large(listing: Listing, about: str, count: int) -> None:
    """Raise Refused where a listing would have too many lines."""
    if count > LARGEST:
        raise Refused(
            f"The {listing.title} would have more than {LARGEST:,} lines.",
            code="listing_too_large",
            record=listing.title,
            field=listing.about,
            value=about,
            hint="Choose less, such as 1..1000."
            if listing is POSTING_REGISTER
            else "`postroom ledger gl` and `export` have no limit.",
        )


def _nothing(listing: Listing, about: str, message: str, hint: str) -> Refused:
    return Refused(
        message,
        code="nothing_to_print",
        record=listing.title,
        field=listing.about,
        value=about,
        hint=hint,
    )
