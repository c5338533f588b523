"""How a queued posting is to go about its document: kept as the parameters of its Job Queue Entry, in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from postroom.core.posting.steps import AS_THE_DOCUMENT_SAYS, Asked
from postroom.core.statements import query


@dataclass(frozen=True, slots=True)
class PostingOptions:
    """What was asked of it, and `print`: whether its reports are printed, as Post and Print has it."""

    asked: Asked = AS_THE_DOCUMENT_SAYS
    print: bool = False


def stored(options: PostingOptions) -> str:
    """As an entry stores them: what is on, `{}` where nothing is."""
    asked = options.asked
    given = {"print": options.print, "ship": asked.ship, "receive": asked.receive, "invoice": asked.invoice}
    return json.dumps({name: True for name, is_on in given.items() if is_on})


def of_entry(parameters: str) -> PostingOptions:
    """What an entry stores."""
    given = json.loads(parameters) if parameters != "{}" else {}
    asked = Asked(*(bool(given.get(name)) for name in ("ship", "receive", "invoice")))
    return PostingOptions(asked, bool(given.get("print")))


def of_document(document_id: int) -> PostingOptions:
    """What the posting entry of a document stores; without one nothing is on."""
    rows = query("SELECT parameters FROM job_queue_entry WHERE job = 'post-document' AND record_id = ?", (document_id,))
    return of_entry(rows[0][0]) if rows else PostingOptions()
