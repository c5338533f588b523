"""What a correction gives back of an item's value besides the cost of its own goods, so that nothing stays behind.

Goods that leave an empty stock are valued by the next receipt, whose adjustment goes to cost of sales (behaviour 13).
Taken back, they bring what a receipt added to them; and a receipt taken back takes along the rest of its adjustment.
What was left on no pieces is there again for the next correction, unless goods moved for another reason meanwhile.

Register numbers are in the order in which an item moved, for a posting draws its own while it holds its items.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from postroom.core.money import EXACT, SMALLEST, ZERO, from_units, round_to
from postroom.core.statements import marks, query
from postroom.core.tables.ledgers import ADJUSTMENT, LEFT_OVER


@dataclass(frozen=True, slots=True)
class Restored:
    """What a cancelled posting changes of an item's value beyond its lines, in LCY, + into stock."""

    adjustment: Decimal
    """Its own adjustments turned, without what corrections have taken back of them."""
    left_over: Decimal
    """What corrections before it had written off because no pieces were left."""
    shares: Decimal = ZERO
    """What receipts added to its own goods later."""


def shares_of(register_no: int, item_no: str, adjustments: Mapping[int, Decimal], step: Decimal) -> dict[int, Decimal]:
    """What receipts, not cancelled, added to the goods that each line of a posting took from an empty stock, by line.

    The posting is register `register_no`; `adjustments` are the receipts' in LCY by register, `step` its precision.
    """
    story = _Story(item_no, register_no, step)
    shares: dict[int, Decimal] = {}
    for share in story.shares(adjustments):
        if share.register_no == register_no and share.receipt not in story.cancelled:
            shares[share.line_no] = shares.get(share.line_no, ZERO) + share.cost
    return shares


def of_cancelled(register_no: int, item_nos: Sequence[str], step: Decimal) -> dict[str, Restored]:
    """What cancelling the posting that is register `register_no` restores of each item besides its lines' costs.

    What receipts added to goods that earlier postings of the same order moved is not among it.
    """
    left_over = written_off(item_nos)
    found = {no: Restored(ZERO, left_over.get(no, ZERO)) for no in item_nos}
    for item_no, adjustments in _adjustments(register_no, item_nos).items():
        own = adjustments.get(register_no, ZERO)
        since = _last_covered(item_no, register_no) if own else register_no
        story = _Story(item_no, since, step)
        restored, shares = -own - _left_over_of(register_no, item_no), ZERO
        for share in story.shares(adjustments):
            if share.receipt == register_no:
                restored -= story.taken(share)
            elif share.register_no == register_no and share.receipt not in story.cancelled:
                shares += share.cost
        found[item_no] = Restored(restored, left_over.get(item_no, ZERO), shares)
    return found


def moved_before(register_no: int, source: tuple[str, str]) -> bool:
    """Whether goods of a document in parts, by type and no., moved before the posting that is a register."""
    return bool(
        query(
            "SELECT 1 FROM posted_document WHERE source_type = ? AND source_no = ? AND register_no < ?"
            " AND kind NOT IN ('invoice', 'credit_memo') LIMIT 1",
            (*source, register_no),
        )
    )


def written_off(item_nos: Sequence[str]) -> dict[str, Decimal]:
    """What corrections wrote off of items that have no pieces left, if nothing but corrections moved them since."""
    if not item_nos:
        return {}
    known = query(
        f"SELECT DISTINCT item_no FROM value_entry WHERE item_no IN ({marks(len(item_nos))}) AND line_no <= 0",
        item_nos,
    )
    found = {}
    for (item_no,) in known:
        ((units,),) = query(
            "SELECT COALESCE(SUM(cost_amount), 0) FROM value_entry"
            " WHERE item_no = ? AND line_no = ? AND line_no <= 0 AND register_no > ?",
            (item_no, LEFT_OVER, _last_ordinary(item_no)),
        )
        if units:
            found[item_no] = -from_units(int(units))
    return found


def _left_over_of(register_no: int, item_no: str) -> Decimal:
    """What a posting wrote off because no pieces were left, unless `written_off` restores it anyway."""
    ((units,),) = query(
        "SELECT COALESCE(SUM(cost_amount), 0) FROM value_entry"
        " WHERE item_no = ? AND line_no = ? AND line_no <= 0 AND register_no = ?",
        (item_no, LEFT_OVER, register_no),
    )
    return from_units(int(units)) if units and register_no <= _last_ordinary(item_no) else ZERO


def _last_ordinary(item_no: str) -> int:
    """The register in which an item moved last without a correction; 0 if there is none."""
    found = query(
        "SELECT register_no FROM item_ledger_entry e WHERE item_no = ? AND NOT EXISTS (SELECT 1 FROM posted_document d"
        " WHERE d.posting_id = e.posting_id AND d.corrects_no <> '') ORDER BY entry_no DESC LIMIT 1",
        (item_no,),
    )
    return int(found[0][0]) if found else 0


def _adjustments(since: int, item_nos: Sequence[str]) -> dict[str, dict[int, Decimal]]:
    """By item and register what postings from a register on adjusted of the items' value."""
    found: dict[str, dict[int, Decimal]] = {}
    if not item_nos:
        return found
    for item_no, line_no, register_no, cost in query(
        "SELECT item_no, line_no, register_no, SUM(cost_amount) FROM value_entry WHERE line_no <= 0"
        f" AND register_no >= ? AND item_no IN ({marks(len(item_nos))}) GROUP BY item_no, line_no, register_no",
        (since, *item_nos),
    ):
        adjusted = found.setdefault(item_no, {})
        if line_no == ADJUSTMENT:
            adjusted[register_no] = from_units(int(cost))
    return found


def _last_covered(item_no: str, before: int) -> int:
    """The last register before another at which the item was not short; 0 if it always was."""
    ((register_no,),) = query(
        "SELECT COALESCE(MAX(register_no), 0) FROM (SELECT register_no, SUM(quantity) OVER"
        " (ORDER BY register_no, entry_no) AS balance FROM item_ledger_entry WHERE item_no = ? AND register_no < ?)"
        " AS running WHERE balance >= 0",
        (item_no, before),
    )
    return int(register_no)


@dataclass(slots=True)
class _Short:
    """Pieces that a line took and that were not there, of `moved` in all."""

    register_no: int
    line_no: int
    quantity: Decimal
    moved: Decimal


@dataclass(frozen=True, slots=True)
class _Share:
    """What the posting that is register `receipt` added to the cost of a line's goods, in LCY."""

    receipt: int
    register_no: int
    line_no: int
    cost: Decimal
    moved: Decimal


class _Story:
    """How an item moved from a register on, and which corrections moved it."""

    def __init__(self, item_no: str, since: int, step: Decimal) -> None:
        self.item_no, self.since, self.step = item_no, since, step
        self.corrected: dict[int, Mapping[tuple[int, int], Decimal]] = {}
        """Registers of corrections, each with what had moved the goods that it moves back, as `_parts_of_invoice`."""
        self.cancelled: set[int] = set()
        for register_no, original, cancels, *source in query(
            "SELECT c.register_no, o.register_no, c.cancels, o.source_type, o.source_no FROM posted_document c"
            " JOIN posted_document o ON o.area = c.area AND o.no = c.corrects_no"
            " AND o.kind = CASE WHEN c.kind IN ('shipment', 'receipt') THEN 'credit_memo' ELSE 'invoice' END"
            " WHERE c.corrects_no <> '' AND c.kind NOT IN ('invoice', 'credit_memo') AND c.register_no IN"
            " (SELECT register_no FROM item_ledger_entry WHERE item_no = ? AND register_no > ?)",
            (item_no, since),
        ):
            self.corrected[register_no] = _parts_of_invoice((source[0], source[1]), original, item_no)
            if cancels:
                self.cancelled.add(original)
        self.given_back: dict[tuple[int, int], Decimal] = {}
        """By register and line how many of its pieces corrections have moved back."""

    def shares(self, adjustments: Mapping[int, Decimal]) -> list[_Share]:
        """What each adjusting receipt added to each line that was short of goods; the oldest pieces are served first.

        `adjustments` are in LCY by register; corrections value no other goods anew.
        """
        ((before,),) = query(
            "SELECT COALESCE(SUM(quantity), 0) FROM item_ledger_entry WHERE item_no = ? AND register_no < ?",
            (self.item_no, self.since),
        )
        stock, shares = from_units(int(before)), list[_Share]()
        short = [_Short(0, 0, -stock, -stock)] if stock < 0 else []
        left = {register: cost for register, cost in adjustments.items() if register not in self.corrected}
        for register_no, line_no, units in query(
            "SELECT register_no, line_no, quantity FROM item_ledger_entry WHERE item_no = ? AND register_no >= ?"
            " ORDER BY register_no, entry_no",
            (self.item_no, self.since),
        ):
            quantity = from_units(units)
            missing, after = max(-stock, ZERO), max(-stock - quantity, ZERO)
            originals = self.corrected.get(register_no, {})
            for (moved_by, of_line), part in originals.items():
                if of_line == line_no:
                    key = (moved_by, line_no)
                    self.given_back[key] = self.given_back.get(key, ZERO) + EXACT.multiply(abs(quantity), part)
            if after > missing:
                short.append(_Short(register_no, line_no, after - missing, abs(quantity)))
            elif missing:
                shares += self._shared(register_no, left.pop(register_no, ZERO), short)
                short = _served(short, missing - after, {moved_by for moved_by, _ in originals})
            stock += quantity
        return shares

    def _shared(self, receipt: int, adjustment: Decimal, short: Sequence[_Short]) -> list[_Share]:
        """An adjustment spread over the pieces that were short, carrying the remainder; it may be finer than `step`."""
        if not adjustment:
            return []
        missing = sum((part.quantity for part in short), ZERO)
        shares, so_far, given = [], ZERO, ZERO
        for part in short:
            so_far += part.quantity
            whole = EXACT.divide(EXACT.multiply(-adjustment, so_far), missing)
            cost = (-adjustment if so_far == missing else round_to(whole, self.step)) - given
            given += cost
            shares.append(_Share(receipt, part.register_no, part.line_no, cost, part.moved))
        return shares

    def taken(self, share: _Share) -> Decimal:
        """The part of a share that corrections of its line have taken back."""
        back = round_to(self.given_back.get((share.register_no, share.line_no), ZERO), SMALLEST)
        if back >= share.moved:
            return share.cost
        return round_to(EXACT.divide(EXACT.multiply(share.cost, back), share.moved), self.step)


def _parts_of_invoice(source: tuple[str, str], register_no: int, item_no: str) -> dict[tuple[int, int], Decimal]:
    """Which part of each of its lines an invoice took of the pieces that each posting of its document had moved.

    The document goes by type and no., the invoice by its register, the parts by register and line. Each invoice takes
    of what is moved by then and not yet invoiced, of all of it alike.
    """
    posted = query(
        "SELECT d.register_no, d.kind IN ('invoice', 'credit_memo'), l.line_no, l.quantity FROM posted_document d"
        " JOIN posted_line l ON l.posted_document_id = d.id WHERE d.source_type = ? AND d.source_no = ?"
        " AND d.register_no <= ? AND l.type = 'item' AND l.no = ? AND l.quantity <> 0",
        (*source, register_no, item_no),
    )
    left: dict[int, dict[int, Decimal]] = {}
    parts: dict[tuple[int, int], Decimal] = {}
    for register, is_invoice, line_no, units in sorted(posted):  # a posting moves before it invoices
        of_line = left.setdefault(line_no, {})
        if not is_invoice:
            of_line[register] = from_units(units)
            continue
        pieces = sum(of_line.values(), ZERO)
        for moved_by, quantity in of_line.items():
            part = EXACT.divide(quantity, pieces)
            of_line[moved_by] -= EXACT.multiply(part, from_units(units))
            if register == register_no:
                parts[moved_by, line_no] = part
    return parts


def _served(short: list[_Short], quantity: Decimal, corrected: Collection[int]) -> list[_Short]:
    """What is still short after a quantity came in: a correction's own original is served first, then the oldest."""
    for part in sorted(short, key=lambda part: part.register_no not in corrected):
        served = min(part.quantity, quantity)
        part.quantity -= served
        quantity -= served
    return [part for part in short if part.quantity]
