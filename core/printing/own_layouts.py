"""Layouts of the company's own: listed, exported, imported in place of the standard ones, deleted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from postroom.core import changelog, clock, users, values
from postroom.core.database import transaction
from postroom.core.errors import NotFound, Problem
from postroom.core.printing import layouts, listings, paper, rendering
from postroom.core.printing.layouts import NAMES, TEST_PAGE, Source
from postroom.core.printing.reports import ALL, Report
from postroom.core.tables.setup import Layout
from postroom.core.users import Permission

KIND = "Layout"
LARGEST = 1_000_000
"""Bytes that a layout may have."""


@dataclass(frozen=True, slots=True)
class LayoutView:
    """A layout as the list shows it. `used` is the layout that its reports are set with."""

    name: str
    used: str
    is_own: bool
    imported_by: str
    imported: datetime | None


def list_layouts() -> list[LayoutView]:
    """Every name a layout may have, and which layout holds for it."""
    own = {row.name: row for row in Layout.select(Layout.name, Layout.imported_by, Layout.imported_at)}
    views = []
    for name, kind in NAMES.items():
        row = own.get(name)
        used = name if row is not None else kind
        imported = (row.imported_by, row.imported_at) if row is not None else ("", None)
        views.append(LayoutView(name, used, used in own, *imported))
    return views


def export(name: str, *, standard: bool = False) -> Source:
    """The layout that holds for a name, or the standard one. Raises UsageError for an unknown name."""
    _refuse_unknown(name)
    return layouts.standard(name) if standard else layouts.in_force(name)


def import_layout(name: str, content: bytes, *, user: str) -> LayoutView:
    """Let reports be set with a layout of the company's own, once it has been tried. Needs Setup.

    Raises UsageError for what is no text, and Refused, with the layout's line, where it cannot be set.
    """
    users.require(user, Permission.SETUP)
    _refuse_unknown(name)
    source = Source(name, _read(name, content), is_own=True)
    for sample in _samples(name):
        rendering.rendered(source, sample)
    with transaction():
        before = Layout.get_or_none(Layout.name == name)
        fields = {"source": source.text, "imported_by": user, "imported_at": clock.now()}
        if before is None:
            Layout.create(name=name, **fields)
        else:
            Layout.update(**fields).where(Layout.name == name).execute()
        changelog.record(
            user,
            "Insert" if before is None else "Modify",
            KIND,
            name,
            field="Source",
            old="" if before is None else _described(before.source),
            new=_described(source.text),
        )
    return next(view for view in list_layouts() if view.name == name)


def delete(name: str, *, user: str) -> None:
    """Take a layout of the company's own away: the standard one holds again. Needs Setup. Raises NotFound."""
    users.require(user, Permission.SETUP)
    _refuse_unknown(name)
    with transaction():
        row = Layout.get_or_none(Layout.name == name)
        if row is None:
            raise NotFound(
                f"The company has no layout {name} of its own.",
                record=f"{KIND} {name}",
                value=name,
                hint="`postroom layout list` shows its own ones.",
            )
        row.delete_instance()
        changelog.record(user, "Delete", KIND, name, field="Source", old=_described(row.source))


def _samples(name: str) -> Iterator[Mapping[str, Any]]:
    """What a layout is tried with: one paper of each report that it may set."""
    if name == TEST_PAGE:
        yield paper.test_page("SAMPLE", f"{clock.now():%Y-%m-%d %H:%M}")
    for report in ALL.values():
        if name in (report.name, NAMES[report.name]):
            yield (paper.sample(report) if isinstance(report, Report) else listings.sample(report)).content


def _read(name: str, content: bytes) -> str:
    record = f"{KIND} {name}"
    if len(content) > LARGEST:
        message = f"The file has {len(content):,} bytes; a layout may have {LARGEST:,}."
        values.refuse_all([Problem("layout_too_large", message, record, hint="Take pictures and data out of it.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = "Save it as UTF-8."
        values.refuse_all(
            [Problem("layout_not_text", f"The file is not UTF-8: line {line}.", record, value=str(line), hint=hint)]
        )
        raise
    if "\x00" in text:
        hint = "Export the standard layout and begin with that."
        values.refuse_all([Problem("layout_not_text", "The file is no text.", record, hint=hint)])
    return text


def _described(source: str) -> str:
    return f"{source.count(chr(10)) + 1} lines"


def _refuse_unknown(name: str) -> None:
    if name not in NAMES:
        hint = values.near(name, NAMES, "layout")
        values.refuse_all(
            [Problem("layout_unknown", f"There is no layout {name}.", KIND, field="name", value=name, hint=hint)]
        )
