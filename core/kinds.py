"""The closed lists of the business: document types, kinds, statuses. Their values are what is stored and shown."""

from __future__ import annotations

from enum import StrEnum


class Area(StrEnum):
    """Which half of the trade a document, party or ledger belongs to."""

    SALES = "sales"
    PURCHASE = "purchase"

    @property
    def party_title(self) -> str:
        """`Customer` or `Vendor`."""
        return "Customer" if self is Area.SALES else "Vendor"


class PostedKind(StrEnum):
    """What a posting leaves behind. Shipments, receipts and their returns move goods; the others move money."""

    SHIPMENT = "shipment"
    INVOICE = "invoice"
    RETURN_RECEIPT = "return_receipt"
    CREDIT_MEMO = "credit_memo"
    RECEIPT = "receipt"
    RETURN_SHIPMENT = "return_shipment"

    @property
    def title(self) -> str:  # type: ignore[override]
        """As read on screen: `Return Receipt`."""
        return self.value.replace("_", " ").title()


CORRECTED = {PostedKind.CREDIT_MEMO: PostedKind.INVOICE, PostedKind.INVOICE: PostedKind.CREDIT_MEMO}
"""The kind that a kind corrects or cancels, which is also the kind that corrects it."""


class DocumentType(StrEnum):
    """The eight document types; the value is the slug of files and commands."""

    SALES_ORDER = "sales-order"
    SALES_RETURN_ORDER = "sales-return-order"
    SALES_INVOICE = "sales-invoice"
    SALES_CREDIT_MEMO = "sales-credit-memo"
    PURCHASE_ORDER = "purchase-order"
    PURCHASE_RETURN_ORDER = "purchase-return-order"
    PURCHASE_INVOICE = "purchase-invoice"
    PURCHASE_CREDIT_MEMO = "purchase-credit-memo"

    area: Area
    is_order: bool
    """Orders and return orders: they can be shipped (received) and invoiced in steps."""
    is_return: bool
    """Return orders and credit memos: goods and money go the other way."""
    receives: bool
    """Whether its goods come in: it is received, where others are shipped."""

    def __init__(self, slug: str) -> None:
        # Told once and not at every asking: a posting asks a hundred times.
        self.area = Area.SALES if slug.startswith("sales") else Area.PURCHASE
        self.is_order = slug.endswith("order")
        self.is_return = "return" in slug or "credit" in slug
        self.receives = (self.area is Area.PURCHASE) != self.is_return

    @property
    def title(self) -> str:  # type: ignore[override]
        """As read on screen: `Sales Credit Memo`."""
        return self.value.replace("-", " ").title()

    @property
    def goods_kind(self) -> PostedKind:
        """The posted document that moves its goods."""
        if self.area is Area.SALES:
            return PostedKind.RETURN_RECEIPT if self.is_return else PostedKind.SHIPMENT
        return PostedKind.RETURN_SHIPMENT if self.is_return else PostedKind.RECEIPT

    @property
    def money_kind(self) -> PostedKind:
        """The posted document that moves its money."""
        return PostedKind.CREDIT_MEMO if self.is_return else PostedKind.INVOICE


class LineType(StrEnum):
    """What a document line names."""

    ITEM = "item"
    GL_ACCOUNT = "gl_account"
    CHARGE = "charge"
    COMMENT = "comment"

    @property
    def title(self) -> str:  # type: ignore[override]
        """As read on screen: `G/L Account`."""
        return "G/L Account" if self is LineType.GL_ACCOUNT else self.value.title()


class DocumentStatus(StrEnum):
    """Released documents are ready to post; neither status is typed by hand."""

    OPEN = "Open"
    RELEASED = "Released"


class JobQueueStatus(StrEnum):
    """A document's standing in the job queue. It always agrees with its entry's status."""

    BLANK = ""
    SCHEDULED = "Scheduled for Posting"
    POSTING = "Posting"
    ERROR = "Error"


class EntryStatus(StrEnum):
    """The stored statuses of a Job Queue Entry. `Waiting` is derived when shown; `Finished` is never stored."""

    READY = "Ready"
    IN_PROCESS = "In Process"
    ERROR = "Error"
    ON_HOLD = "On Hold"
    ON_HOLD_INACTIVE = "On Hold with Inactivity Timeout"

    @property
    def document_status(self) -> JobQueueStatus:
        """The Job Queue Status that a document with such an entry bears."""
        if self is EntryStatus.IN_PROCESS:
            return JobQueueStatus.POSTING
        return JobQueueStatus.ERROR if self is EntryStatus.ERROR else JobQueueStatus.SCHEDULED


class LogStatus(StrEnum):
    """How a run ended, or that it has not."""

    IN_PROCESS = "In Process"
    SUCCESS = "Success"
    ERROR = "Error"


class Blocked(StrEnum):
    """What a customer, vendor or item is blocked for. Items and accounts know only blank and All."""

    NO = ""
    SHIP = "Ship"
    INVOICE = "Invoice"
    ALL = "All"


class VatType(StrEnum):
    """How a VAT Posting Setup pair computes."""

    NORMAL = "Normal"
    REVERSE_CHARGE = "Reverse Charge"
    EXEMPT = "Exempt"


class AccountType(StrEnum):
    """Only posting accounts take entries; the others structure the chart."""

    POSTING = "Posting"
    HEADING = "Heading"
    TOTAL = "Total"


class ReportOutput(StrEnum):
    """Where Post & Print sends its documents."""

    PDF = "PDF"
    PRINT = "Print"
