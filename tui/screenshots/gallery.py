"""What is drawn: every page of the directory, and the cards, boxes and lines that keys open from there."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.tui.pages import directory


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the page it begins on, the keys pressed there, and a text that it must show then."""

    name: str
    address: str
    keys: tuple[str, ...] = ()
    shows: str = ""


def _from(address: str, *pictures: tuple[str, str, str]) -> tuple[Picture, ...]:
    """Pictures that begin on one page: name, keys with blanks between them, text that is to be seen."""
    return tuple(Picture(name, address, tuple(keys.split()), shows) for name, keys, shows in pictures)


def typed(text: str) -> str:
    """The keys that type a text."""
    return " ".join("space" if letter == " " else letter for letter in text)


PAGES = tuple(Picture(entry.address, entry.address) for entry in directory.PAGES)

CARDS = (
    *_from(
        "role-centre",
        ("keys", "question_mark", "Keys of Role Centre"),
        ("search", "colon", "Search for a page or an action"),
        ("search-typed", f"colon {typed('log')}", "Job Queue Log Entries"),
        ("poll-interval", "I", "Seconds between two looks"),
        ("paused", "P", "Paused"),
    ),
    *_from(
        "sales-order",
        ("document-card", "enter", "Customer No."),
        ("document-card-unfolded", "enter f", "Including VAT"),
        ("document-card-choice", "enter enter", "Lanternfish Hardware"),
        ("document-card-typing", "enter j j enter", "Leave as it is"),
        ("document-lines", "enter l", "To Ship"),
        ("document-line", "enter l enter", "Unit Price"),
        ("document-line-unfolded", "enter l enter f", "Qty. to Ship"),
        ("document-status-error", "w", "m Go to the Cause"),
        ("document-cause", "m", "Blocked"),
        ("document-queue-anyway", "p", "Queue Anyway"),
        ("documents-marked", "space space", "2 marked"),
        ("documents-check", "asterisk c", "failed"),
        ("documents-delete", "asterisk D", "This cannot be undone."),
        ("documents-sort", "z", "Its own order"),
        ("documents-filter", f"slash {typed('status=Released')}", "status=Released"),
        ("documents-none", f"slash {typed('nobody')} enter", "Nothing matches the filter nobody."),
        ("documents-keys", "question_mark", "Keys of Sales Orders"),
    ),
    *_from(
        "purchase-order",
        ("document-status-waiting", "w", "Queued by bert"),
        ("document-preview", "v", "Nothing is posted"),
    ),
    *_from(
        "purchase-credit-memo",
        ("document-status-posting", "j w", "Posted by process 4107"),
    ),
    *_from(
        "job-queue-entries",
        ("job-queue-entry-card", "enter", "Runs Again"),
        ("job-queue-entry-error", "j j j e", "is blocked"),
        ("job-queue-entry-why", "G k k w", "Why Is It Not Running?"),
        ("job-queue-entry-fields", "j j f2 f", "Next Run Date Formula"),
        ("job-queue-entries-marked", "j j j space space space", "3 marked"),
        ("job-queue-entries-delete", "j j j space space space D", "Documents stay Released."),
        ("job-queue-entries-priority", "p", "Set Priority"),
        ("job-queue-entries-filter", f"slash {typed('status=Error')} enter", "Filter: status=Error"),
        ("job-queue-entries-wrong-filter", f"slash {typed('colour=red')} enter", "colour"),
        ("job-queue-entries-keys", "question_mark", "Keys of Job Queue Entries"),
    ),
    *_from(
        "job-queue-log-entries",
        ("job-queue-log-entry-card", "j enter", "Posted Documents"),
        ("job-queue-log-entry-error", f"slash {typed('status=Error')} enter e", "Errors"),
        ("job-queue-log-delete", "X", "What is In Process stays."),
    ),
    *_from(
        "job-queues",
        ("job-queue-card", "j enter f", "Last Heartbeat"),
        ("job-queue-stop", "j S", "What runs is finished; the others wait."),
    ),
    *_from("job-queue-categories", ("job-queue-category-new", "n", "New Category")),
    *_from(
        "batches",
        ("batch-entries", "G enter", "Filter: batch_no=1"),
        ("batch-posted-documents", "G p", "Filter: batch_no=1"),
        ("batch-cancel", "G C", "What is posted stays."),
    ),
    *_from("notes", ("note", "j enter", "P-INV1011")),
    *_from(
        "documents-to-handle",
        ("documents-to-handle-errors", "enter", "t Post Again"),
        ("documents-to-handle-group", "T", "Post it again?"),
    ),
    *_from(
        "sales-setup",
        ("sales-setup-unfolded", "f G", "Posted Credit Memo Nos."),
        ("sales-setup-choice", "j enter", "Leave as it is"),
    ),
    *_from("customer", ("customer-card", "enter f", "Invoice Discount %"), ("customer-new", "n", "New Customer")),
    *_from("item", ("item-card", "enter f", "Inventory Posting Group")),
    *_from("general-posting-setup", ("general-posting-setup-card", "enter", "Sales Account")),
    *_from(
        "posted-documents",
        ("posted-document-card", "enter", "G/L Register No."),
        ("posted-document-entries", "enter space tab tab tab space", "Entry No."),
        ("navigate", "n", "Navigate: 1080009"),
        ("posted-document-cancel", "C", "What is posted stays."),
    ),
    *_from("change-log", ("change", "enter", "Set On Hold")),
    *_from("user-setup", ("user-card", "enter f", "Permission Sets")),
    *_from(
        "batch-post-sales-orders",
        ("batch-post-unfolded", "f", "Ship"),
        (
            "batch-post-runs",
            f"f {'j ' * 15} enter {typed('mon,wed')} enter j j enter {typed('22:00')} enter G",
            "22:00",
        ),
        ("batch-post-check", "c", "failed"),
        ("batch-post-run", "p", "queue them now?"),
    ),
    *_from("schedule-backup", ("schedule-unfolded", "f", "Weekdays")),
)
"""What is opened by keys from a page, a picture each."""

PICTURES = (*PAGES, *CARDS)
