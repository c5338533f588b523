"""User Setup: the permission sets of each user, and the posting dates that one user may have apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import users, values
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind
from postroom.tui import readings, shown
from postroom.tui.actions import ANYWHERE, LIST, bindings
from postroom.tui.actions.records import USERS
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.list_state import Window
from postroom.tui.snapshots import ListSnapshot
from postroom.tui.widgets.dialogs import AskText
from postroom.tui.widgets.keyed_table import Column

_HELP = {
    "may_view": "Reading everything.",
    "may_post": "Documents, customers, vendors, items; queueing, removing and restarting one's own.",
    "job_queue_admin": "Everything on queues, entries, categories and the log.",
    "may_setup": "Setup, accounts, posting groups, number series, users.",
    "allow_posting_from": "Blank: the company's date holds.",
    "allow_posting_to": "Blank: the company's date holds.",
}


class UsersPage(ListPage):
    """The users whom User Setup names."""

    PAGE = USERS
    ACTIONS_OF = (USERS, LIST, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "User Setup"
    ROWS = ("user", "users")

    @property
    def address(self) -> str:
        return "user-setup"

    def columns(self) -> tuple[Column, ...]:
        def yes(name: str) -> Callable[[Any], Text]:
            return lambda row: Text("Yes" if getattr(row, name) else "")

        return (
            Column("user", "User ID", 0, lambda row: shown.text(row.user_id), least=16),
            *(Column(name, caption, max(8, len(caption)), yes(name)) for name, (caption, kind) in _SETS),
        )

    def key_of(self, row: Any) -> str:
        return str(row.user_id)

    def read(self, filter: str, window: Window) -> ListSnapshot:
        found = readings.matching(users.list_users(), filter, "user_id", *users.FIELDS)
        return readings.sliced(found, self.key_of, window, self.columns())

    def detail(self, row: Any) -> Text:
        dates = f"{shown.day(row.allow_posting_from) or '…'} to {shown.day(row.allow_posting_to) or '…'}"
        said = "the company's" if dates == "… to …" else dates
        return Text.assemble((visible(row.user_id), "bold"), f"\nPosting dates: {said}")

    def do_open(self) -> None:
        self.app.push_screen(UserCard(self.table.cursor_key))

    async def do_new(self) -> None:
        named: list[str] = []

        async def attempt(text: str) -> str:
            user = self.desk.user
            return await self.desk.attempt(lambda: named.append(users.set_user(text, {}, user=user).user_id))

        await self.app.push_screen_wait(
            AskText("New User", "User ID, as the system or the database knows it", attempt=attempt)
        )
        if named:
            self.app.push_screen(UserCard(named[0]))


_SETS = [(name, field) for name, field in users.FIELDS.items() if field[1] is FieldKind.BOOLEAN]


class UserCard(FormPage):
    """One user."""

    def __init__(self, user_id: str, field: str = "") -> None:
        self.user_id = user_id
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"user-card {self.user_id}"

    @property
    def caption(self) -> str:
        return f"User {visible(self.user_id)}"

    def form_fields(self) -> Sequence[FormField]:
        return [
            FormField(name, "Permission Sets" if kind is FieldKind.BOOLEAN else "Posting", caption, kind, _HELP[name])
            for name, (caption, kind) in users.FIELDS.items()
        ]

    def reading(self) -> Callable[[], Any]:
        user_id, blank = self.user_id, self.form_fields()

        def read() -> FormSnapshot:
            view = users.show(user_id)
            return FormSnapshot(
                view,
                Text(f"User {visible(user_id)}", "bold"),
                tuple(
                    FormField(
                        *(field.key, field.tab, field.caption, field.kind, field.help),
                        value=values.shown(field.kind, getattr(view, field.key)),
                    )
                    for field in blank
                ),
            )

        return read

    def change(self, key: str, text: str) -> Any:
        users.set_user(self.user_id, {key: text}, user=self.desk.user)
