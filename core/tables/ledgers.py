"""What postings leave behind, for ever: posted documents and ledgers. Ledger amounts are in LCY, debit positive.

`IMMUTABLE` lists the tables that the database itself guards against any change.
"""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from postroom.core.kinds import Area, DocumentType, LineType, PostedKind, VatType
from postroom.core.tables.base import ChoiceField, FactorField, InstantField, NumberField, ScaledField, Table


class PostedDocument(Table):
    """The header of a posted document; amounts in the document's currency, positive on its face.

    `cancels`: it cancels the posted document that it corrects, whole; at most one does.
    """

    id = NumberField()
    area = ChoiceField(Area)
    kind = ChoiceField(PostedKind)
    no = TextField()
    number_series = TextField()
    source_type = ChoiceField(DocumentType)
    source_no = TextField()
    party_no = TextField()
    party_name = TextField()
    posting_date = DateField()
    document_date = DateField()
    due_date = DateField()
    external_document_no = TextField()
    vendor_document_no = TextField()
    currency_code = TextField()
    currency_factor = FactorField()
    prices_including_vat = BooleanField()
    amount = ScaledField()
    vat_amount = ScaledField()
    amount_including_vat = ScaledField()
    amount_lcy = ScaledField()
    corrects_no = TextField()
    cancels = BooleanField(default=False)
    register_no = IntegerField()
    posting_id = TextField()
    batch_no = IntegerField(null=True)
    user_id = TextField()
    posted_at = InstantField()

    class Meta:
        indexes = (
            (("area", "kind", "no"), True),
            (("posting_id", "kind"), True),
            (("source_no",), False),
            (("no",), False),
            (("batch_no",), False),
            (("posting_date",), False),
            (("corrects_no",), False),
        )


PostedDocument.add_index(
    PostedDocument.index(
        PostedDocument.party_no,
        PostedDocument.kind,
        PostedDocument.vendor_document_no,
        unique=True,
        where=(PostedDocument.area == Area.PURCHASE)
        & (PostedDocument.vendor_document_no != "")
        & PostedDocument.kind.in_((PostedKind.INVOICE, PostedKind.CREDIT_MEMO)),
        name="posted_document_one_vendor_document_no",
    )
)


PostedDocument.add_index(
    PostedDocument.index(
        PostedDocument.area,
        PostedDocument.kind,
        PostedDocument.corrects_no,
        unique=True,
        where=PostedDocument.cancels,
        name="posted_document_one_cancellation",
    )
)
PostedDocument.add_index(
    PostedDocument.index(
        PostedDocument.register_no,
        where=PostedDocument.corrects_no != "",
        name="posted_document_corrections",
    )
)

ADJUSTMENT, LEFT_OVER = 0, -1
"""Line numbers of value entries that are no line's goods but value the whole item anew: what its goods are worth, and
what was left on no pieces."""


class PostedLine(Table):
    """A line of a posted document with the accounts it went to, so that a correction can go back to them."""

    posted_document = ForeignKeyField(PostedDocument, backref="lines", index=False)
    line_no = IntegerField()
    type = ChoiceField(LineType)
    no = TextField()
    description = TextField()
    quantity = ScaledField()
    unit_price = ScaledField()
    price_per_quantity = ScaledField()
    line_discount_percent = ScaledField()
    line_discount_amount = ScaledField()
    invoice_discount_amount = ScaledField()
    amount = ScaledField()
    vat_amount = ScaledField()
    amount_including_vat = ScaledField()
    amount_lcy = ScaledField()
    vat_business_group = TextField()
    vat_product_group = TextField()
    vat_type = ChoiceField(VatType)
    vat_rate = ScaledField()
    cost_amount = ScaledField()
    account_no = TextField()
    line_discount_account = TextField()
    invoice_discount_account = TextField()
    vat_account = TextField()
    stock_account = TextField()
    cost_account = TextField()
    received_account = TextField()
    variance_account = TextField()

    class Meta:
        indexes = ((("posted_document", "line_no"), True),)


class GlRegister(Table):
    """One posting of the ledgers. Numbers have no gaps; its entries balance to zero."""

    no = IntegerField(primary_key=True)
    posting_id = TextField(unique=True)
    posting_date = DateField()
    source_code = TextField()
    user_id = TextField()
    created_at = InstantField()


class GlEntry(Table):
    entry_no = NumberField()
    register_no = IntegerField(index=True)
    account_no = TextField()
    posting_date = DateField()
    document_kind = ChoiceField(PostedKind)
    document_no = TextField(index=True)
    description = TextField()
    amount = ScaledField()
    source_code = TextField()
    user_id = TextField()
    posting_id = TextField()

    class Meta:
        indexes = ((("account_no", "posting_date"), False),)


class PartyLedgerEntry(Table):
    """Customer ledger (area sales) and vendor ledger (area purchase). `amount` is in the document's currency."""

    entry_no = NumberField()
    register_no = IntegerField()
    area = ChoiceField(Area)
    party_no = TextField()
    posting_date = DateField()
    due_date = DateField()
    document_kind = ChoiceField(PostedKind)
    document_no = TextField(index=True)
    external_document_no = TextField()
    currency_code = TextField()
    amount = ScaledField()
    amount_lcy = ScaledField()
    account_no = TextField()
    source_code = TextField()
    user_id = TextField()
    posting_id = TextField()

    class Meta:
        indexes = ((("area", "party_no"), False), (("area", "external_document_no"), False))


class PartyLedgerApplication(Table):
    """What settles an entry: `amount` of `entry_no`, in its currency, is closed by `applied_entry_no`."""

    entry_no = BigIntegerField(index=True)
    applied_entry_no = BigIntegerField()
    amount = ScaledField()
    posting_id = TextField()


class VatEntry(Table):
    entry_no = NumberField()
    register_no = IntegerField()
    area = ChoiceField(Area)
    posting_date = DateField()
    document_kind = ChoiceField(PostedKind)
    document_no = TextField(index=True)
    vat_business_group = TextField()
    vat_product_group = TextField()
    type = ChoiceField(VatType)
    rate = ScaledField()
    base = ScaledField()
    amount = ScaledField()
    account_no = TextField()
    source_code = TextField()
    user_id = TextField()
    posting_id = TextField()


class ItemLedgerEntry(Table):
    """Quantities: + into stock, - out of it."""

    entry_no = NumberField()
    register_no = IntegerField()
    item_no = TextField(index=True)
    posting_date = DateField()
    document_kind = ChoiceField(PostedKind)
    document_no = TextField(index=True)
    line_no = IntegerField()
    quantity = ScaledField()
    source_code = TextField()
    user_id = TextField()
    posting_id = TextField()


class ValueEntry(Table):
    """Values of stock: + into it, - out of it. `line_no` ADJUSTMENT or LEFT_OVER: no line's goods."""

    entry_no = NumberField()
    register_no = IntegerField()
    item_no = TextField(index=True)
    posting_date = DateField()
    document_kind = ChoiceField(PostedKind)
    document_no = TextField(index=True)
    line_no = IntegerField()
    cost_amount = ScaledField()
    stock_account = TextField()
    source_code = TextField()
    user_id = TextField()
    posting_id = TextField()


ValueEntry.add_index(
    ValueEntry.index(
        ValueEntry.item_no, ValueEntry.register_no, where=ValueEntry.line_no <= 0, name="value_entry_adjustments"
    )
)

IMMUTABLE: tuple[type[Table], ...] = (
    PostedDocument,
    PostedLine,
    GlRegister,
    GlEntry,
    PartyLedgerEntry,
    PartyLedgerApplication,
    VatEntry,
    ItemLedgerEntry,
    ValueEntry,
)
