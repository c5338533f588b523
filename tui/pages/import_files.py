"""Import: CSV files of documents and master data, all or nothing, with every bad row named."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text

from postroom.core import importing
from postroom.core.errors import FileProblem, InputInvalid, Refused, UsageError, describe_place
from postroom.core.importing import ImportResult
from postroom.core.plain_text import visible
from postroom.core.values import FieldKind
from postroom.tui import shown
from postroom.tui.actions import ANYWHERE, FORM, Situation, bindings
from postroom.tui.actions.records import IMPORT
from postroom.tui.pages.form import FormField, FormPage, FormSnapshot
from postroom.tui.widgets.dialogs import Reading, Stopped

MOST_SHOWN = 500
"""So many bad rows are shown; Copy to a File writes all."""
_FILES = FormField(
    "files", "General", "Files", help="Paths of CSV files with blanks between them; * and ~ are understood."
)
_CREATE = FormField(
    *("create_missing", "General", "Create Missing", FieldKind.BOOLEAN),
    help="Make customers, vendors, items, charges and VAT groups that rows name and the company lacks.",
)


def paths_of(typed: str) -> list[Path]:
    """The files that are meant: a path with blanks in it stands in quotes. Raises UsageError where there is none."""
    try:
        words = shlex.split(typed)
    except ValueError:
        raise UsageError("A quote is not closed.", field="files", value=typed, hint="Close it.") from None
    paths: list[Path] = []
    for word in words:
        path = str(Path(word).expanduser())
        found = [path] if Path(path).exists() else sorted(glob.glob(path))
        if not found:
            hint = f"Relative paths begin at {Path.cwd()}."
            raise UsageError(f"There is no file {word}.", field="files", value=word, hint=hint)
        paths += [Path(one) for one in found]
    return paths


class ImportPage(FormPage):
    """The request page of an import. What came of the last one stays below."""

    PAGE = IMPORT
    ACTIONS_OF: ClassVar[tuple[str, ...]] = (IMPORT, FORM, ANYWHERE)
    BINDINGS: ClassVar = bindings(*ACTIONS_OF)
    CAPTION = "Import"
    TEXTS = ("Result",)
    UNFOLDED = frozenset(TEXTS)

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.told = Text()
        self.problems: tuple[FileProblem, ...] = ()
        super().__init__()

    @property
    def address(self) -> str:
        return self.PAGE

    def form_fields(self) -> Sequence[FormField]:
        return (_FILES, _CREATE)

    def asked(self) -> object:
        return (self.address, tuple(self.values.items()), self.told.plain)

    def reading(self) -> Callable[[], Any]:
        fields = tuple(replace(field, value=self.values.get(field.key, "")) for field in self.form_fields())
        snapshot = FormSnapshot(self.values, Text(self.CAPTION, "bold"), fields, (("Result", self.told),))
        return lambda: snapshot

    def situation(self) -> Situation:
        return Situation(connected=self.desk.is_connected, is_first_page=self.desk.is_first(self))

    def change(self, key: str, text: str) -> Any:
        if key == "files":
            paths_of(text)
        self.values = {**self.values, key: text.strip()}

    async def do_run(self) -> None:
        """Import the files, or show every bad row of theirs."""
        typed, user = self.values.get("files", ""), self.desk.user
        if not typed:
            self.desk.say("Name the files first: Enter on Files.", "warning")
            return
        create_missing = self.values.get("create_missing") == "true"

        def run(percent: Callable[[int], None]) -> ImportResult | InputInvalid:
            try:
                return importing.import_files(
                    paths_of(typed),
                    create_missing=create_missing,
                    user=user,
                    progress=lambda done, total: percent(100 * done // total),
                )
            except InputInvalid as error:
                return error
            except Stopped:
                raise Refused("The import was stopped.", hint="Nothing was imported.") from None

        done = await self.desk.long_work("Import", 100, run)
        if done is None:
            return
        self.problems = done.rows if isinstance(done, InputInvalid) else ()
        if isinstance(done, InputInvalid):
            self.told = Text(visible(str(done)), "red")
            self.app.push_screen(Reading("Nothing was imported", bad_rows(self.problems)))
        else:
            self.told = Text(visible("\n".join(importing.told(done)), line_breaks=True))
            self.desk.say(self.told.plain)
        self.desk.look_now(even_if_paused=True)

    async def written(self) -> str | None:
        """Every bad row of the last import, else the card."""
        if not self.problems:
            return await super().written()
        return "\n".join([*(describe_place(row) for row in self.problems), ""])


def bad_rows(problems: Sequence[FileProblem]) -> Text:
    """Every bad row with its file, line, column, value and reason."""
    text = Text()
    for number, row in enumerate(problems[:MOST_SHOWN], start=1):
        text.append("\n" if text else "").append(f"{number}. ", "bold red").append(visible(describe_place(row)))
    if len(problems) > MOST_SHOWN:
        text.append(f"\n\nand {len(problems) - MOST_SHOWN:,} more; Y on the page writes all to a file.", shown.FAINT)
    return text
