"""What an entry, a run or a note is about: from it to the document, or to what was posted of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from postroom.core import documents, reading
from postroom.core.errors import NotFound
from postroom.core.kinds import DocumentType
from postroom.core.plain_text import visible
from postroom.core.printing.reports import REPORTS, Report
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.trade import Document
from postroom.tui.widgets.search import Choose

_POSTED = "posted-"
"""So begins the record type of what was posted."""


async def show_record(desk: Any, record_type: str, record_no: str, posted: Sequence[Any] = ()) -> None:
    """Open the card of a record, or of one of the posted documents that came out; Esc leads back.

    A document that is gone is shown by what was posted of it. Only inside a worker.
    """
    from postroom.tui.pages.document import DocumentCard
    from postroom.tui.pages.ledgers import PostedCard

    found = await desk.carry_out(lambda: _posted(posted) if posted else _find(record_type, record_no))
    if found is None:
        return
    if isinstance(found, Document):
        desk.show_page(DocumentCard(found.id, found.type))
        return
    titles = [f"Posted {Report(row['area'], row['kind']).title} {visible(row['no'])}" for row in found]
    title: str | None = titles[-1]  # the invoice; what moved the goods stands before it
    if len(found) > 1:
        title = await desk.push_screen_wait(Choose("Posted Documents", titles, titles[-1]))
    if title is not None:
        desk.show_page(PostedCard(found[titles.index(title)]["id"]))


def _posted(references: Sequence[Any]) -> list[reading.Row]:
    """Posted documents by their area, kind and no."""
    return [row for one in references for row in _headers(area=one.area, kind=one.kind, no=one.no)]


def _find(record_type: str, record_no: str) -> Document | list[reading.Row]:
    """The document, or what was posted of it. Raises NotFound."""
    if record_type.startswith(_POSTED):
        report = REPORTS[record_type.removeprefix(_POSTED)]
        return _headers(area=report.area, kind=report.kind, no=record_no)
    kind = DocumentType(record_type)
    try:
        return documents.find(record_no, kind)
    except NotFound:
        came_out = _headers(source_type=kind, source_no=record_no)
        if not came_out:
            raise
        return came_out


def _headers(**fields: object) -> list[reading.Row]:
    """Posted documents with these fields, in the order of their posting."""
    chosen = PostedDocument.select(PostedDocument.id).where(
        *(getattr(PostedDocument, name) == value for name, value in fields.items())
    )
    return reading.posted_headers([row.id for row in chosen])
