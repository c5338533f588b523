"""Actions on master records, users, and what was posted."""

from __future__ import annotations

from postroom.tui.actions.base import Action, is_connected, needs_rows

RECORDS = "record"
LEDGER_OF = "ledger-of"
"""The page of actions of records that ledger entries name."""
USERS = "user"
POSTED = "posted-documents"
LEDGER = "ledger-entries"
CHANGES = "change-log"
NAVIGATE = "navigate"
IMPORT = "import"

_record = needs_rows("record")
_entry = needs_rows("entry")
_navigated = needs_rows("document or entry")

ACTIONS: tuple[Action, ...] = (
    Action("record.open", "Card", "enter,f2", "All its fields, to change them.", "Card", possible=_record),
    Action(
        "record.new", "New", "ctrl+n,n", "Make a record; its number or code is asked for.", "New", possible=is_connected
    ),
    Action(
        "record.delete",
        "Delete",
        "D",
        "Only what nothing names: no document, setup, posted document or other record.",
        "Delete",
        dangerous=True,
        possible=_record,
    ),
    Action("ledger-of.ledger-entries", "Ledger Entries", "l", "The entries that name it.", "Entries", possible=_record),
    Action("user.open", "Card", "enter,f2", "Permission sets and posting dates of the user.", "Card", possible=_record),
    Action("user.new", "New", "ctrl+n,n", "Say what another user may do.", "New", possible=is_connected),
    Action(
        "posted-documents.open",
        "Card",
        "enter,f2",
        "Its lines, its VAT, and every ledger entry of the posting.",
        "Card",
        possible=needs_rows("posted document"),
    ),
    Action(
        "ledger-entries.register",
        "Posting Register",
        "r",
        "Its register, with every entry; to print.",
        "Register",
        possible=_entry,
    ),
    Action("ledger-entries.open", "Navigate", "enter,n", "All that its document posted.", "Navigate", possible=_entry),
    Action(
        "navigate.open",
        "Open as a List",
        "o",
        "The posted documents, or the ledger's entries that the FastTab shows, as a list.",
        "List",
        possible=_navigated,
    ),
    Action(
        "import.run",
        "Import",
        "f9,p",
        "All rows of all files, or none where one is bad.",
        "Import",
        possible=is_connected,
    ),
    Action("change-log.open", "Details", "enter,f2", "The whole change.", "Details", possible=_entry),
)
