"""A document's card, and what can be done with documents in list and card alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import currencies, documents, values
from postroom.core.counted import counted
from postroom.core.documents import fields as typed_fields
from postroom.core.documents.fields import DocumentField
from postroom.core.errors import DatabaseAway, NotFound, NotPermitted, PostroomError
from postroom.core.jobs import background, entries, why
from postroom.core.jobs.background import DocumentResult, PostRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.plain_text import visible
from postroom.core.posting import preview
from postroom.tui import shown
from postroom.tui.actions import ANYWHERE, FORM, bindings
from postroom.tui.actions.documents import DOCUMENT
from postroom.tui.pages import causes, order_steps, reopening, results
from postroom.tui.pages.document_lines import LinesPage, line_text, totals_text
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.page import PageActions
from postroom.tui.pages.preview import PreviewCard
from postroom.tui.widgets.dialogs import Ask, Reading

_NAMES = {"currency_code": "currency"}


def status_of(view: Any) -> Text:
    """A document's Job Queue Status as its own word; blank says so."""
    return shown.status(view.job_queue_status.value)


class DocumentActions(PageActions):
    """What can be done with documents, the same in the list and on the card."""

    def chosen(self) -> list[Any]:
        """The documents that an action is for."""
        return list(self.situation().rows)

    async def do_post(self) -> None:
        await self._post(PostRequest(), "Post")

    async def do_post_part(self) -> None:
        request = await order_steps.ask(self, self.chosen())
        if request is not None:
            await self._post(request, "Post")

    async def do_post_and_print(self) -> None:
        await self._post(PostRequest(print=True), "Post and Print")

    async def do_queue(self) -> None:
        await self._post(PostRequest(mode="queue"), "Queue")

    async def do_check(self) -> None:
        await self._post(PostRequest(check_only=True), "Check")

    async def do_preview(self) -> None:
        """Show what the document would post; errors as Check shows them."""
        (view,), user = self.chosen()[:1], self.desk.user
        found = await self.desk.carry_out(lambda: preview.preview(view.id, user=user))
        if found is None:
            return
        if found.errors:
            failed = DocumentResult(found.type.value, found.no, "failed", errors=found.errors)
            await causes.tell(self.desk, "Preview Posting", [failed])
        else:
            self.app.push_screen(PreviewCard(view.id, found))

    async def _post(self, request: PostRequest, verb: str) -> None:
        """Post, queue or check; a single document that the check refused may be queued all the same."""
        views, user = self.chosen(), self.desk.user
        ids = [view.id for view in views]
        if (
            len(ids) > 1
            and not request.check_only
            and not await self.desk.ask(f"{verb} {counted(len(ids), 'document')}?", yes=verb)
        ):
            return
        done = await self.desk.long_work(
            f"{verb}: {counted(len(ids), 'document')}",
            len(ids),
            lambda progress: background.post(ids, request, user=user, progress=progress),
        )
        if done is None:
            return
        if len(done) == 1 and done[0].result == "refused" and _only_checked(done[0]):
            question = f"{views[0].record} would not post now. Queue it anyway?"
            details = "\n".join(problem.message for problem in done[0].errors)
            box = Ask(question, details, yes="Queue Anyway", others={"m": "Go to the Cause"})
            answer = await self.app.push_screen_wait(box)
            if answer == "m":
                await causes.open_cause(self.desk, done[0].errors[0])
            if answer != "y":
                return
            anyway = replace(request, mode="queue", queue_anyway=True)
            done = await self.desk.carry_out(lambda: background.post(ids, anyway, user=user))
        if done is not None:
            # What would post stays marked after a check, to be posted next.
            is_over = [(one.result in results.BAD) is request.check_only for one in done]
            self.done_with({str(view.id) for view, over in zip(views, is_over, strict=False) if over})
            queued = next((one.entry_id for one in done if one.result == "queued"), "")
            stands = await self.desk.carry_out(lambda: why.standstill(queued)) if queued else ""
            is_chosen = request.check_only and len(done) > 1
            but = "What would post stays marked." if is_chosen else stands or ""
            await causes.tell(self.desk, verb, done, but=but)

    def done_with(self, keys: set[str]) -> None:
        """These documents' action has succeeded."""

    async def do_remove(self) -> None:
        views, user = self.chosen(), self.desk.user
        if await results.ask_to_remove(self.desk, of_what(views), len(views)):
            done = await self.desk.carry_out(lambda: background.remove([view.id for view in views], user=user))
            results.tell(self.desk, "Remove From Job Queue", done or ())

    async def do_release(self) -> None:
        await self._each("Released", documents.release)

    async def do_reopen(self) -> None:
        await self._each("Reopened", documents.reopen)

    async def do_delete(self) -> None:
        views = self.chosen()
        if await self.desk.ask(f"Delete {of_what(views)}?", "This cannot be undone.", yes="Delete"):
            await self._each("Deleted", documents.delete)

    async def _each(self, verb: str, use_case: Callable[..., Any]) -> None:
        """Do it to each document; one that is refused does not keep the others from it."""
        views, user = self.chosen(), self.desk.user

        def act() -> list[DocumentResult]:
            return [_attempt(view, verb.lower(), use_case, user, alone=len(views) == 1) for view in views]

        done = await self.desk.carry_out(act)
        if done is None:
            return
        bad = [one for one in done if one.result in results.BAD]
        self.done_with({str(view.id) for view, one in zip(views, done, strict=True) if one not in bad})
        if bad:
            await causes.tell(self.desk, verb, done)
        else:
            self.desk.say(f"{verb}: {of_what(views)}.")

    async def do_why(self) -> None:
        """Everything about where it stands in the job queue."""
        (view,) = self.chosen()[:1]
        entry = await self.desk.carry_out(lambda: entries.show(view.job_queue_entry_no))
        if entry is None:
            return
        text = Text.assemble((visible(view.record), "bold"), "  ", status_of(view), "\n\n")
        if entry.errors:
            text.append(shown.problem_lines(entry.errors))
        else:
            if entry.started is not None:
                since = shown.whole_stamp(entry.started, self.desk.time_zone)
                text.append(f"Posted by process {entry.process_id} on {visible(entry.host)} since {since}.\n")
            if entry.why is not None:
                text.append(f"{visible(entry.why.text)} {visible(entry.why.hint)}\n")
            queued = shown.whole_stamp(entry.created, self.desk.time_zone)
            text.append(f"Queued by {visible(entry.user)}, {queued}, as entry {entry.entry_no}.", shown.FAINT)
        answers = {"m": "Go to the Cause"} if entry.errors else {}
        if await self.app.push_screen_wait(Reading("Job Queue Status", text, answers)):
            await causes.open_cause(self.desk, entry.errors[0])

    async def do_mend(self) -> None:
        (view,) = self.chosen()[:1]
        if not view.errors:
            self.desk.say(f"{view.record} has no error.", "warning")
            return
        await causes.open_cause(self.desk, view.errors[0])


def _only_checked(result: Any) -> bool:
    """Whether the document was refused by the check alone, which may be passed over."""
    return all(
        problem.code not in ("document_is_scheduled", "document_is_posting", "document_gone")
        for problem in result.errors
    )


def _attempt(view: Any, verb: str, use_case: Callable[..., Any], user: str, *, alone: bool) -> DocumentResult:
    """What became of one document. Raises what it was refused for if it is the only one, or concerns all."""
    try:
        use_case(view.id, user=user)
    except PostroomError as error:
        if alone or isinstance(error, NotPermitted | DatabaseAway):
            raise
        return DocumentResult(view.type.value, view.no, "refused", errors=error.problems)
    return DocumentResult(view.type.value, view.no, verb)


def of_what(views: Sequence[Any]) -> str:
    return views[0].record if len(views) == 1 else counted(len(views), "document")


def header_fields(kind: DocumentType) -> list[DocumentField]:
    """The header fields that a document of the type has; what moves goods is called Ship or Receive."""
    moves = "receive" if kind.receives else "ship"
    return [
        field
        for field in typed_fields.HEADER
        if field.area in (None, kind.area)
        and (not field.orders_only or kind.is_order)
        and field.name not in ({"ship", "receive"} - {moves})
    ]


_TABS = {
    "party_no": "General",
    "party_name": "General",
    "posting_date": "General",
    "document_date": "General",
    "external_document_no": "General",
    "vendor_document_no": "General",
}


_WHILE_RELEASED = frozenset(field.name for field in typed_fields.HEADER if field.while_released)


def of_document(field: DocumentField, kind: DocumentType, value: str = "") -> FormField:
    """A header field as a form has it."""
    names = _NAMES.get(field.name, "")
    caption = field.caption
    if field.name == "party_no":
        names, caption = ("customer", "Customer No.") if kind.area is Area.SALES else ("vendor", "Vendor No.")
    return FormField(
        field.name,
        _TABS.get(field.name, "Invoicing and Shipping"),
        caption,
        field.kind,
        field.help,
        field.choices,
        names,
        value,
    )


class DocumentCard(FormPage, DocumentActions):
    """One document: header, totals and lines."""

    ACTIONS_OF = ("document-card", DOCUMENT, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    TEXTS = ("Errors", "Totals", "Lines")
    UNFOLDED = frozenset(TEXTS)

    def __init__(self, id_: int, kind: DocumentType, field: str = "") -> None:
        self.id_, self.kind = id_, kind
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"document-card {self.id_}"

    @property
    def caption(self) -> str:
        return self.kind.title

    def form_fields(self) -> Sequence[FormField]:
        return [of_document(field, self.kind) for field in header_fields(self.kind)]

    def reading(self) -> Callable[[], Any]:
        id_, kind = self.id_, self.kind
        no = self.snapshot.row.no if self.snapshot is not None else ""
        return lambda: read_card(id_, kind, no)

    def change(self, key: str, text: str) -> Any:
        documents.set_fields(self.id_, {key: text}, user=self.desk.user)

    async def may_edit(self, field: FormField) -> bool:
        assert self.snapshot is not None  # no field is edited before it is known
        return await reopening.may_change(self.desk, self.snapshot.row, while_released=field.key in _WHILE_RELEASED)

    def show(self, snapshot: Any) -> None:
        if snapshot.row is None:  # posted or deleted meanwhile
            self.desk.close_gone(self, snapshot.title.plain)
            return
        super().show(snapshot)

    def do_lines(self) -> None:
        self.app.push_screen(LinesPage(self.id_, self.kind))


def what_became_of(kind: DocumentType, no: str) -> str:
    """What a document that is gone was posted as, or that it was deleted, in the words of who did it here."""
    if not no:
        return f"The {kind.title} is no longer there: it was posted or deleted."
    posted = documents.posted_last(kind, no)
    if not posted:
        return f"Deleted: {kind.title} {no}."
    return results.in_a_line(results.RecordResult(kind.value, no, "posted", posted))


def read_card(id_: int, kind: DocumentType, no: str = "") -> FormSnapshot:
    """A document's card; one that says what became of it, if it is gone. `no` is what it was known by."""
    try:
        detail = documents.show(id_)
    except NotFound:
        return FormSnapshot(None, Text(what_became_of(kind, no)), ())
    view = detail.view
    title = Text.assemble((visible(view.record), "bold"), f"   {view.status.value}   ", status_of(view))
    stored = {
        **{name: getattr(view, name, None) for name in _TABS},
        "due_date": view.due_date,
        "currency_code": view.currency,
        "currency_factor": detail.currency_factor,
        "prices_including_vat": detail.prices_including_vat,
        "invoice_discount_amount": detail.invoice_discount_amount,
        "ship": view.ship,
        "receive": view.ship,
        "invoice": view.invoice,
        "corrects_no": detail.corrects_no,
    }
    fields = tuple(
        of_document(field, kind, values.shown(field.kind, stored[field.name])) for field in header_fields(kind)
    )
    decimals = currencies.decimals()
    lines = Text("\n").join(line_text(line, kind, decimals.of(view.currency)) for line in detail.lines)
    totals = Text(totals_text(view, decimals))
    return FormSnapshot(
        view,
        title,
        fields,
        (
            ("Errors", shown.problem_lines(view.errors)),
            ("Totals", totals),
            ("Lines", lines or Text("No lines yet; l adds some.")),
        ),
    )
