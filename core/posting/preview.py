"""Preview Posting: the posting itself, run by its own code in a transaction that is rolled back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from postroom.core import reading, users
from postroom.core.database import transaction
from postroom.core.documents import releasing
from postroom.core.errors import NotFound, Problem, Refused
from postroom.core.jobs import posting_options
from postroom.core.kinds import DocumentStatus, DocumentType
from postroom.core.posting import post, source
from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.tables.trade import Document
from postroom.core.users import Permission

PLACEHOLDER = "***"
"""What stands for a posted document's no.: the numbers that the posting drew were given back."""

_DRAWN: Mapping[str, object] = {
    "no": PLACEHOLDER,
    "document_no": PLACEHOLDER,
    "posting_id": "",
    "register_no": None,
    "entry_no": None,
    "posted_at": None,
}
"""What the rows of a preview bear in place of what only a real posting has."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a document would post: rows as in `core.reading`, `entries` by ledger name, or the `errors` that keep it.

    Posted documents and entries bear `***` for their no., entries of party ledgers what would be open afterwards.
    """

    type: DocumentType
    no: str
    documents: tuple[reading.Row, ...]
    entries: Mapping[str, tuple[reading.Row, ...]]
    errors: tuple[Problem, ...]


class _RolledBack(Exception):
    """Ends the transaction of a preview, always."""


def preview(document_id: int, *, user: str, asked: Asked = AS_THE_DOCUMENT_SAYS) -> Preview:
    """Run a document's posting, collect all it would write, and undo it; also of a queued document. Needs Post.

    Of an order what is `asked`, else what its entry is to do, else what the document says.

    A released document is computed and checked before the transaction begins, so that SQLite's write lock, or the rows
    of its items and number series, are held for the few milliseconds of the writing and of reading it back; other
    postings wait that long. Raises NotFound.
    """
    users.require(user, Permission.POST)
    document = source.read(document_id)
    try:
        found = _posted_and_undone(document_id, user, asked)
    except NotFound:
        raise
    except Refused as error:
        nothing: Mapping[str, tuple[reading.Row, ...]] = dict.fromkeys(reading.LEDGERS, ())
        return Preview(document.type, document.no, (), nothing, error.problems)
    return Preview(
        document.type,
        document.no,
        tuple(_masked(row) for row in found["documents"]),
        {name: tuple(_masked(row) for row in rows) for name, rows in found["entries"].items()},
        (),
    )


def _posted_and_undone(document_id: int, user: str, asked: Asked) -> dict[str, Any]:
    """All that the posting writes. Raises what it is refused for."""
    if asked == AS_THE_DOCUMENT_SAYS:
        asked = posting_options.of_document(document_id).asked
    posting_id = secrets.token_hex(8)
    found: dict[str, Any] = {}
    is_released = _stored(document_id).status is DocumentStatus.RELEASED
    plan = post.prepare(document_id, user=user, posting_id=posting_id, asked=asked) if is_released else None
    with suppress(_RolledBack), transaction():
        if plan is None:  # releasing it may compute its invoice discount
            releasing.release_in_transaction(_stored(document_id))
            plan = post.prepare(document_id, user=user, posting_id=posting_id, asked=asked)
        post.write(plan)
        found = reading.posting(posting_id)
        raise _RolledBack
    return found


def _stored(document_id: int) -> Document:
    """The document's row. Raises NotFound."""
    found: Document | None = Document.get_or_none(Document.id == document_id)
    if found is None:
        raise source.gone()
    return found


def _masked(row: reading.Row) -> reading.Row:
    """A row without the numbers that were drawn for it; a document's lines keep the nos. of their items."""
    return {key: _DRAWN.get(key, value) for key, value in row.items()}
