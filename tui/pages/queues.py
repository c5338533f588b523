"""Job Queues and their cards, and the categories of entries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import filters
from postroom.core.counted import counted, named
from postroom.core.errors import PostroomError
from postroom.core.jobs import categories, queues
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, FORM, LIST, bindings
from postroom.tui.actions.jobs import CATEGORIES, QUEUE, QUEUES
from postroom.tui.pages import results
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.pages.page import PageActions
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.keyed_table import Column

STATE_STYLES = {
    "Running": "green",
    "Starting": "cyan",
    "Stopping": "yellow",
    "Stopped": "yellow",
    "Not responding": "bold red",
}


def state(row: Any) -> Text:
    """A job queue's state as its own word, coloured."""
    return Text(str(row.state.value), STATE_STYLES.get(row.state.value, ""))


class QueueActions(PageActions):
    """What can be done with job queues, the same in the list and on the card."""

    def _codes(self) -> list[str]:
        return [row.code for row in self.situation().rows]

    async def do_start(self) -> None:
        codes, user = self._codes(), self.desk.user

        def start() -> list[str]:
            for code in codes:
                queues.start(code, user=user)
            return [code for code in codes if not queues.is_served(code)]

        unserved = await self.desk.carry_out(start)
        if unserved is None:
            return
        self.desk.say(f"Started: {', '.join(codes)}.")
        if unserved and await self.desk.ask(
            f"No consumer that may serve {', '.join(unserved)} is alive. Start one on this host?",
            "It works in the background and goes on when this program ends.",
            yes="Start a Consumer",
        ):
            await self.do_consumer()

    async def do_consumer(self) -> None:
        await start_consumer(self.desk)

    async def do_stop(self) -> None:
        codes, user = self._codes(), self.desk.user
        what = named(codes, "job queue")
        if await self.desk.ask(f"Stop {what}?", "What runs is finished; the others wait.", yes="Stop"):
            done = await self.desk.carry_out(lambda: [queues.stop(code, user=user) for code in codes])
            if done is not None:
                self.desk.say(f"Stopped: {', '.join(codes)}.")

    def do_entries(self) -> None:
        (row,) = self.situation().rows[:1]
        page: Any = self.desk.open_page("job-queue-entries")
        page.want_filter(f"category={row.category_filter}" if row.category_filter else "")


async def start_consumer(desk: Any) -> None:
    """Start a consumer of this host in the background, unless one runs; it is waited for beside the screen."""
    from postroom.queue.background import start_in_background

    desk.say("A consumer is being started.")
    try:
        process_id = await asyncio.to_thread(start_in_background, desk.location)
    except PostroomError as error:
        desk.say(str(error), "error")
        return
    desk.say(f"Consumer {process_id} runs on this host.")
    desk.look_now(even_if_paused=True)


class QueuesPage(ListPage, QueueActions):
    """The list."""

    PAGE = QUEUES
    ACTIONS_OF = (QUEUES, QUEUE, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Job Queues"
    ROWS = ("job queue", "job queues")

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("code", "Code", 10, lambda row: shown.text(row.code)),
            Column("state", "State", 14, state),
            Column("filter", "Category Filter", 26, lambda row: shown.text(row.category_filter or "(all)")),
            Column("description", "Description", 0, lambda row: shown.text(row.description)),
            Column("max", "Max.", 5, lambda row: Text(str(row.max_concurrent)), right=True, from_width=90),
            Column("auto", "Auto", 5, lambda row: Text("Yes" if row.start_automatically else ""), from_width=100),
            Column("host", "Host", 12, lambda row: shown.text(row.host), from_width=120),
        )

    def key_of(self, row: Any) -> str:
        return str(row.code)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        names = ("code", "state", "category_filter", "description", "max_concurrent", "start_automatically", "host")
        found = readings.matching(queues.list_queues(), filter, *names)
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        text = Text.assemble((visible(row.code), "bold"), "  ", state(row), f"  {visible(row.description)}\n")
        beat = shown.whole_stamp(row.last_heartbeat, self.desk.time_zone)
        served = (
            f"Last served {beat} by process {row.process_id} on {visible(row.host)}" if beat else "Never served yet"
        )
        return text.append(visible(row.stopped_reason) or served)

    def do_open(self) -> None:
        self.app.push_screen(QueueCard(self.table.cursor_key))


_FIELDS = {
    "description": ("General", "What it is for."),
    "category_filter": ("General", "Which entries it takes: a filter over category codes; blank takes all."),
    "max_concurrent": ("General", "How many of its entries may run at once."),
    "start_automatically": ("NAS Settings", "It is started when a consumer starts. Cleared: a person starts it."),
    "on_host": ("NAS Settings", "Only consumers of this host serve it. Blank: any."),
}


class QueueCard(FormPage, QueueActions):
    """One job queue."""

    ACTIONS_OF = (QUEUE, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    TEXTS = ("Status",)

    def __init__(self, code: str, field: str = "") -> None:
        self.code = code
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"job-queue-card {self.code}"

    @property
    def caption(self) -> str:
        return f"Job Queue {visible(self.code)}"

    def form_fields(self) -> Sequence[FormField]:
        return [
            FormField(key, tab, queues.FIELDS[key][0], queues.FIELDS[key][1], help)
            for key, (tab, help) in _FIELDS.items()
        ]

    def reading(self) -> Callable[[], Any]:
        code, blank, time_zone = self.code, self.form_fields(), self.desk.time_zone
        return lambda: read_card(code, blank, time_zone)

    def change(self, key: str, text: str) -> Any:
        queues.change(self.code, {key: text}, user=self.desk.user)


def read_card(code: str, blank: Sequence[FormField], time_zone: str) -> FormSnapshot:
    """A job queue's card. Raises NotFound."""
    row = queues.show(code)
    values = {field.key: getattr(row, field.key) for field in blank}
    fields = tuple(
        FormField(
            *(field.key, field.tab, field.caption, field.kind, field.help),
            value=str(values[field.key]).lower() if field.kind is FieldKind.BOOLEAN else str(values[field.key]),
        )
        for field in blank
    )
    said = Text()
    for caption, value in (
        ("Last Heartbeat", shown.whole_stamp(row.last_heartbeat, time_zone)),
        ("Running on Host", row.host),
        ("Process ID", row.process_id or ""),
        ("Running as User", row.running_as),
        ("Stopped", row.stopped_reason),
    ):
        if value:
            said.append(f"{caption}: ").append(f"{visible(str(value))}\n", "bold")
    said.rstrip()
    return FormSnapshot(
        row, Text.assemble((f"Job Queue {visible(code)}", "bold"), "   ", state(row)), fields, (("Status", said),)
    )


class CategoriesPage(ListPage):
    """Job Queue Categories: at most one entry of each is In Process."""

    PAGE = CATEGORIES
    ACTIONS_OF = (CATEGORIES, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Job Queue Categories"
    ROWS = ("category", "categories")

    def columns(self) -> tuple[Column, ...]:
        return (
            Column("code", "Code", 22, lambda row: shown.text(row.code)),
            Column("entries", "Entries", 9, lambda row: Text(f"{row.entries:,}"), right=True),
            Column("description", "Description", 0, lambda row: shown.text(row.description)),
        )

    def key_of(self, row: Any) -> str:
        return str(row.code)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        found = readings.matching(categories.list_categories(), filter, "code", "description", "entries")
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        said = counted(row.entries, "entry bears it", "entries bear it") if row.entries else "No entry bears it"
        return Text.assemble((visible(row.code), "bold"), f"\n{said}; at most one of them runs at a time.")

    async def do_new(self) -> None:
        async def attempt(text: str) -> str:
            code, _, description = text.strip().partition(" ")
            return await self.desk.attempt(lambda: categories.add(code, description.strip(), user=self.desk.user))

        await self.app.push_screen_wait(
            AskText("New Category", "Code, and a description behind a blank", attempt=attempt)
        )

    async def do_open(self) -> None:
        old = self.table.cursor_key

        async def attempt(text: str) -> str:
            return await self.desk.attempt(lambda: categories.rename(old, text, user=self.desk.user))

        await self.app.push_screen_wait(AskText(f"Rename {old}", "New code", old, attempt=attempt))

    async def do_describe(self) -> None:
        code = self.table.cursor_key

        async def attempt(text: str) -> str:
            return await self.desk.attempt(lambda: categories.describe(code, text, user=self.desk.user))

        description = self.table.row_of(code).description
        await self.app.push_screen_wait(AskText(f"Describe {code}", "Description", description, attempt=attempt))

    async def do_delete(self) -> None:
        codes, user = [row.code for row in self.situation().rows], self.desk.user
        self.unmark(
            await results.delete_each(self.desk, codes, self.ROWS, lambda code: categories.delete(code, user=user))
        )

    def do_entries(self) -> None:
        page: Any = self.desk.open_page("job-queue-entries")
        page.want_filter(f"category={filters.quote(self.table.cursor_key)}")
