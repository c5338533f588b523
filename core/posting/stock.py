"""Stock and its cost: goods leave at the average, come in at their own cost, and no value is left on no pieces.

The rules are those of behaviour 13, *Stock and cost*. Quantities are signed into stock; costs are in LCY, rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from postroom.core import database as engine
from postroom.core.errors import Problem
from postroom.core.money import EXACT, LARGEST, ZERO, from_units, round_to, to_units, write
from postroom.core.posting.source import Source, SourceLine
from postroom.core.statements import answer, asked, execute, marks
from postroom.core.tables.base import database

_UNIT_COST_STEP = Decimal("0.00001")


@dataclass(slots=True)
class Stock:
    """One item on hand. `last_cost` is what one unit cost when there last was one, never under 0.

    The value may be: a corrected purchase takes along what it brought, also where dearer goods have left meanwhile.
    """

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    last_cost: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Movement:
    """What one line moved. `cost` has the sign of `quantity`; `adjustment` is what its item's value needed besides
    (it goes to cost of sales): a stock under zero valued anew, or value left on no pieces. A cancellation tells of that
    apart, as `left_over`, with what it takes of it to give it back.
    """

    item_no: str
    line_no: int
    quantity: Decimal
    cost: Decimal
    adjustment: Decimal
    left_over: Decimal = ZERO


def into_stock(document: Source, quantity: Decimal) -> Decimal:
    """A line's quantity, + into stock. A negative quantity moves as a return."""
    return quantity if document.type.receives else -quantity


@dataclass(frozen=True, slots=True)
class Held:
    """Items whose stock is held until the transaction ends; `rows` and the nos. of new ones, `made`, are asked for."""

    item_nos: Sequence[str]
    rows: Any
    made: Any

    def stocks(self) -> dict[str, Stock]:
        """What is on hand of each."""
        if not self.item_nos:
            return {}
        new = {no for (no,) in answer(self.made)} if self.made is not None else set()
        rows = answer(self.rows)
        if engine.is_postgres() and len(rows) < len(self.item_nos):  # a row that was known is gone
            _make(self.item_nos)
            rows = answer(_ask(self.item_nos, lock=True))
        _remember(set(self.item_nos) - new)
        return _stocks(self.item_nos, rows)


def hold(item_nos: Sequence[str]) -> Held:
    """Hold the stock of items by no. and ask for it, in a pipeline that may be open.

    Rows are held in the order of their nos. PostgreSQL can hold only what is there: a row is made where none is known,
    and now, for locks are taken in one order and those of the number series come after.
    """
    wanted = sorted(set(item_nos))
    if not wanted:
        return Held((), None, None)
    made = _make(wanted) if engine.is_postgres() and not _are_known(wanted) else None
    return Held(wanted, _ask(wanted, lock=True), made)


def read(item_nos: Sequence[str]) -> dict[str, Stock]:
    """Stock of items by no., as it is now."""
    wanted = sorted(set(item_nos))
    return _stocks(wanted, answer(_ask(wanted, lock=False))) if wanted else {}


def _stocks(wanted: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, Stock]:
    found = {no: Stock(from_units(quantity), from_units(value), from_units(last)) for no, quantity, value, last in rows}
    return {no: found.get(no) or Stock() for no in wanted}


def _ask(wanted: Sequence[str], *, lock: bool) -> Any:
    held = " FOR UPDATE" if lock and engine.is_postgres() else ""
    return asked(
        f"SELECT item_no, quantity, value, last_cost FROM item_stock WHERE item_no IN ({marks(len(wanted))})"
        f" ORDER BY item_no{held}",
        wanted,
    )


def _make(wanted: Sequence[str]) -> Any:
    return asked(
        "INSERT INTO item_stock (item_no, quantity, value, last_cost) VALUES "
        + ", ".join(["(?, 0, 0, 0)"] * len(wanted))
        + " ON CONFLICT (item_no) DO NOTHING RETURNING item_no",
        wanted,
    )


_known: tuple[Any, set[str]] = (None, set())
"""The open company and items of it that have a row of stock, which stays: it need not be made for every document."""
_MOST_KNOWN = 200_000


def _are_known(item_nos: Sequence[str]) -> bool:
    return _known[0] is database.obj and _known[1].issuperset(item_nos)


def _remember(item_nos: Iterable[str]) -> None:
    """Remember items whose row is there for good: not one that this transaction made and may take back."""
    global _known
    if _known[0] is not database.obj or len(_known[1]) > _MOST_KNOWN:
        _known = (database.obj, set())
    _known[1].update(item_nos)


def move(
    stock: Stock, quantity: Decimal, cost: Decimal | None, step: Decimal, *, restores: bool = False
) -> tuple[Decimal, Decimal]:
    """Move a quantity and return its cost (with the quantity's sign) and the adjustment of the item's value.

    `cost` is what the goods bring or take along (a purchase's cost, a corrected document's), None for the average.
    Goods that a correction `restores` value no other goods anew.
    """
    before, value = stock.quantity, stock.value
    if before > 0 and value >= 0:
        stock.last_cost = round_to(EXACT.divide(value, before), _UNIT_COST_STEP)
    if cost is None:
        cost = (
            -_outgoing(before, value, -quantity, stock.last_cost, step)
            if quantity < 0
            else _average(before, value, quantity, stock.last_cost, step)
        )
    after = before + quantity
    moved = value + cost
    wanted = moved
    if after == 0:
        wanted = ZERO
    elif quantity > 0 and before < 0 and not restores:
        wanted = round_to(EXACT.divide(EXACT.multiply(cost, after), quantity), step)
    stock.quantity, stock.value = after, wanted
    if after > 0:
        if wanted >= 0:
            stock.last_cost = round_to(EXACT.divide(wanted, after), _UNIT_COST_STEP)
    elif quantity > 0 and cost >= 0:
        stock.last_cost = round_to(EXACT.divide(cost, quantity), _UNIT_COST_STEP)
    return cost, wanted - moved


def _outgoing(before: Decimal, value: Decimal, quantity: Decimal, last_cost: Decimal, step: Decimal) -> Decimal:
    """The cost of goods that leave: the last unit takes the whole value, what is not there the last known cost."""
    if before <= 0:
        return round_to(EXACT.multiply(quantity, last_cost), step)
    if quantity < before:
        return round_to(EXACT.divide(EXACT.multiply(value, quantity), before), step)
    missing = quantity - before
    if value < 0:
        return value + round_to(EXACT.multiply(missing, last_cost), step)
    return value + round_to(EXACT.divide(EXACT.multiply(value, missing), before), step)


def _average(before: Decimal, value: Decimal, quantity: Decimal, last_cost: Decimal, step: Decimal) -> Decimal:
    """The cost at which goods come back that bring none of their own: never less than nothing."""
    if before <= 0 or value < 0:
        return round_to(EXACT.multiply(quantity, last_cost), step)
    return round_to(EXACT.divide(EXACT.multiply(value, quantity), before), step)


def write_back(stocks: Mapping[str, Stock]) -> None:
    """Store what the movements made of the locked items."""
    if not stocks:
        return
    execute(
        "INSERT INTO item_stock (item_no, quantity, value, last_cost) VALUES "
        + ", ".join(["(?, ?, ?, ?)"] * len(stocks))
        + " ON CONFLICT (item_no) DO UPDATE SET"
        " quantity = excluded.quantity, value = excluded.value, last_cost = excluded.last_cost",
        [
            stored
            for no, stock in stocks.items()
            for stored in (no, to_units(stock.quantity), to_units(stock.value), to_units(stock.last_cost))
        ],
    )


def shortages(document: Source, ship: Sequence[Decimal], stocks: Mapping[str, Stock]) -> Iterator[Problem]:
    """The lines whose item prevents negative stock and has not enough of it, counting the lines before them.

    `ship` is how much of each line moves. A cancellation moves its goods back from the last line to the first.
    """
    left = {no: stock.quantity for no, stock in stocks.items()}
    moves = [(line, part) for line, part in zip(document.lines, ship, strict=True) if part and is_guarded(line)]
    for line, quantity in reversed(moves) if document.cancels else moves:
        moved, available = into_stock(document, quantity), left[line.no]
        left[line.no] += moved
        if moved < 0 and left[line.no] < 0:
            yield Problem(
                "not_enough_stock",
                f"Item {line.no}: {write(-moved)} wanted, {write(max(available, ZERO))} in stock.",
                document.record,
                line.line_no,
                "quantity" if quantity == line.quantity else "qty_to_ship",
                write(quantity),
                f"Receive more of item {line.no}, lower the quantity, or allow negative stock on the item.",
            )


def too_large(document: Source, movements: Iterable[Movement], stocks: Mapping[str, Stock]) -> Iterator[Problem]:
    """The lines after which their item's quantity, value or cost has more digits than can be stored."""
    moved = ZERO
    for movement in movements:
        after = stocks[movement.item_no]
        moved += abs(movement.cost) + abs(movement.adjustment)
        if max(moved, abs(after.quantity), abs(after.value), after.last_cost) >= LARGEST:
            yield Problem(
                "stock_too_large",
                f"Item {movement.item_no}: quantity, value or cost of its stock would have more than 13 digits"
                " before the point.",
                document.record,
                movement.line_no,
                "quantity",
                write(abs(movement.quantity)),
                f"Check quantity and price, and the stock of item {movement.item_no}.",
            )


def is_guarded(line: SourceLine) -> bool:
    """Whether a line's item prevents negative stock."""
    return line.item is not None and line.item.prevent_negative
