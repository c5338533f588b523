"""The amounts kept on documents for their lists: computed by the rules of posting, anew with every change."""

from __future__ import annotations

from typing import Any

from postroom.core.documents.fields import record
from postroom.core.errors import UsageError
from postroom.core.money import LARGEST, to_units
from postroom.core.posting import amounts
from postroom.core.statements import execute, in_parts
from postroom.core.tables.trade import Document


def recompute_amounts(condition: Any = None) -> None:
    """Write the amounts of all documents, or of those that a condition chooses, in the caller's transaction.

    Raises UsageError for a total that is too large to be kept.
    """
    chosen = Document.select(Document.id)
    if condition is not None:
        chosen = chosen.where(condition)
    for ids in in_parts((row.id for row in chosen), 1000):
        for document_id, totals in amounts.totals_of(ids).items():
            parts = (totals.amount, totals.vat_amount, totals.amount_including_vat)
            if any(abs(part) >= LARGEST for part in parts):
                _refuse_too_large(document_id)
            # as text: a changed VAT rate touches every document
            execute(
                "UPDATE document SET amount = ?, vat_amount = ?, amount_including_vat = ? WHERE id = ?",
                (*(to_units(part) for part in parts), document_id),
            )


def _refuse_too_large(document_id: int) -> None:
    document = Document.get_by_id(document_id)
    raise UsageError(
        "Its total has more than 13 digits before the point.",
        code="amount_too_large",
        record=record(document),
        field="amount",
        hint="Check quantities and prices.",
    )
