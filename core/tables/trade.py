"""Parties, items, and the documents not yet posted."""

from __future__ import annotations

from peewee import AutoField, BooleanField, CompositeKey, DateField, ForeignKeyField, IntegerField, TextField

from postroom.core.kinds import Area, Blocked, DocumentStatus, DocumentType, JobQueueStatus, LineType
from postroom.core.tables.base import ChoiceField, FactorField, InstantField, ScaledField, Table


class Party(Table):
    """Customers (area sales) and vendors (area purchase)."""

    area = ChoiceField(Area)
    no = TextField()
    name = TextField(default="")
    address = TextField(default="")
    city = TextField(default="")
    post_code = TextField(default="")
    country_code = TextField(default="")
    general_business_group = TextField(default="")
    vat_business_group = TextField(default="")
    posting_group = TextField(default="")
    currency_code = TextField(default="")
    payment_days = IntegerField(default=0)
    blocked = ChoiceField(Blocked, default=Blocked.NO)
    invoice_discount_percent = ScaledField(default=0)

    class Meta:
        primary_key = CompositeKey("area", "no")


class Item(Table):
    """What is bought, stocked and sold."""

    no = TextField(primary_key=True)
    description = TextField(default="")
    unit = TextField(default="")
    unit_price = ScaledField(default=0)
    unit_cost = ScaledField(default=0)
    general_product_group = TextField(default="")
    vat_product_group = TextField(default="")
    inventory_group = TextField(default="")
    prevent_negative = BooleanField(default=False)
    blocked = BooleanField(default=False)


class ItemStock(Table):
    """Stock on hand and its value in LCY: the sums of the item's ledger, kept in one row that postings lock.

    `last_cost` is the cost of one unit when the stock last had one.
    """

    item_no = TextField(primary_key=True)
    quantity = ScaledField(default=0)
    value = ScaledField(default=0)
    last_cost = ScaledField(default=0)


class Document(Table):
    """A sales or purchase document until it is posted in full. Its amounts are kept with each change of its lines.

    `version` rises with every change, so that a posting computed before one does not write after it. Of a partly
    invoiced order: `invoice_discount_taken` by its invoices, `invoice_discount_before` the part of it that was taken
    before the count of what is left began, and `amount_taken` at the present currency factor (net; gross with Prices
    Including VAT), all in the document's currency. One that `cancels` the posted document it corrects posts that one's
    own figures with their sign turned; at most one does.
    """

    id = AutoField()
    type = ChoiceField(DocumentType)
    no = TextField()
    party_no = TextField()
    party_name = TextField(default="")
    posting_date = DateField(null=True)
    document_date = DateField(null=True)
    due_date = DateField(null=True)
    external_document_no = TextField(default="")
    vendor_document_no = TextField(default="")
    currency_code = TextField(default="")
    currency_factor = FactorField(default=1)
    prices_including_vat = BooleanField(default=False)
    invoice_discount_amount = ScaledField(default=0)
    ship = BooleanField(default=True)
    invoice = BooleanField(default=True)
    corrects_no = TextField(default="")
    cancels = BooleanField(default=False)
    status = ChoiceField(DocumentStatus, default=DocumentStatus.OPEN)
    job_queue_status = ChoiceField(JobQueueStatus, default=JobQueueStatus.BLANK)
    amount = ScaledField(default=0)
    vat_amount = ScaledField(default=0)
    amount_including_vat = ScaledField(default=0)
    invoice_discount_before = ScaledField(default=0)
    invoice_discount_taken = ScaledField(default=0)
    amount_taken = ScaledField(default=0)
    version = IntegerField(default=1)
    created_by = TextField(default="")
    created_at = InstantField()

    class Meta:
        indexes = (
            (("type", "no"), True),
            (("no",), False),
            (("party_no",), False),
            (("job_queue_status",), False),
        )


Document.add_index(
    Document.index(
        Document.type, Document.corrects_no, unique=True, where=Document.cancels, name="document_one_cancellation"
    )
)


class DocumentLine(Table):
    """A line of a document. Blank `qty_to_ship` and `qty_to_invoice` mean their defaults (`posting.steps`).

    The three `counted_from` say how much was invoiced when the count of its amounts and of its invoice discount began,
    and how much was received when that of its cost did: a changed price, discount or quantity starts them anew.
    `goods_value` is what its moved goods cost in LCY, + into stock, `goods_value_invoiced` the part that is invoiced.
    """

    document = ForeignKeyField(Document, backref="lines", on_delete="CASCADE", index=False)
    line_no = IntegerField()
    type = ChoiceField(LineType)
    no = TextField(default="")
    description = TextField(default="")
    quantity = ScaledField(default=0)
    unit_price = ScaledField(default=0)
    price_per_quantity = ScaledField(default=1)
    line_discount_percent = ScaledField(default=0)
    line_discount_amount = ScaledField(default=0)
    vat_group = TextField(default="")
    declared_vat_amount = ScaledField(null=True)
    qty_to_ship = ScaledField(null=True)
    qty_to_invoice = ScaledField(null=True)
    quantity_shipped = ScaledField(default=0)
    quantity_invoiced = ScaledField(default=0)
    counted_from = ScaledField(default=0)
    discount_counted_from = ScaledField(default=0)
    cost_counted_from = ScaledField(default=0)
    goods_value = ScaledField(default=0)
    goods_value_invoiced = ScaledField(default=0)

    class Meta:
        indexes = ((("document", "line_no"), True),)


class UsedDocumentNo(Table):
    """Every number a document ever bore: none is given or imported twice, posted and deleted ones included."""

    type = ChoiceField(DocumentType)
    no = TextField()

    class Meta:
        primary_key = CompositeKey("type", "no")
