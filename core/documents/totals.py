"""The amounts kept on documents for their lists: computed by the rules of posting, anew with every change."""

from __future__ import annotations

from typing import Any

from postroom.core.money import to_units
from postroom.core.posting import amounts
from postroom.core.statements import execute, in_parts
from postroom.core.tables.trade import Document


def recompute_amounts(condition: Any = None) -> None:
    """Write the amounts of all documents, or of those that a condition chooses, in the caller's transaction."""
    chosen = Document.select(Document.id)
    if condition is not None:
        chosen = chosen.where(condition)
    for ids in in_parts((row.id for row in chosen), 1000):
        for document_id, totals in amounts.totals_of(ids).items():
            # as text: a changed VAT rate touches every document
            execute(
                "UPDATE document SET amount = ?, vat_amount = ?, amount_including_vat = ? WHERE id = ?",
                (
                    to_units(totals.amount),
                    to_units(totals.vat_amount),
                    to_units(totals.amount_including_vat),
                    document_id,
                ),
            )
