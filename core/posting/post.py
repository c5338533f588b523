"""Posting a document, whole or in part: compute and check in memory, then lock items, draw numbers, write everything.

`prepare` only reads. `write` runs inside the caller's transaction, always in the same order (document, its Job Queue
Entry, items by no., number series by code, register), so that locks are short and no two postings wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from peewee import IntegrityError

from postroom.core import clock, numbering, posting_setup
from postroom.core import database as engine
from postroom.core.errors import CheckFailed, Refused
from postroom.core.kinds import Area, LineType, PostedKind
from postroom.core.money import ZERO
from postroom.core.numbering import SeriesLine
from postroom.core.posting import cancelling, check, checks, corrected, correction, remaining, rows, source, stock
from postroom.core.posting.amounts import LineAmounts
from postroom.core.posting.check import Computed
from postroom.core.posting.remaining import invoiced_goods
from postroom.core.posting.rows import Entries, Header, PostedRef, Stamp
from postroom.core.posting.source import Source
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.posting.stock import Movement, Stock
from postroom.core.posting_setup import PostingSetup
from postroom.core.printing import print_jobs
from postroom.core.printing.print_jobs import Destination
from postroom.core.printing.reports import Report
from postroom.core.statements import Row, answer, asked, execute, pipelined, query
from postroom.core.tables.base import instant_to_stored

__all__ = ["Plan", "PostedRef", "prepare", "write"]


@dataclass(frozen=True, slots=True)
class Plan:
    """A posting ready to be written. `posting_id` is borne by everything it writes."""

    computed: Computed
    user: str
    posting_id: str
    batch_no: int | None
    print_to: Mapping[Report, Destination]
    """Where its reports go, with Post and Print."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What `prepare` asks of the database, answered when it is read."""

    setup_version: Any
    document: source.Asked


def ask(document_id: int) -> Reading:
    """Ask for all that the posting of a document reads, in a pipeline that may be open."""
    return Reading(posting_setup.ask(), source.ask([document_id]))


def prepare(
    document_id: int,
    *,
    user: str,
    posting_id: str,
    batch_no: int | None = None,
    printing: bool = False,
    asked: Asked = AS_THE_DOCUMENT_SAYS,
    reading: Reading | None = None,
) -> Plan:
    """Compute and check a document, reading only; `reading`: what was asked already.

    Raises NotFound, or CheckFailed with every problem.
    """
    if reading is None:
        with pipelined():
            reading = ask(document_id)
    setup = posting_setup.current(reading.setup_version)
    computed = check.compute(source.one_of(reading.document), setup, user=user, asked=asked)
    if computed.problems:
        raise CheckFailed(computed.problems)
    reports = print_jobs.reports_of(computed.document.type) if printing else ()
    print_to = {report: print_jobs.destination(report, user=user) for report in reports}
    return Plan(computed, user, posting_id, batch_no, print_to)


class Ending(Protocol):
    """What ends along with a posting, in its transaction: held with its first locks, proven then, written last."""

    def hold(self) -> None: ...

    def require(self) -> None: ...

    def write(self) -> None: ...


def write(plan: Plan, ending: Ending | None = None) -> tuple[PostedRef, ...]:
    """Write everything the posting leaves behind, and remove the source document or what of it is done, in the
    caller's transaction. Returns the posted documents, goods before money.

    Raises CheckFailed for what only shows under the locks (stock taken meanwhile, a vendor's number used meanwhile),
    Refused when the document was changed since `prepare`, and what `ending` requires.
    """
    computed = plan.computed
    document = computed.document
    if document.corrects_no:
        _require_unchanged(document, answer(_hold_document(document)))
        _claim_original(computed)
    kinds = computed.step.kinds(document.type)
    with pipelined():
        held = _hold_document(document)
        if ending is not None:
            ending.hold()
        items = stock.hold([amount.line.no for amount, _ in _moved_lines(computed)])
        drawn = _draw(document, computed.setup, kinds)
    if ending is not None:
        ending.require()
    _require_unchanged(document, answer(held))
    movements, stocks = _move_stock(plan, items)
    headers, ids = _headers(plan, kinds, drawn)
    goods = invoiced_goods(computed, movements)
    entries = Entries(headers[0].stamp)
    for header in headers:
        if header.moves_goods:
            rows.goods_entries(entries, header, computed, movements)
        else:
            rows.money_entries(entries, header, computed, goods)
    try:
        with pipelined():
            stock.write_back(stocks)
            rows.insert_all(entries, headers, ids, computed, movements, goods)
            if computed.step.completes:
                execute("DELETE FROM document WHERE id = ?", (document.id,))  # its lines go along
            else:
                remaining.keep(computed, movements, goods)
            if plan.print_to:
                _queue_print_jobs(plan, headers)
            if ending is not None:
                ending.write()
    except IntegrityError as error:
        raise _integrity_problem(document, headers, error) from error
    return tuple(PostedRef(document.area, header.kind, header.no) for header in headers)


def _queue_print_jobs(plan: Plan, headers: Sequence[Header]) -> None:
    """One print job for each posted document that has a report."""
    made = [(Report(header.document.area, header.kind), header.no) for header in headers]
    wanted = [(report, no, plan.print_to[report]) for report, no in made if report in plan.print_to]
    print_jobs.queue(wanted, user=plan.user)


def _hold_document(document: Source) -> Any:
    """Hold the document's row and ask for its version."""
    held = " FOR UPDATE" if engine.is_postgres() else ""
    return asked(f"SELECT version FROM document WHERE id = ?{held}", (document.id,))


def _require_unchanged(document: Source, found: Sequence[Row]) -> None:
    """Raise Refused unless the document is as it was when the posting was computed."""
    if not found or found[0][0] != document.version:
        raise Refused(
            "The document was changed or posted by somebody else meanwhile.",
            code="document_changed",
            record=document.record,
            hint="Look at it again and post it again.",
        )


def _claim_original(computed: Computed) -> None:
    """Hold the document that is corrected, and see that it was not corrected since the posting was computed."""
    corrected.hold(computed.document)
    problems = tuple(corrected.problems(computed.document, computed.step, computed.amounts))
    if problems:
        raise CheckFailed(problems)


def _moved_lines(computed: Computed) -> list[tuple[LineAmounts, Decimal]]:
    """The item lines that move, with how much of each."""
    return [
        (amount, quantity)
        for amount, quantity in zip(computed.amounts.lines, computed.step.ship, strict=True)
        if quantity and amount.line.type is LineType.ITEM
    ]


def _move_stock(plan: Plan, held: stock.Held) -> tuple[dict[int, Movement], dict[str, Stock]]:
    """Move the goods of every item line, in the lines' order, under the locks of their items."""
    computed = plan.computed
    document, setup, ship = computed.document, computed.setup, computed.step.ship
    lines = _moved_lines(computed)
    stocks = held.stocks()
    problems = tuple(stock.shortages(document, ship, stocks))
    if problems:
        raise CheckFailed(problems)
    if computed.original is not None and computed.mirror is not None:
        movements = cancelling.move_goods(document, computed.mirror, computed.original, stocks, setup.precision)
        _refuse_too_large(document, movements, stocks)
        return movements, stocks
    returned = correction.cost_of_goods(document, computed.original, ship, sorted(stocks), setup.precision)
    movements = {}
    for amount, to_ship in lines:
        line = amount.line
        quantity = stock.into_stock(document, to_ship)
        cost, restores = None, False
        if line.line_no in returned:
            own = returned[line.line_no]
            cost, restores = (own if quantity > 0 else -own), True
        elif document.area is Area.PURCHASE and quantity > 0:
            worth = computed.costs.get(line.line_no, amount.net_lcy)
            # With more discount than price the goods come in at nothing, the rest is purchase variance.
            cost = max(worth if line.quantity > 0 else -worth, ZERO)
        movements[line.line_no] = Movement(
            line.no,
            line.line_no,
            quantity,
            *stock.move(stocks[line.no], quantity, cost, setup.precision, restores=restores),
        )
    _refuse_too_large(document, movements, stocks)
    return movements, stocks


def _refuse_too_large(document: Source, movements: Mapping[int, Movement], stocks: Mapping[str, Stock]) -> None:
    problems = tuple(stock.too_large(document, movements.values(), stocks))
    if problems:
        raise CheckFailed(problems)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a posting has drawn, answered when it is read: numbers by kind, and register with its documents' ids."""

    numbers: Mapping[PostedKind, tuple[SeriesLine, Any]]
    register: Any


def _draw(document: Source, setup: PostingSetup, kinds: Sequence[PostedKind]) -> Drawn:
    """Draw the posted numbers, the series locked in the order of their codes, and the register's."""
    series = setup.areas[document.area].series
    numbers = {}
    for kind in sorted(kinds, key=lambda kind: series[kind]):
        lines = setup.series.get(series[kind], ())
        line = numbering.valid_line(lines, document.posting_date)
        if line is None:
            raise numbering.refusal(numbering.problem_with(series[kind], lines, document.posting_date))
        numbers[kind] = (line, numbering.ask(line, on=document.posting_date))
    # PostgreSQL gives the documents' ids along, so that their lines need not wait for them.
    ids = ", nextval('posted_document_id_seq')" * len(kinds) if engine.is_postgres() else ""
    register = asked(
        f"UPDATE counter SET last_value = last_value + 1 WHERE name = 'gl_register' RETURNING last_value{ids}"
    )
    return Drawn(numbers, register)


def _headers(plan: Plan, kinds: Sequence[PostedKind], drawn: Drawn) -> tuple[list[Header], list[int]]:
    """The posted documents that come out, goods before money, and their ids where they are known already."""
    document, setup = plan.computed.document, plan.computed.setup
    numbers = {kind: numbering.drawn(line, answer(cursor))[0] for kind, (line, cursor) in drawn.numbers.items()}
    ((register_no, *ids),) = answer(drawn.register)
    stamp = Stamp(
        int(register_no),
        plan.posting_id,
        document.posting_date or date.min,
        "SALES" if document.area is Area.SALES else "PURCHASES",
        plan.user,
        instant_to_stored(clock.now()),
        plan.batch_no,
    )
    series = setup.areas[document.area].series
    return [Header(document, kind, numbers[kind], series[kind], stamp) for kind in kinds], ids


def _integrity_problem(document: Source, headers: Sequence[Header], error: IntegrityError) -> Exception:
    """The vendor's number, if another posting took it after the check, or a series that gives a number for the second
    time; any other clash is a bug and stays one.
    """
    text = str(error)
    if "vendor_document_no" in text:
        return CheckFailed((checks.vendor_document_no_used(document),))
    is_header = "posted_document" in text and not engine.is_postgres()
    if "posted_document_area_kind_no" in text or (is_header and any(map(_is_used, headers))):
        given = " or ".join(f"{header.no} of series {header.series}" for header in headers)
        return Refused(
            f"A number drawn for the posted documents is already used: {given}.",
            code="posted_number_used",
            record=document.record,
            hint="Give the series a line that starts after the last number used, or name another series in the setup.",
        )
    return error


def _is_used(header: Header) -> bool:
    """Whether a posted document has this number. SQLite names no index where a guard of the posted rows refuses."""
    return bool(
        query(
            "SELECT 1 FROM posted_document WHERE area = ? AND kind = ? AND no = ?",
            (header.document.area.value, header.kind.value, header.no),
        )
    )
