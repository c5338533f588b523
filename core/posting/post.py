"""Posting a document, whole or in part: compute and check in memory, then lock items, draw numbers, write everything.

`prepare` only reads. `write` runs inside the caller's transaction, always in the same order (items by no., number
series by code, register), so that locks are short and no two postings wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from peewee import IntegrityError

from postroom.core import clock, numbering, posting_setup
from postroom.core import database as engine
from postroom.core.errors import CheckFailed, Refused
from postroom.core.kinds import Area, LineType, PostedKind
from postroom.core.money import ZERO
from postroom.core.posting import cancelling, check, checks, corrected, correction, remaining, rows, source, stock
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
from postroom.core.statements import execute, pipelined, query
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


def prepare(
    document_id: int,
    *,
    user: str,
    posting_id: str,
    batch_no: int | None = None,
    printing: bool = False,
    asked: Asked = AS_THE_DOCUMENT_SAYS,
) -> Plan:
    """Compute and check a document, reading only. Raises NotFound, or CheckFailed with every problem."""
    computed = check.compute(source.read(document_id), posting_setup.current(), user=user, asked=asked)
    if computed.problems:
        raise CheckFailed(computed.problems)
    reports = print_jobs.reports_of(computed.document.type) if printing else ()
    print_to = {report: print_jobs.destination(report, user=user) for report in reports}
    return Plan(computed, user, posting_id, batch_no, print_to)


def write(plan: Plan) -> tuple[PostedRef, ...]:
    """Write everything the posting leaves behind, and remove the source document or what of it is done, in the
    caller's transaction. Returns the posted documents, goods before money.

    Raises CheckFailed for what only shows under the locks (stock taken meanwhile, a vendor's number used meanwhile),
    and Refused when the document was changed since `prepare`.
    """
    computed = plan.computed
    document, setup = computed.document, computed.setup
    _claim_document(document)
    if document.corrects_no:
        _claim_original(computed)
    movements, stocks = _move_stock(plan)
    kinds = computed.step.kinds(document.type)
    numbers = _draw_numbers(document, setup, kinds)
    register_no = _next_register()
    stamp = Stamp(
        register_no,
        plan.posting_id,
        document.posting_date or date.min,
        "SALES" if document.area is Area.SALES else "PURCHASES",
        plan.user,
        instant_to_stored(clock.now()),
        plan.batch_no,
    )
    headers = [Header(document, kind, numbers[kind], setup.areas[document.area].series[kind], stamp) for kind in kinds]
    goods = invoiced_goods(computed, movements)
    entries = Entries(stamp)
    for header in headers:
        if header.moves_goods:
            rows.goods_entries(entries, header, computed, movements)
        else:
            rows.money_entries(entries, header, computed, goods)
    try:
        with pipelined():
            stock.write_back(stocks)
            rows.insert_all(entries, headers, computed, movements, goods)
            if computed.step.completes:
                execute("DELETE FROM document_line WHERE document_id = ?", (document.id,))
                execute("DELETE FROM document WHERE id = ?", (document.id,))
            else:
                remaining.keep(computed, movements, goods)
            if plan.print_to:
                _queue_print_jobs(plan, headers)
    except IntegrityError as error:
        raise _integrity_problem(document, headers, error) from error
    return tuple(PostedRef(document.area, header.kind, header.no) for header in headers)


def _queue_print_jobs(plan: Plan, headers: Sequence[Header]) -> None:
    """One print job for each posted document that has a report."""
    made = [(Report(header.document.area, header.kind), header.no) for header in headers]
    wanted = [(report, no, plan.print_to[report]) for report, no in made if report in plan.print_to]
    print_jobs.queue(wanted, user=plan.user)


def _claim_document(document: Source) -> None:
    """Hold the document's row and see that it is as it was when the posting was computed."""
    held = " FOR UPDATE" if engine.is_postgres() else ""
    found = query(f"SELECT version FROM document WHERE id = ?{held}", (document.id,))
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


def _move_stock(plan: Plan) -> tuple[dict[int, Movement], dict[str, Stock]]:
    """Move the goods of every item line, in the lines' order, under the locks of their items."""
    computed = plan.computed
    document, setup, ship = computed.document, computed.setup, computed.step.ship
    lines = [
        (amount, quantity)
        for amount, quantity in zip(computed.amounts.lines, ship, strict=True)
        if quantity and amount.line.type is LineType.ITEM
    ]
    stocks = stock.read([amount.line.no for amount, _ in lines], lock=True)
    if any(stock.is_guarded(amount.line) for amount, _ in lines):
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


def _draw_numbers(document: Source, setup: PostingSetup, kinds: tuple[PostedKind, ...]) -> dict[PostedKind, str]:
    """The posted numbers, the series locked in the order of their codes."""
    series = setup.areas[document.area].series
    drawn = {}
    for kind in sorted(kinds, key=lambda kind: series[kind]):
        lines = setup.series.get(series[kind], ())
        line = numbering.valid_line(lines, document.posting_date)
        if line is None:
            raise numbering.refusal(numbering.problem_with(series[kind], lines, document.posting_date))
        (drawn[kind],) = numbering.draw_from(line, on=document.posting_date)
    return drawn


def _next_register() -> int:
    ((number,),) = query(
        "UPDATE counter SET last_value = last_value + 1 WHERE name = 'gl_register' RETURNING last_value"
    )
    return int(number)


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
