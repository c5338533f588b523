"""The fields of a Job Queue Entry, to change them while it is On Hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.text import Text

from postroom.core.errors import NotFound
from postroom.core.jobs import categories, entries, entry_fields, registry
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind
from postroom.tui import shown
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.pages.job_form import PARAMETERS, option_names

_TABS: dict[str, tuple[str, FieldKind, str]] = {
    "description": ("General", FieldKind.TEXT, "What it is for."),
    "category": ("General", FieldKind.CODE, "At most one entry of a category runs at a time."),
    "priority": ("General", FieldKind.INTEGER, "0 is served first."),
    "notify_on_success": ("General", FieldKind.BOOLEAN, "A note when it has ended with success."),
    "job_timeout": ("General", FieldKind.DURATION, "A run longer than this is ended: 2h, 90m, 45s."),
    "earliest_start": ("Schedule", FieldKind.TEXT, "Not before: 2026-11-25 22:00, in the company's time zone."),
    "expiration": ("Schedule", FieldKind.TEXT, "Not after: 2026-11-30 22:00; then it is in Error."),
    "weekdays": ("Schedule", FieldKind.TEXT, "mon,tue,wed,thu,fri,sat,sun: runs again on these days."),
    "next_run_date_formula": ("Schedule", FieldKind.TEXT, "1D, 1M+1D, CM: when it runs again."),
    "starting_time": ("Schedule", FieldKind.TEXT, "Runs begin at or after this time of day: 22:00."),
    "ending_time": ("Schedule", FieldKind.TEXT, "And before this one; it may lie behind midnight."),
    "no_of_minutes_between_runs": ("Schedule", FieldKind.INTEGER, "Several runs a day, so far apart."),
    "inactivity_timeout": ("Schedule", FieldKind.INTEGER, "Minutes of rest when a run found nothing to do."),
    "max_attempts": ("Attempts", FieldKind.INTEGER, "How often it is tried when the cause may pass by itself."),
    "rerun_delay": ("Attempts", FieldKind.INTEGER, "Until the second attempt; doubled for each further one."),
}


class EntryFieldsPage(FormPage):
    """The fields, in the FastTabs of the entry's card."""

    def __init__(self, entry_no: int, job: str) -> None:
        self.entry_no, self.job = entry_no, job
        super().__init__()

    @property
    def address(self) -> str:
        return f"job-queue-entry-fields {self.entry_no}"

    @property
    def caption(self) -> str:
        return f"Job Queue Entry {self.entry_no}"

    def form_fields(self) -> Sequence[FormField]:
        fields = [
            FormField(key, tab, entry_fields.FIELDS[key][0], kind, help) for key, (tab, kind, help) in _TABS.items()
        ]
        options = [
            FormField(f"{entry_fields.PARAMETER}{name}", "Options", *PARAMETERS[name])
            for name in option_names(registry.job_type(self.job))
        ]
        general = sum(field.tab == "General" for field in fields)
        return [*fields[:general], *options, *fields[general:]]

    def reading(self) -> Callable[[], Any]:
        entry_no, blank = self.entry_no, self.form_fields()
        return lambda: read_fields(entry_no, blank)

    def change(self, key: str, text: str) -> Any:
        entry_fields.change(self.entry_no, {key: text}, user=self.desk.user)


def is_editable(field: FormField, texts: Mapping[str, str]) -> bool:
    """Whether the entry has the field; a parameter may be blank."""
    return field.key in texts or field.key.startswith(entry_fields.PARAMETER)


def typed_parameters(stored: str) -> dict[str, str]:
    """The parameters of an entry by the keys of their fields, as they could be typed again."""
    return {
        f"{entry_fields.PARAMETER}{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in json.loads(stored or "{}").items()
        if value is not None
    }


def read_fields(entry_no: int, blank: Sequence[FormField]) -> FormSnapshot:
    """The fields as they are, or a form that says that the entry is gone."""
    try:
        entry = entries.show(entry_no)
        texts = entry_fields.texts(entry_no) | typed_parameters(entry.parameters)
    except NotFound:
        return FormSnapshot(None, Text("The entry is gone: it has ended with success, or it was deleted."), ())
    codes = ("", *(row.code for row in categories.list_categories()))
    title = Text.assemble(
        (f"Entry {entry_no}  {visible(entry.description)}", "bold"), "   ", shown.status(entry.status)
    )
    return FormSnapshot(
        entry,
        title,
        tuple(
            replace(
                field,
                value=texts.get(field.key, ""),
                choices=codes if field.key == "category" else (),
                editable=is_editable(field, texts),
                help=field.help if is_editable(field, texts) else "A document is posted once and has no rules.",
            )
            for field in blank
        ),
    )
