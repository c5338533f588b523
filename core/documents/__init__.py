"""Documents not yet posted: made, filled in, released, listed, deleted. Posting and queueing them are other rooms."""

from __future__ import annotations

from postroom.core.documents.header import delete, new, set_fields
from postroom.core.documents.lines import set_line
from postroom.core.documents.releasing import (
    calculate_invoice_discount,
    release,
    release_in_transaction,
    reopen,
)
from postroom.core.documents.totals import recompute_amounts
from postroom.core.documents.views import (
    DocumentDetail,
    DocumentView,
    LineView,
    find,
    list_documents,
    posted_last,
    show,
)

__all__ = [
    "DocumentDetail",
    "DocumentView",
    "LineView",
    "calculate_invoice_discount",
    "delete",
    "find",
    "list_documents",
    "new",
    "posted_last",
    "recompute_amounts",
    "release",
    "release_in_transaction",
    "reopen",
    "set_fields",
    "set_line",
    "show",
]
