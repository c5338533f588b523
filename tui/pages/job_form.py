"""Request pages: a job's options and filters, to check, run now, or schedule once or again and again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import company
from postroom.core.counted import counted, plural
from postroom.core.errors import UsageError
from postroom.core.jobs import recurrence, recurrence_fields, registry, schedules
from postroom.core.jobs.recurrence import Recurrence
from postroom.core.jobs.registry import JobType
from postroom.core.jobs.schedules import Schedule
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind, read_integer
from postroom.tui import shown
from postroom.tui.actions import ANYWHERE, FORM, Situation, bindings
from postroom.tui.actions.documents import BATCH_POST, SCHEDULE
from postroom.tui.pages import causes
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.page import Page

_BOOLEAN, _TEXT = FieldKind.BOOLEAN, FieldKind.TEXT
PARAMETERS: Mapping[str, tuple[str, FieldKind, str]] = {
    "ship": ("Ship", _BOOLEAN, "Move the goods. With none of these ticked: as each document says."),
    "receive": ("Receive", _BOOLEAN, "Move the goods. With none of these ticked: as each document says."),
    "invoice": ("Invoice", _BOOLEAN, "Invoice. With none of these ticked: as each document says."),
    "posting_date": ("Posting Date", _TEXT, "A date (2026-11-24), or today: the day of each run."),
    "replace_posting_date": ("Replace Posting Date", _BOOLEAN, "Write the date to the documents when they are queued."),
    "replace_document_date": ("Replace Document Date", _BOOLEAN, "The same for the Document Date."),
    "calc_inv_discount": ("Calc. Inv. Discount", _BOOLEAN, "Compute the invoice discount before."),
    "print": ("Print", _BOOLEAN, "Print what was posted."),
    "filter": ("Filter", _TEXT, "Further conditions: field=EXPRESSION ..., such as status=Released."),
    "older_than": ("Older Than (days)", _TEXT, "Log entries that ended so many days ago."),
    "folder": ("Folder", _TEXT, "The whole path of a folder on the consumer's host."),
    "keep": ("Keep", _TEXT, "How many backups stay; blank or 0 keeps all."),
    "seconds": ("Seconds", _TEXT, "How long it waits."),
}
"""Caption, kind and help of each parameter that a job may have."""
_FILTERS = {
    "no": ("No.", "no", "Which numbers: S-INV1001..S-INV1050, or S-INV1*."),
    "party": ("Customer/Vendor No.", "party_no", "Whose documents: C1*|C2001."),
    "date": ("Posting Date", "posting_date", "From and to: 2026-11-01..2026-11-30."),
    "amount": ("Amount Including VAT", "amount_including_vat", "How much: ..1000, >=5000."),
}
_PLAN = (
    ("start", "Earliest Start", _TEXT, "2026-11-24T22:00 in the company's time; blank: at once, or as the rules say."),
    ("weekdays", "Weekdays", _TEXT, "mon,tue,wed: it runs again on these days."),
    ("formula", "Next Run Date Formula", _TEXT, "1D, 1M, CM, 1D+CM: instead of weekdays."),
    ("starting_time", "Starting Time", _TEXT, "The time of day: 22:00."),
    ("ending_time", "Ending Time", _TEXT, "Where its window ends; it may lie past midnight."),
    ("minutes", "No. of Minutes between Runs", _TEXT, "Blank: once a day."),
    ("inactivity", "Inactivity Timeout Period (min.)", _TEXT, "How long it rests when there was nothing to do."),
    ("category", "Job Queue Category Code", _TEXT, "At most one entry of a category runs at a time."),
    ("priority", "Priority", _TEXT, "0 is served first; blank: 1000."),
)


class JobForm(FormPage):
    """The options of one job. What is typed is kept here until it runs or is scheduled.

    `numbers` is the filter over document numbers that it begins with.
    """

    ACTIONS_OF: ClassVar[tuple[str, ...]] = (SCHEDULE, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    TEXTS = ("Runs",)
    UNFOLDED = frozenset(TEXTS)

    def __init__(self, job: str, numbers: str = "") -> None:
        self.job = registry.job_type(job)
        self.values: dict[str, str] = {"filter.no": numbers} if numbers else {}
        self.scheduled: dict[str, str] | None = None
        """What was scheduled last, by which entry: the same again is asked about."""
        self.entry_no = 0
        super().__init__("filter.no" if numbers else "")

    @property
    def address(self) -> str:
        return self.job.name if self.is_batch else f"schedule-{self.job.name}"

    @property
    def is_batch(self) -> bool:
        """Whether it queues documents."""
        return self.job.try_out is not None

    @property
    def caption(self) -> str:
        return self.job.caption

    def form_fields(self) -> Sequence[FormField]:
        options = [
            FormField(f"param.{name}", "Options", *PARAMETERS[name])
            for name in option_names(self.job)
            if not (self.is_batch and name == "filter")
        ]
        conditions = [
            FormField(f"filter.{name}", "Filters", caption, _TEXT, help)
            for name, (caption, _, help) in _FILTERS.items()
        ]
        further = FormField("param.filter", "Filters", *PARAMETERS["filter"])
        plan = [FormField(f"plan.{name}", "Schedule", caption, kind, help) for name, caption, kind, help in _PLAN]
        return [*options, *([*conditions, further] if self.is_batch else []), *plan]

    def reopened(self, wanted: Page) -> None:
        assert isinstance(wanted, JobForm)
        if wanted.values:
            self.values |= wanted.values
            self.go_to_field(wanted.wanted)

    def asked(self) -> object:
        return (self.address, tuple(sorted(self.values.items())))

    def reading(self) -> Callable[[], Any]:
        fields = tuple(replace(field, value=self.values.get(field.key, "")) for field in self.form_fields())
        title, given = Text(self.caption, "bold"), dict(self.values)
        return lambda: FormSnapshot(self.job, title, fields, (("Runs", foretold(given)),))

    def change(self, key: str, text: str) -> Any:
        """Take a value that can be read, alone; what goes together is judged when it runs."""
        typed = text.strip()
        if typed and key.startswith("param."):
            name = key.removeprefix("param.")
            try:
                self.job.parameters[name](typed)
            except ValueError as error:
                raise UsageError(f"{PARAMETERS[name][0]}: {typed} {error}.", field=name, value=typed) from None
        if typed and key.startswith("plan."):
            read_plan({key: typed})
        if typed and key.startswith("filter."):
            self._documents_filter({key: typed})
        self.values[key] = "" if typed == "false" else typed

    def _documents_filter(self, values: Mapping[str, str]) -> str:
        """The filter over documents that is meant. Raises UsageError."""
        parts = [
            f"{field}={values[f'filter.{name}']}"
            for name, (_, field, _) in _FILTERS.items()
            if values.get(f"filter.{name}")
        ]
        parts.append(values.get("param.filter", ""))
        text = " ".join(part for part in parts if part)
        self.job.parameters["filter"](text)
        return text

    def parameters(self) -> dict[str, str]:
        """The job's parameters as they are typed."""
        given = {
            key.removeprefix("param."): value
            for key, value in self.values.items()
            if key.startswith("param.") and value and key != "param.filter"
        }
        if "filter" in self.job.parameters:
            text = self._documents_filter(self.values) if self.is_batch else self.values.get("param.filter", "")
            given |= {"filter": text} if text else {}
        return given

    def situation(self) -> Situation:
        return Situation(connected=self.desk.is_connected, is_first_page=self.desk.is_first(self))

    @property
    def has_filter(self) -> bool:
        return any(value for key, value in self.values.items() if key.startswith("filter.") or key == "param.filter")

    async def _may_schedule(self) -> bool:
        """Ask about a batch of everything that would begin at once, and about the same once more."""
        planned = any(value for key, value in self.values.items() if key.startswith("plan."))
        if self.is_batch and not planned and not self.has_filter:
            question = f"{self.caption}: queue every document of the type at once?"
            if not await self.desk.ask(question, "There is no filter, and no time under Schedule.", yes="Schedule"):
                return False
        if self.scheduled == self.values:
            question = f"Entry {self.entry_no} was scheduled just so. Schedule another one?"
            return await self.desk.ask(question, "Both would run.", yes="Schedule")
        return True

    async def do_schedule(self) -> None:
        user = self.desk.user
        if not await self._may_schedule():
            return
        made = await self.desk.carry_out(
            lambda: schedules.schedule(self.job.name, self.parameters(), read_plan(self.values), user=user)
        )
        if made is not None:
            self.scheduled, self.entry_no = dict(self.values), made.entry_no
            when = made.recurrence or (made.why.text if made.why is not None else "It runs at once.")
            self.desk.say(f"Scheduled as entry {made.entry_no}: {when}")


class BatchForm(JobForm):
    """The request page of a batch: also to be checked, and run at once."""

    ACTIONS_OF: ClassVar[tuple[str, ...]] = (BATCH_POST, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)

    async def do_check(self) -> None:
        user = self.desk.user
        tried = self.job.try_out
        assert tried is not None

        def check() -> Any:
            return tried(json.dumps(registry.read_parameters(self.job, self.parameters())), user)

        self.desk.say("Every document that matches is being checked.")
        done = await self.desk.carry_out(check)
        if done is not None:
            await causes.tell(self.desk, f"Check: {self.caption}", done)

    async def do_run(self) -> None:
        from postroom.core.jobs import batch_posting

        user = self.desk.user
        count = await self.desk.carry_out(lambda: batch_posting.count(self.job.name, self.parameters()))
        if count is None:
            return
        if not count:
            self.desk.say("No document matches.", "warning")
            return
        what = f"{counted(count, 'document matches', 'documents match')}."
        if not self.has_filter:
            what += f" There is no filter: that is {plural(count, 'the only one', 'all of them')}."
        if not await self.desk.ask(f"{self.caption}: queue {plural(count, 'it', 'them')} now?", what, yes="Queue"):
            return
        done = await self.desk.long_work(
            f"{self.caption}: {counted(count, 'document')}",
            count,
            lambda progress: batch_posting.run_now(self.job.name, self.parameters(), user=user, progress=progress),
        )
        if done is not None:
            await causes.tell(self.desk, self.caption, done)


def option_names(job: JobType) -> list[str]:
    """The parameters that a job's documents have a use for: only orders are shipped or received, and invoiced apart."""
    if not job.name.endswith("orders"):
        left_out = {"ship", "receive", "invoice"}
    else:
        left_out = {"ship", "receive"} - {_moves(job.name)}
    return [name for name in job.parameters if name not in left_out]


def _moves(job: str) -> str:
    """Whether orders of the batch are shipped or received."""
    return "receive" if ("purchase" in job) != ("return" in job) else "ship"


def read_plan(values: Mapping[str, str]) -> Schedule:
    """The plan that is typed. Raises UsageError."""

    def typed(name: str) -> str:
        return values.get(f"plan.{name}", "")

    def whole(name: str, default: int) -> int:
        try:
            return read_integer(typed(name)) if typed(name) else default
        except ValueError as error:
            raise UsageError(f"{typed(name)} {error}.", field=name, value=typed(name)) from None

    if typed("formula"):
        recurrence.check(Recurrence(formula=typed("formula")))
    start = typed("start")
    return Schedule(
        Recurrence(
            recurrence_fields.read_weekdays(typed("weekdays")),
            typed("formula"),
            recurrence_fields.read_time("starting_time", typed("starting_time")),
            recurrence_fields.read_time("ending_time", typed("ending_time")),
            whole("minutes", 0),
        ),
        start=recurrence_fields.read_instant("start", start, company.time_zone()) if start else None,
        inactivity=whole("inactivity", 0),
        category=typed("category"),
        priority=whole("priority", 1000),
    )


def foretold(values: Mapping[str, str]) -> Text:
    """The rules in words and the next runs, or what is wrong with them."""
    try:
        plan = read_plan(values)
        recurrence.check(plan.rules)
    except UsageError as error:
        return Text(visible(shown.told(error)), "red")
    first = schedules.first_start(plan)
    zone = company.time_zone()
    if not plan.rules.recurs:
        return Text(
            f"Once, {first.astimezone(zone):%a %-d %b %Y %H:%M}." if first else "Once, as soon as it is scheduled."
        )
    assert first is not None
    runs = [first, *recurrence.next_runs(plan.rules, first, 3, zone)]
    said = ", ".join(f"{run.astimezone(zone):%a %-d %b %H:%M}" for run in runs)
    return Text(f"{recurrence.in_words(plan.rules)}: {said}, ...")
