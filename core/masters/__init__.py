"""Master data and posting groups: customers, vendors, items, accounts, charges, groups, pairs, series, currencies."""

from __future__ import annotations

from postroom.core.masters.kinds import KINDS, MasterField, MasterKind
from postroom.core.masters.records import delete_record, list_records, new_record, refuse_known, set_record

__all__ = [
    "KINDS",
    "MasterField",
    "MasterKind",
    "delete_record",
    "list_records",
    "new_record",
    "refuse_known",
    "set_record",
]
