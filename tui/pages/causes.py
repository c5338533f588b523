"""From an error to the field that must be mended: on the document, its line, or the record that stands behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from postroom.core import documents
from postroom.core.documents.fields import HEADER
from postroom.core.errors import Problem
from postroom.core.kinds import Area, DocumentType
from postroom.core.masters import KINDS
from postroom.core.plain_text import visible
from postroom.tui.pages import results
from postroom.tui.widgets.dialogs import Reading

_BLOCKED = {"item_blocked": "item", "gl_account_blocked": "gl-account"}
_LISTS = {
    "general_posting_setup_missing": "general-posting-setup",
    "vat_posting_setup_missing": "vat-posting-setup",
}


_BLANK = "(blank)"
_PAIR_OF_LINE = f" x {_BLANK}."
"""So ends the message about a pair of VAT groups of which the line's is blank: it is filled in on the line."""
_PAIR = re.compile(r"has no pair (?P<business>.+) x (?P<product>.+)\.")
_OWNERS = re.compile(r"groups of (?P<party>.+) and (?:item (?P<item>.+)|of the line)\.")
"""The message about a missing pair of groups, and its hint that tells whose groups they are."""
_WITHOUT_GROUP = re.compile(r"Choose a \w+ Posting Group on (Customer|Vendor) (.+)\.")
"""The hint about a party that has no posting group."""


def document_of(record: str) -> tuple[DocumentType, str] | None:
    """The document that an error's record names, `Sales Invoice S-INV1`."""
    for kind in sorted(DocumentType, key=lambda one: -len(one.title)):
        if record.startswith(f"{kind.title} "):
            return kind, record.removeprefix(f"{kind.title} ")
    return None


async def tell(desk: Any, title: str, done: Sequence[Any], *, but: str = "") -> None:
    """Say what became of each document; from those that failed `m` leads to the first one's cause. In a worker."""
    failed = [one for one in done if one.result in results.BAD and one.errors]
    if not failed:
        results.tell(desk, title, done, but=but)
        return
    which = "Go to the Cause" if len(failed) == 1 else "Go to the First Cause"
    told = results.report(done).append(f"\n\n{visible(but)}" if but else "")
    if await desk.push_screen_wait(Reading(title, told, {"m": which})):
        await open_cause(desk, failed[0].errors[0])


async def open_cause(desk: Any, problem: Problem) -> None:
    """Show the page where the problem is mended, the cursor on its field. Esc leads back from one that was not open."""
    from postroom.tui.pages.records import card_of

    named = document_of(problem.record)
    if problem.code == "party_blocked" and named is not None:
        desk.show_page(card_of(_party_of(named[0]), problem.value, "blocked"))
        return
    if problem.code in _BLOCKED:
        desk.show_page(card_of(_BLOCKED[problem.code], problem.value, "blocked"))
        return
    blank = _blank_group(problem, named[0]) if named is not None else None
    if blank is not None:
        desk.show_page(card_of(*blank))
        return
    if problem.code in _LISTS and not problem.message.endswith(_PAIR_OF_LINE):
        desk.open_page(_LISTS[problem.code])
        return
    without_group = _WITHOUT_GROUP.match(problem.hint)
    if without_group is not None:
        desk.show_page(card_of(without_group[1].lower(), without_group[2], "posting_group"))
        return
    behind = _behind(problem)
    if behind is not None:
        desk.show_page(card_of(*behind))
        return
    if named is not None:
        await _open_document(desk, *named, problem)
        return
    for kind in KINDS.values():
        if problem.record.startswith(f"{kind.title} "):
            desk.show_page(card_of(kind.slug, problem.record.removeprefix(f"{kind.title} "), problem.field))
            return
    desk.say(f"There is no page for this: {problem.message} {problem.hint}", "warning")


def _party_of(kind: DocumentType) -> str:
    """The slug of the master records that a document's party is of."""
    return "customer" if kind.area is Area.SALES else "vendor"


def _blank_group(problem: Problem, kind: DocumentType) -> tuple[str, str, str] | None:
    """The record whose group is blank where a pair of groups is missing, and the field; None if no record's is."""
    pair, owners = _PAIR.search(problem.message), _OWNERS.search(problem.hint)
    if problem.code not in _LISTS or pair is None or owners is None:
        return None
    groups = "vat" if problem.code == "vat_posting_setup_missing" else "general"
    if pair["business"] == _BLANK:
        return _party_of(kind), owners["party"], f"{groups}_business_group"
    if pair["product"] == _BLANK and owners["item"]:
        return "item", owners["item"], f"{groups}_product_group"
    return None


def _behind(problem: Problem) -> tuple[str, str, str] | None:
    """The setup record that a hint like `Fill in Stock Account in Inventory Posting Group X.` names, and the field."""
    for kind in KINDS.values():
        for field in kind.fields:
            if field.caption != problem.field:
                continue
            for said in (f"Fill in {field.caption} in {kind.title} ", f"Correct {field.caption} in {kind.title} "):
                if problem.hint.startswith(said):
                    return kind.slug, problem.hint.removeprefix(said).removesuffix("."), field.name
    return None


async def _open_document(desk: Any, kind: DocumentType, no: str, problem: Problem) -> None:
    from postroom.tui.pages.document import DocumentCard
    from postroom.tui.pages.document_lines import LineCard

    found = await desk.carry_out(lambda: documents.find(no, kind))
    if found is None:
        return
    if problem.line is not None:
        desk.show_page(LineCard(found.id, kind, problem.line, problem.field))
    else:
        known = {field.name for field in HEADER}
        desk.show_page(DocumentCard(found.id, kind, problem.field if problem.field in known else ""))
