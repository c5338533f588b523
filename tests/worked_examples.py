"""Worked examples in the accountant's layout: a text tells what is posted, and what each posted document books.

    A: sales-order to C-HOME, USD at 0.85, invoice discount 5.00
    2 x LAMP at 100.00 less 10 % = 180.00
                                           Debit    Credit
    shipment
    7100 Cost of Resale Goods             120.00
    1200 Stock of Resale Goods                      120.00
    invoice: 180.00 + VAT 45.00 = 225.00
    1300 Receivables, Home                191.25
    ...
    stock: 8 x LAMP worth 480.00

A step begins with its document, which may have a name before a colon and, after commas: `prices including VAT`, a
currency and its factor, `invoice discount`, `corrects NAME`. Its lines name an item, a G/L account or a charge, and
what the line comes to. After the line with `Debit` and `Credit` stand the posted documents, each with its face (in the
document's currency) and all its entries in LCY; a debit ends under `Debit`. Lines in parentheses are workings.

An order is only made where nothing stands posted. Then its parts: `A ships 2 and 5, invoices 1 and 0`, by line; and
`A now costs 12.00` gives its first line another price, `A now has an invoice discount of 5.00` the order another one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import builders

from postroom.core import database, documents
from postroom.core.kinds import Area, DocumentType, LineType, PostedKind
from postroom.core.posting import post
from postroom.core.posting.post import PostedRef
from postroom.core.tables.ledgers import GlEntry, PostedDocument
from postroom.core.tables.setup import Charge, Company, Currency, GlAccount
from postroom.core.tables.trade import Document, Item, ItemStock
from postroom.core.verify import verify

D = Decimal
CURRENCIES = {"USD": "0.01", "JPY": "1", "KWD": "0.001"}
_HEAD = re.compile(r"(?:(?P<name>\w+): )?(?P<type>[a-z-]+) (?:to|from) (?P<party>[A-Z-]+)(?:, (?P<terms>.*))?\Z")
_LINE = re.compile(
    r"(?P<quantity>-?[\d.]+) x (?P<no>\S+) at (?P<price>-?[\d.]+)(?: per (?P<per>\d+))?"
    r"(?: less (?P<percent>[\d.]+) %)?(?: less (?P<off>[\d.]+))?(?:, declared VAT (?P<vat>[\d.]+))?"
    r" = (?P<amount>-?[\d.]+)\Z"
)
_POSTED = re.compile(r"(?P<kind>[a-z_]+)(?:: (?P<net>-?[\d.]+) \+ VAT (?P<tax>-?[\d.]+) = (?P<gross>-?[\d.]+))?\Z")
_ENTRY = re.compile(r"\s*(?P<no>\d{4}) (?P<name>\D.*?) +(?P<amount>\d+(?:\.\d+)?)\Z")
_PART = re.compile(r"(?P<name>\w+) (?:ships|receives) (?P<move>[-\d. and]+), invoices (?P<invoice>[-\d. and]+)\Z")
_PRICE = re.compile(r"(?P<name>\w+) now costs (?P<price>[\d.]+)\Z")
_DISCOUNT = re.compile(r"(?P<name>\w+) now has an invoice discount of (?P<discount>[\d.]+)\Z")
_STOCK = re.compile(r"stock: (?P<quantity>-?[\d.]+) x (?P<no>\S+) worth (?P<value>-?[\d.]+)\Z")


@dataclass
class Booked:
    """A posted document as an example says it: its face, if it has one, and its entries by account, debit positive."""

    kind: str
    face: tuple[Decimal, ...] | None
    entries: dict[str, Decimal] = field(default_factory=dict)


@dataclass
class Step:
    """A document, a part or a new price of one (`head`), what its lines come to, what it leaves behind, its stock."""

    name: str
    head: re.Match[str]
    lines: list[re.Match[str]] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)
    stock: list[tuple[str, Decimal, Decimal]] = field(default_factory=list)


def set_up_trade(*stocked: tuple[str, int, int]) -> None:
    """A customer and a vendor of each trade area, items (SALT at 10 %), charges, currencies, opening stock."""
    for group in ("HOME", "UNION", "ABROAD"):
        builders.party(Area.SALES, f"C-{group}", group)
        builders.party(Area.PURCHASE, f"V-{group}", group)
    builders.item("LAMP")
    builders.item("PEN")
    builders.item("SALT", vat_product_group="VAT10")
    Charge.create(no="FREIGHT", account_no="6400", vat_product_group="VAT25")
    Charge.create(no="INFREIGHT", account_no="7500", vat_product_group="VAT25")
    for code, precision in CURRENCIES.items():
        Currency.create(code=code, amount_rounding_precision=precision)
    Company.update(setup_version=Company.setup_version + 1).execute()
    for no, quantity, price in stocked:
        line = builders.item_line(no, quantity, price, vat=_vat_group(no))
        _post(builders.document(DocumentType.PURCHASE_INVOICE, [line], party_no="V-HOME"))


def follow(example: str) -> None:
    """Post each step of an example and compare everything that it says; then the whole company must hold."""
    chart = {account.no: account.name for account in GlAccount.select()}
    posted: dict[str, str] = {}
    made: dict[str, int] = {}
    for step in read(example, chart):
        if step.head.re is _HEAD:
            made[step.name] = _make(step, posted)
            amounts = [line.line_amount for line in documents.show(made[step.name]).lines]
            assert amounts == [D(line["amount"]) for line in step.lines], step.head.group()
        elif step.head.re is _PRICE:
            _set_price(made[step.name], step.head["price"])
        elif step.head.re is _DISCOUNT:
            _set_discount(made[step.name], step.head["discount"])
        else:
            _set_part(made[step.name], step.head)
        if not step.booked:
            continue
        refs = _post(made[step.name])
        posted[step.name] = refs[-1].no
        assert [ref.kind.value for ref in refs] == [booked.kind for booked in step.booked], step.head.group()
        for ref, booked in zip(refs, step.booked, strict=True):
            _compare(ref, booked)
        for no, quantity, value in step.stock:
            stock = ItemStock.get_by_id(no)
            assert (stock.quantity, stock.value) == (quantity, value), no
    assert [check for check in verify().checks if not check.ok] == []


def correct(example: str) -> None:
    """Correct the only document of an example that was followed: it books the same the other way round."""
    (step,) = read(example, {account.no: account.name for account in GlAccount.select()})
    original = PostedDocument.select().order_by(PostedDocument.id.desc()).get()
    wanted: dict[str, Decimal] = {}
    for booked in step.booked:
        for account, amount in booked.entries.items():
            wanted[account] = wanted.get(account, D(0)) - amount
    type_ = DocumentType(step.head["type"])
    opposite = DocumentType(f"{type_.area.value}-{'invoice' if type_.is_return else 'credit-memo'}")
    refs = _post(_make(step, {}, type=opposite, corrects_no=original.no))
    found = GlEntry.select().where(GlEntry.document_no.in_([ref.no for ref in refs]))
    assert dict(_sums(found)) == {account: amount for account, amount in wanted.items() if amount}
    assert [check for check in verify().checks if not check.ok] == []


def read(example: str, chart: dict[str, str]) -> list[Step]:
    """The steps of an example. Asserts that each document balances on paper and names accounts as the chart does."""
    steps: list[Step] = []
    debit_ends = 0
    for number, raw in enumerate(example.splitlines(), 1):
        text, where = raw.strip(), f"line {number} of the example: {raw}"
        if not text or text.startswith("("):
            continue
        if text.split() == ["Debit", "Credit"]:
            debit_ends = raw.index("Debit") + len("Debit")
        elif match := _ENTRY.match(raw):
            assert chart[match["no"]] == match["name"], where
            amount = D(match["amount"])
            assert match["no"] not in steps[-1].booked[-1].entries, where
            steps[-1].booked[-1].entries[match["no"]] = amount if len(raw) <= debit_ends else -amount
        elif match := _STOCK.match(text):
            steps[-1].stock.append((match["no"], D(match["quantity"]), D(match["value"])))
        elif match := _LINE.match(text):
            steps[-1].lines.append(match)
        elif match := _HEAD.match(text) or _PART.match(text) or _PRICE.match(text) or _DISCOUNT.match(text):
            steps.append(Step(match["name"] or f"step {len(steps)}", match))
        else:
            match = _POSTED.match(text)
            assert match is not None, where
            face = tuple(D(match[part]) for part in ("net", "tax", "gross")) if match["net"] else None
            steps[-1].booked.append(Booked(PostedKind(match["kind"]).value, face))
    for step in steps:
        for booked in step.booked:
            assert sum(booked.entries.values()) == 0, f"{step.head.group()}: the {booked.kind} does not balance"
    return steps


def _make(step: Step, posted: dict[str, str], type: DocumentType | None = None, **more: Any) -> int:
    """The step's document, or one of another type that is like it."""
    fields: dict[str, Any] = {"party_no": step.head["party"], **more}
    for term in (step.head["terms"] or "").split(", "):
        words = term.split()
        if term == "prices including VAT":
            fields["prices_including_vat"] = True
        elif words[:2] == ["invoice", "discount"]:
            fields["invoice_discount_amount"] = D(words[2])
        elif words[:1] == ["corrects"]:
            fields["corrects_no"] = posted[words[1]]
        elif words[1:2] == ["at"]:
            fields |= {"currency_code": words[0], "currency_factor": D(words[2])}
        else:
            assert not term, f"{step.head.group()}: {term}"
    lines = [_line(line) for line in step.lines]
    return builders.document(type or DocumentType(step.head["type"]), lines, **fields)


def _set_part(document_id: int, part: re.Match[str]) -> None:
    """Say what the next posting moves and invoices of each line."""
    moved, invoiced = (part[which].split(" and ") for which in ("move", "invoice"))
    fields = {"ship": str(any(map(D, moved))), "invoice": str(any(map(D, invoiced)))}
    if Document.get_by_id(document_id).type.area is Area.PURCHASE:
        fields["vendor_document_no"] = secrets.token_hex(4)
    documents.set_fields(document_id, fields, user="ann")
    for place, (move, invoice) in enumerate(zip(moved, invoiced, strict=True), 1):
        documents.set_line(document_id, place * 10_000, {"qty_to_ship": move, "qty_to_invoice": invoice}, user="ann")


def _set_price(document_id: int, price: str) -> None:
    documents.reopen(document_id, user="ann")
    documents.set_line(document_id, 10_000, {"unit_price": price}, user="ann")
    documents.release(document_id, user="ann")


def _set_discount(document_id: int, discount: str) -> None:
    documents.reopen(document_id, user="ann")
    documents.set_fields(document_id, {"invoice_discount_amount": discount}, user="ann")
    documents.release(document_id, user="ann")


def _line(line: re.Match[str]) -> dict[str, Any]:
    return builders.item_line(
        line["no"],
        line["quantity"],
        line["price"],
        vat=_vat_group(line["no"]),
        type=_type_of(line["no"]),
        price_per_quantity=D(line["per"] or 1),
        line_discount_percent=D(line["percent"] or 0),
        line_discount_amount=D(line["off"] or 0),
        declared_vat_amount=D(line["vat"]) if line["vat"] else None,
    )


def _type_of(no: str) -> LineType:
    if no.isdigit():
        return LineType.GL_ACCOUNT
    return LineType.CHARGE if Charge.get_or_none(Charge.no == no) else LineType.ITEM


def _vat_group(no: str) -> str:
    item = Item.get_or_none(Item.no == no)
    return "VAT25" if item is None else str(item.vat_product_group)


def _post(document_id: int) -> tuple[PostedRef, ...]:
    plan = post.prepare(document_id, user="ann", posting_id=secrets.token_hex(8))
    with database.transaction():
        return post.write(plan)


def _compare(ref: PostedRef, booked: Booked) -> None:
    """The posted document's face and its entries are what the example says, to the last cent and account."""
    found = GlEntry.select().where(GlEntry.document_kind == ref.kind, GlEntry.document_no == ref.no)
    assert dict(_sums(found)) == booked.entries, f"{ref.kind.value} {ref.no}"
    if booked.face is not None:
        document = PostedDocument.get(
            PostedDocument.area == ref.area, PostedDocument.kind == ref.kind, PostedDocument.no == ref.no
        )
        assert (document.amount, document.vat_amount, document.amount_including_vat) == booked.face


def _sums(entries: Any) -> Iterator[tuple[str, Decimal]]:
    totals: dict[str, Decimal] = {}
    for entry in entries:
        totals[entry.account_no] = totals.get(entry.account_no, D(0)) + entry.amount
    return ((account, amount) for account, amount in totals.items() if amount)
