"""The rows that a posting leaves behind: posted headers and lines, and the entries of every ledger.

Ledger amounts are in LCY, debit positive. G/L entries of one document are added up by account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from postroom.core.kinds import Area, LineType, PostedKind, VatType
from postroom.core.money import EXACT, FACTOR_SCALE, ONE, SMALLEST, ZERO, round_to, to_units
from postroom.core.posting import settling, stock
from postroom.core.posting.accounts import LineAccounts, party_account
from postroom.core.posting.amounts import LineAmounts, VatGroup
from postroom.core.posting.check import Computed
from postroom.core.posting.mirror import Mirror
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting.stock import Movement
from postroom.core.statements import Row, insert, insert_returning
from postroom.core.tables import ledgers


@dataclass(frozen=True, slots=True)
class PostedRef:
    """What came out of a posting, as it is named: `sales invoice 103001`."""

    area: Area
    kind: PostedKind
    no: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row of one posting bears. `posted_at` is stored microseconds."""

    register_no: int
    posting_id: str
    posting_date: date
    source_code: str
    user: str
    posted_at: int
    batch_no: int | None

    @property
    def tail(self) -> Row:
        """The last columns of every ledger entry."""
        return (self.source_code, self.user, self.posting_id)


@dataclass(frozen=True, slots=True)
class Header:
    """One posted document in the making."""

    document: Source
    kind: PostedKind
    no: str
    series: str
    stamp: Stamp

    @property
    def moves_goods(self) -> bool:
        return self.kind not in (PostedKind.INVOICE, PostedKind.CREDIT_MEMO)


@dataclass(slots=True)
class Entries:
    """The entries of one posting, ready to be inserted; `gl` adds up by (document, account)."""

    stamp: Stamp
    gl: dict[tuple[PostedKind, str, str], Decimal] = field(default_factory=dict)
    party: list[Row] = field(default_factory=list)
    vat: list[Row] = field(default_factory=list)
    item: list[Row] = field(default_factory=list)
    value: list[Row] = field(default_factory=list)

    def post(self, header: Header, account_no: str, amount: Decimal) -> None:
        """Add an amount to an account, debit positive."""
        if amount:
            key = (header.kind, header.no, account_no)
            self.gl[key] = self.gl.get(key, ZERO) + amount


def sign_of(document: Source) -> int:
    """+1 where the party owes us (sales invoice) or is given less (purchase credit memo), else -1: the debit side."""
    return 1 if (document.area is Area.SALES) != document.type.is_return else -1


def goods_entries(entries: Entries, header: Header, computed: Computed, movements: Mapping[int, Movement]) -> None:
    """Stock against cost of sales (sales) or received not invoiced (purchases), with item ledger and value entries."""
    sales = header.document.area is Area.SALES
    stamp = entries.stamp
    for line, accounts in zip(header.document.lines, computed.accounts, strict=True):
        movement = movements.get(line.line_no) if line.type is LineType.ITEM else None
        if movement is None:
            continue
        where = (header.kind.value, header.no)
        against = accounts.cost_of_sales if sales else accounts.received_not_invoiced
        adjusted = movement.adjustment + movement.left_over
        entries.post(header, accounts.stock, movement.cost + adjusted)
        entries.post(header, against, -movement.cost)
        entries.post(header, accounts.cost_of_sales, -adjusted)
        head = (stamp.register_no, movement.item_no, stamp.posting_date.isoformat(), *where)
        entries.item.append((*head, line.line_no, to_units(movement.quantity), *stamp.tail))
        for line_no, cost in (
            (line.line_no, movement.cost),
            (ledgers.ADJUSTMENT, movement.adjustment),
            (ledgers.LEFT_OVER, movement.left_over),
        ):
            if cost:
                entries.value.append((*head, line_no, to_units(cost), accounts.stock, *stamp.tail))


def money_entries(entries: Entries, header: Header, computed: Computed, goods: Mapping[int, Decimal]) -> None:
    """Party, revenue or cost, discounts and VAT, with the party's and the VAT ledger's entries.

    `goods` is by line no. what the invoiced goods cost when they moved, + into stock.
    """
    if computed.mirror is not None:
        _mirrored_entries(entries, header, computed.mirror)
        return
    document, amounts = header.document, computed.amounts
    sign = sign_of(document)
    account = party_account(document, computed.setup)
    owed = sign * amounts.gross_lcy
    entries.post(header, account, owed)
    _party_entry(entries, header, account, sign * amounts.gross, owed)
    for line, accounts in zip(amounts.lines, computed.accounts, strict=True):
        _line_entries(entries, header, accounts, line, goods.get(line.line.line_no, ZERO), sign)
    for group in amounts.groups:
        _vat_entries(entries, header, group, sign)


def _mirrored_entries(entries: Entries, header: Header, mirror: Mirror) -> None:
    """What cancelling a document posts: its entries with their sign turned."""
    for account_no, amount in mirror.gl:
        entries.post(header, account_no, amount)
    _party_entry(entries, header, mirror.party.account_no, mirror.party.amount, mirror.party.amount_lcy)
    for vat in mirror.vat:
        about = (vat.business_group, vat.product_group, vat.type)
        _vat_entry(entries, header, about, vat.account_no, vat.rate, vat.base, vat.amount)


def _line_entries(
    entries: Entries, header: Header, accounts: LineAccounts, line: LineAmounts, received: Decimal, sign: int
) -> None:
    if line.line.type is not LineType.ITEM:
        entries.post(header, accounts.revenue, -sign * line.net_lcy)
    elif header.document.area is Area.SALES:
        undiscounted = line.net_lcy + line.line_discount_lcy + line.invoice_discount_lcy
        entries.post(header, accounts.revenue, -sign * undiscounted)
        entries.post(header, accounts.line_discount, sign * line.line_discount_lcy)
        entries.post(header, accounts.invoice_discount, sign * line.invoice_discount_lcy)
    else:
        entries.post(header, accounts.received_not_invoiced, received)
        entries.post(header, accounts.purchase_variance, -sign * line.net_lcy - received)


def _vat_entries(entries: Entries, header: Header, group: VatGroup, sign: int) -> None:
    """One VAT entry per VAT account touched: a reverse-charge purchase claims and owes the same amount."""
    pair, document = group.pair, header.document
    sales = document.area is Area.SALES
    about = (document.party.vat_business_group if document.party else "", group.product_group, pair.type)
    account = pair.sales_account if sales else pair.purchase_account
    if pair.type is VatType.REVERSE_CHARGE and not sales:
        claimed = -sign * group.reverse_vat_lcy
        entries.post(header, account, claimed)
        entries.post(header, pair.reverse_charge_account, -claimed)
        _vat_entry(entries, header, about, account, pair.rate, -sign * group.base_lcy, claimed)
        _vat_entry(entries, header, about, pair.reverse_charge_account, pair.rate, sign * group.base_lcy, -claimed)
        return
    entries.post(header, account, -sign * group.vat_lcy)
    _vat_entry(entries, header, about, account, pair.document_rate, -sign * group.base_lcy, -sign * group.vat_lcy)


def _vat_entry(
    entries: Entries,
    header: Header,
    about: tuple[str, str, VatType],
    account: str,
    rate: Decimal,
    base: Decimal,
    amount: Decimal,
) -> None:
    """`about`: VAT business group, VAT product group, type."""
    document, stamp = header.document, entries.stamp
    entries.vat.append(
        (
            stamp.register_no,
            document.area.value,
            stamp.posting_date.isoformat(),
            header.kind.value,
            header.no,
            *about,
            to_units(rate),
            to_units(base),
            to_units(amount),
            account,
            *stamp.tail,
        )
    )


def _party_entry(entries: Entries, header: Header, account: str, amount: Decimal, amount_lcy: Decimal) -> None:
    document, stamp = header.document, entries.stamp
    due = document.due_date or document.document_date or stamp.posting_date
    entries.party.append(
        (
            stamp.register_no,
            document.area.value,
            document.party_no,
            stamp.posting_date.isoformat(),
            due.isoformat(),
            header.kind.value,
            header.no,
            document.external_document_no if document.area is Area.SALES else document.vendor_document_no,
            document.currency_code,
            to_units(amount),
            to_units(amount_lcy),
            account,
            *stamp.tail,
        )
    )


_TAIL = ("source_code", "user_id", "posting_id")
_HEADER_COLUMNS = (
    *("area", "kind", "no", "number_series", "source_type", "source_no", "party_no", "party_name", "posting_date"),
    *("document_date", "due_date", "external_document_no", "vendor_document_no", "currency_code", "currency_factor"),
    *("prices_including_vat", "amount", "vat_amount", "amount_including_vat", "amount_lcy", "corrects_no", "cancels"),
    *("register_no", "posting_id", "batch_no", "user_id", "posted_at"),
)
_LINE_COLUMNS = (
    *("posted_document_id", "line_no", "type", "no", "description", "quantity", "unit_price", "price_per_quantity"),
    *("line_discount_percent", "line_discount_amount", "invoice_discount_amount", "amount", "vat_amount"),
    *("amount_including_vat", "amount_lcy", "vat_business_group", "vat_product_group", "vat_type", "vat_rate"),
    *("cost_amount", "account_no", "line_discount_account", "invoice_discount_account", "vat_account"),
    *("stock_account", "cost_account", "received_account", "variance_account"),
)
_REGISTER_COLUMNS = ("no", "posting_id", "posting_date", "source_code", "user_id", "created_at")
_GL_COLUMNS = (
    *("register_no", "account_no", "posting_date", "document_kind", "document_no", "description", "amount"),
    *_TAIL,
)
_PARTY_COLUMNS = (
    *("register_no", "area", "party_no", "posting_date", "due_date", "document_kind", "document_no"),
    *("external_document_no", "currency_code", "amount", "amount_lcy", "account_no"),
    *_TAIL,
)
_VAT_COLUMNS = (
    *("register_no", "area", "posting_date", "document_kind", "document_no", "vat_business_group"),
    *("vat_product_group", "type", "rate", "base", "amount", "account_no"),
    *_TAIL,
)
_ITEM_COLUMNS = (
    *("register_no", "item_no", "posting_date", "document_kind", "document_no", "line_no", "quantity"),
    *_TAIL,
)
_VALUE_COLUMNS = (
    *("register_no", "item_no", "posting_date", "document_kind", "document_no", "line_no", "cost_amount"),
    "stock_account",
    *_TAIL,
)


def insert_all(
    entries: Entries,
    headers: Sequence[Header],
    ids: Sequence[int],
    computed: Computed,
    movements: Mapping[int, Movement],
    goods: Mapping[int, Decimal],
) -> None:
    """Everything a posting leaves behind, a statement per table. `ids`: the posted documents', or empty: not known."""
    stamp = entries.stamp
    header_rows = [_header_row(header, computed) for header in headers]
    if ids:
        with_ids = [(id_, *row) for id_, row in zip(ids, header_rows, strict=True)]
        insert(ledgers.PostedDocument, ("id", *_HEADER_COLUMNS), with_ids)
    else:
        ids = insert_returning(ledgers.PostedDocument, _HEADER_COLUMNS, header_rows, "id")
    lines: list[Row] = []
    for id_, header in zip(ids, headers, strict=True):
        costs = {no: abs(moved.cost) for no, moved in movements.items()} if header.moves_goods else goods
        lines += _line_rows(id_, header, computed, costs)
    insert(ledgers.PostedLine, _LINE_COLUMNS, lines)
    day = stamp.posting_date.isoformat()
    insert(
        ledgers.GlRegister,
        _REGISTER_COLUMNS,
        [(stamp.register_no, stamp.posting_id, day, stamp.source_code, stamp.user, stamp.posted_at)],
    )
    document = headers[0].document
    text = f"{document.type.title} {document.no}"
    insert(
        ledgers.GlEntry,
        _GL_COLUMNS,
        [
            (stamp.register_no, account, day, kind.value, no, text, to_units(amount), *stamp.tail)
            for (kind, no, account), amount in entries.gl.items()
            if amount
        ],
    )
    if computed.original is None or not entries.party:
        insert(ledgers.PartyLedgerEntry, _PARTY_COLUMNS, entries.party)
    else:
        (entry_no,) = insert_returning(ledgers.PartyLedgerEntry, _PARTY_COLUMNS, entries.party, "entry_no")
        own = to_units(sign_of(document) * computed.amounts.gross)
        settling.settle(entry_no, own, document.area, computed.original, stamp.posting_id)
    insert(ledgers.VatEntry, _VAT_COLUMNS, entries.vat)
    insert(ledgers.ItemLedgerEntry, _ITEM_COLUMNS, entries.item)
    insert(ledgers.ValueEntry, _VALUE_COLUMNS, entries.value)


def _header_row(header: Header, computed: Computed) -> Row:
    document, stamp, amounts = header.document, header.stamp, computed.amounts
    document_date = document.document_date or stamp.posting_date
    worth = (
        (ZERO, ZERO, ZERO, ZERO) if header.moves_goods else (amounts.net, amounts.vat, amounts.gross, amounts.net_lcy)
    )
    return (
        document.area.value,
        header.kind.value,
        header.no,
        header.series,
        document.type.value,
        document.no,
        document.party_no,
        document.party_name or (document.party.name if document.party else ""),
        stamp.posting_date.isoformat(),
        document_date.isoformat(),
        (document.due_date or document_date).isoformat(),
        document.external_document_no,
        document.vendor_document_no,
        document.currency_code,
        to_units(document.currency_factor if document.currency_code else ONE, FACTOR_SCALE),
        document.prices_including_vat,
        *(to_units(amount) for amount in worth),
        document.corrects_no,
        document.cancels,
        stamp.register_no,
        stamp.posting_id,
        stamp.batch_no,
        stamp.user,
        stamp.posted_at,
    )


def _line_rows(posted_id: int, header: Header, computed: Computed, costs: Mapping[int, Decimal]) -> Iterator[Row]:
    """The lines of a posted document: comments, and those of which it moves or invoices something.

    `costs` is by line no. what the goods cost: of an invoice + into stock, else without a sign.
    """
    step, document = computed.step, header.document
    quantities = step.ship if header.moves_goods else step.invoice
    for amount, accounts, quantity in zip(computed.amounts.lines, computed.accounts, quantities, strict=True):
        line = amount.line
        if quantity or line.type is LineType.COMMENT or step.is_whole:
            cost = costs.get(line.line_no, ZERO)
            if not header.moves_goods and stock.into_stock(document, quantity) < 0:
                cost = -cost
            yield _line_row(posted_id, header, computed, accounts, amount, quantity, cost)


def _line_row(
    posted_id: int,
    header: Header,
    computed: Computed,
    accounts: LineAccounts,
    amount: LineAmounts,
    quantity: Decimal,
    cost: Decimal,
) -> Row:
    line = amount.line
    business, vat_type, rate, vat_account = _vat_of(header, computed, line)
    if header.moves_goods:
        worth = (_part_of(line.line_discount_amount, quantity, line.quantity), ZERO, ZERO, ZERO, ZERO, ZERO)
    else:
        worth = (
            amount.line_discount,
            amount.invoice_discount,
            amount.net,
            amount.vat,
            amount.net + amount.vat,
            amount.net_lcy,
        )
    return (
        posted_id,
        line.line_no,
        line.type.value,
        line.no,
        line.description,
        to_units(quantity),
        to_units(line.unit_price),
        to_units(line.price_per_quantity),
        to_units(line.line_discount_percent),
        *(to_units(value) for value in worth),
        business,
        line.vat_group,
        vat_type.value,
        to_units(rate),
        to_units(cost),
        accounts.revenue,
        accounts.line_discount,
        accounts.invoice_discount,
        vat_account,
        accounts.stock,
        accounts.cost_of_sales,
        accounts.received_not_invoiced,
        accounts.purchase_variance,
    )


def _part_of(amount: Decimal, quantity: Decimal, whole: Decimal) -> Decimal:
    """A typed amount's share in a part of its line, as exact as it is stored."""
    if quantity == whole:
        return amount
    return round_to(EXACT.divide(EXACT.multiply(amount, quantity), whole), SMALLEST)


def _vat_of(header: Header, computed: Computed, line: SourceLine) -> tuple[str, VatType, Decimal, str]:
    """A line's VAT business group, VAT type, VAT % and VAT account."""
    if computed.mirror is not None:
        posted = computed.mirror.lines[line.line_no]
        return posted.business_group, posted.vat_type, posted.vat_rate, posted.vat_account
    if line.type is LineType.COMMENT:
        return "", VatType.EXEMPT, ZERO, ""
    business = header.document.party.vat_business_group if header.document.party else ""
    pair = computed.setup.vat[(business, line.vat_group)]
    account = pair.sales_account if header.document.area is Area.SALES else pair.purchase_account
    return business, pair.type, pair.document_rate, account
