"""What one posting does of a document: how much of each line it ships (receives) and how much it invoices.

Orders and return orders go in any steps (behaviour 13, *Partial*); invoices and credit memos are posted whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from postroom.core.kinds import DocumentType, LineType, PostedKind
from postroom.core.money import ZERO
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting_setup import PostingSetup


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked of a posting: with any of these exactly those, with none what each document says."""

    ship: bool = False
    receive: bool = False
    invoice: bool = False

    def of(self, document: Source) -> tuple[bool, bool]:
        """Whether the goods of an order are to move, and whether it is to be invoiced."""
        if not (self.ship or self.receive or self.invoice):
            return document.ship, document.invoice
        return self.receive if document.type.receives else self.ship, self.invoice


AS_THE_DOCUMENT_SAYS = Asked()


@dataclass(frozen=True, slots=True)
class Step:
    """The quantities that a posting ships (receives) and invoices, of each line in their order.

    `is_whole`: the document is posted at once, nothing of it having been before. `completes`: nothing is left to
    invoice afterwards.
    """

    ship: tuple[Decimal, ...]
    invoice: tuple[Decimal, ...]
    is_whole: bool
    completes: bool

    @property
    def ships(self) -> bool:
        """Whether any goods move."""
        return any(self.ship)

    @property
    def invoices(self) -> bool:
        return any(self.invoice)

    def kinds(self, type_: DocumentType) -> tuple[PostedKind, ...]:
        """The posted documents that come out of it."""
        goods, money = (type_.goods_kind,) if self.ships else (), (type_.money_kind,) if self.invoices else ()
        return (*goods, *money)


def of_document(document: Source, setup: PostingSetup, asked: Asked = AS_THE_DOCUMENT_SAYS) -> Step:
    """What a posting of the document does now."""
    lines = document.lines
    if not document.type.is_order:
        quantities = tuple(line.quantity for line in lines)
        return Step(quantities, quantities, is_whole=True, completes=True)
    ships, invoices = asked.of(document)
    remainder = setup.areas[document.area].ships_remainder
    ship = tuple(qty_to_ship(line, remainder=remainder) if ships else ZERO for line in lines)
    invoice = tuple(
        qty_to_invoice(line, to_ship) if invoices else ZERO for line, to_ship in zip(lines, ship, strict=True)
    )
    completes = all(
        line.quantity_invoiced + to_invoice == line.quantity for line, to_invoice in zip(lines, invoice, strict=True)
    )
    is_whole = completes and all(
        not line.quantity_shipped and to_ship == line.quantity for line, to_ship in zip(lines, ship, strict=True)
    )
    return Step(ship, invoice, is_whole, completes)


def qty_to_ship(line: SourceLine, *, remainder: bool) -> Decimal:
    """Qty. to Ship (to Receive): as typed, else what is outstanding; nothing where the setup does not say Remainder."""
    if line.type is LineType.COMMENT:
        return ZERO
    if line.qty_to_ship is not None:
        return line.qty_to_ship
    return line.quantity - line.quantity_shipped if remainder else ZERO


def qty_to_invoice(line: SourceLine, to_ship: Decimal) -> Decimal:
    """Qty. to Invoice: as typed, else what is shipped and not invoiced, and what is to ship."""
    if line.type is LineType.COMMENT:
        return ZERO
    if line.qty_to_invoice is not None:
        return line.qty_to_invoice
    return line.quantity_shipped - line.quantity_invoiced + to_ship
