"""The three setup windows: Sales & Receivables Setup, Purchases & Payables Setup, General Ledger Setup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.text import Text

from postroom.core import setups
from postroom.core.setups import SetupField
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot


class SetupPage(FormPage):
    """One window."""

    def __init__(self, window: str, field: str = "") -> None:
        self.window = window
        super().__init__(field)

    @property
    def address(self) -> str:
        return f"{self.window}-setup"

    @property
    def caption(self) -> str:
        return setups.WINDOWS[self.window][0]

    def form_fields(self) -> Sequence[FormField]:
        return [of_setup(field) for key, field in setups.FIELDS.items() if key.startswith(f"{self.window}.")]

    def reading(self) -> Callable[[], Any]:
        window, title = self.window, Text(self.caption, style="bold")
        return lambda: FormSnapshot(
            window, title, tuple(of_setup(one) for one in setups.list_fields() if one.key.startswith(f"{window}."))
        )

    def change(self, key: str, text: str) -> Any:
        return [of_setup(field) for field in setups.change({key: text}, user=self.desk.user)]


def of_setup(field: SetupField) -> FormField:
    """A setup field as a form has it."""
    return FormField(field.key, field.tab, field.caption, field.kind, field.help, field.choices, value=field.value)
