"""What a correction settles: the open amount of the document that it corrects."""

from __future__ import annotations

from postroom.core.kinds import Area
from postroom.core.posting.correction import Original
from postroom.core.statements import insert, query
from postroom.core.tables import ledgers


def settle(entry_no: int, own: int, area: Area, original: Original, posting_id: str) -> None:
    """Close the corrected document's open amount against a correction's party ledger entry, as far as both go.

    `own` is that entry's amount as it is stored, debit positive.
    """
    ((settled_no, amount, closed),) = query(
        "SELECT e.entry_no, e.amount, COALESCE(SUM(a.amount), 0) FROM party_ledger_entry e"
        " LEFT JOIN party_ledger_application a ON a.entry_no = e.entry_no"
        " WHERE e.area = ? AND e.document_kind = ? AND e.document_no = ? GROUP BY e.entry_no, e.amount",
        (area.value, original.kind.value, original.no),
    )
    left = int(amount) - int(closed)
    if left * own >= 0:
        return
    part = min(abs(left), abs(own)) * (1 if left > 0 else -1)
    insert(
        ledgers.PartyLedgerApplication,
        ("entry_no", "applied_entry_no", "amount", "posting_id"),
        [(settled_no, entry_no, part, posting_id), (entry_no, settled_no, -part, posting_id)],
    )
