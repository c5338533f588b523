"""What a document's state allows, looked at under a lock, so that no change slips past a posting or a queueing."""

from __future__ import annotations

from postroom.core import database as engine
from postroom.core.documents.fields import record
from postroom.core.documents.totals import recompute_amounts
from postroom.core.errors import NotFound, Refused
from postroom.core.kinds import DocumentStatus, JobQueueStatus
from postroom.core.tables.trade import Document, DocumentLine


def locked(document_id: int) -> Document:
    """The document as it stands, held until the transaction ends. Raises NotFound."""
    chosen = Document.select().where(Document.id == document_id)
    if engine.is_postgres():
        chosen = chosen.for_update()
    document: Document | None = chosen.first()
    if document is None:
        raise NotFound(
            "The document is no longer there.",
            code="document_gone",
            hint="It may have been posted or deleted meanwhile; look in the posted documents.",
        )
    return document


def changeable(document_id: int) -> Document:
    """The locked document, unless it waits in the job queue or is being posted: then Refused, naming the entry."""
    document = locked(document_id)
    if document.job_queue_status in (JobQueueStatus.SCHEDULED, JobQueueStatus.POSTING):
        from postroom.core.jobs.background import refuse_if_queued  # imported late: queueing stands above documents

        refuse_if_queued(document)
    return document


def refuse_released(document: Document) -> None:
    """Raise Refused for a released document."""
    if document.status is DocumentStatus.RELEASED:
        raise Refused(
            "The document is released.",
            code="document_released",
            record=record(document),
            field="status",
            value=document.status.value,
            hint="Reopen it first.",
        )


def refuse_cancelling(document: Document) -> None:
    """Raise Refused for a document that cancels a posted one, whose figures it takes as they are."""
    if document.cancels:
        raise Refused(
            f"The document cancels {document.corrects_no} and takes everything but dates and outside numbers from it.",
            code="document_cancels",
            record=record(document),
            field="corrects_no",
            value=document.corrects_no,
            hint="Delete it and make a document of your own that names it in Corrects No.",
        )


def changed(document: Document) -> None:
    """Save the header as changed and let its amounts follow. A posting computed before this does not write after it."""
    document.version += 1
    document.save()
    recompute_amounts(Document.id == document.id)


def lines_of(document: Document) -> list[DocumentLine]:
    """The lines in their order."""
    return list(DocumentLine.select().where(DocumentLine.document == document.id).order_by(DocumentLine.line_no))
