"""What every command shares: which company is meant and opening it, `--json`, examples in the help."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postroom.tui.cli import writing
from postroom.tui.cli.writing import Look

if TYPE_CHECKING:
    from postroom.core.database import Location

NUMBER = click.IntRange(1, 2**62)
"""Numbers of entries and batches, as far as a database counts."""

Decorator = Callable[[Callable[..., Any]], Any]


class Session:
    """One run of one command: its company, and whether the answer is wanted as JSON."""

    def __init__(self, company: str | None) -> None:
        self.company = company
        self.as_json = False
        self.is_open = False
        self.user = ""

    @cached_property
    def location(self) -> Location:
        """The company that is meant. Raises UsageError for a blank one."""
        from postroom.core.database import Location
        from postroom.core.errors import UsageError

        if self.company is not None and not self.company.strip():
            raise UsageError("--company is blank.", hint="Name a file or a postgresql:// URL, or leave it out.")
        return Location(self.company or str(data_folder() / "company.db"))

    def open(self, *, rings: bool = False, busy_seconds: float | None = None) -> str:
        """Open the company and return the user at work. Raises CompanyError, DatabaseAway, UsageError.

        `rings`: what is queued meanwhile rings the consumers, who else would find it within a second. `busy_seconds`:
        how long statements wait for a locked database, unless as long as usual.
        """
        from postroom.core import company, database
        from postroom.tui.cli import trial

        company.open_company(self.location, busy_seconds=busy_seconds or database.BUSY_SECONDS)
        self.is_open = True
        trial.apply(os.environ)
        if rings:
            from postroom.queue import broker

            broker.install(self.location)
        self.user = company.current_user()
        return self.user

    def read(self, *, busy_seconds: float | None = None) -> str:
        """Open the company to look at it. Raises also NotPermitted for a user who may not."""
        from postroom.core import users

        users.require(self.open(busy_seconds=busy_seconds), users.Permission.VIEW)
        return self.user

    @cached_property
    def look(self) -> Look:
        """How the open company's numbers and times are written."""
        from postroom.core.money import places
        from postroom.core.tables.setup import GeneralLedgerSetup
        from postroom.tui.cli.trial import zone_of

        if not self.is_open:
            return writing.PLAIN
        ledger = GeneralLedgerSetup.get_by_id(1)
        return Look(places(ledger.amount_rounding_precision), zone_of(ledger.company_time_zone))

    def write(self, document: Any) -> None:
        """One JSON document in the company's numbers and times."""
        writing.write_json(writing.plain(document, self.look))

    def write_list(self, columns: Mapping[str, str], rows: Iterable[Any]) -> None:
        """Rows (dataclasses or mappings): all of them with every key as JSON, or `columns` of them as a table."""
        if self.as_json:
            writing.write_json_list(rows, self.look)
        else:
            writing.write_table(columns, (as_mapping(row) for row in rows), self.look)

    def write_card(self, record: Any, captions: Mapping[str, str] | None = None) -> None:
        """One record: as JSON, or each field that holds something on its own line; lists are left to the caller."""
        if self.as_json:
            self.write(record)
            return
        shown = {key: value for key, value in as_mapping(record).items() if key != "id" and not _is_blank(value)}
        names = {key: (captions or {}).get(key, caption_of(key)) for key in shown}
        if not names:
            return
        widest = max(len(name) for name in names.values())
        for key, name in names.items():
            writing.write_text(f"{name.ljust(widest)}  {writing.cell_text(key, shown[key], self.look)}".rstrip())


def _is_blank(value: Any) -> bool:
    """Whether a card leaves a value out: blank, or records of their own."""
    return value is None or value == "" or isinstance(value, list | tuple | dict) or is_dataclass(value)


def as_mapping(row: Any) -> Mapping[str, Any]:
    """A dataclass's fields by name, values as they are; a mapping is given back."""
    if isinstance(row, Mapping):
        return row
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def caption_of(key: str) -> str:
    """`party_no` as `Party No.`."""
    words = [{"no": "No.", "vat": "VAT", "lcy": "LCY", "id": "ID"}.get(word, word.title()) for word in key.split("_")]
    return " ".join(words)


def captions(*keys: str, **named: str) -> dict[str, str]:
    """Columns of a table: keys with their usual captions, then those given with their own."""
    return {**{key: caption_of(key) for key in keys}, **named}


def data_folder() -> Path:
    """Where companies live that nobody gave a place."""
    from platformdirs import user_data_path

    return user_data_path("postroom", appauthor=False)


def make_data_folder() -> Path:
    """The same, made if it is not there. Raises CompanyError where it cannot be."""
    from postroom.core.errors import CompanyError

    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CompanyError(
            f"The folder {folder} cannot be made: {error.strerror}.",
            hint="Name the company with --company, or set XDG_DATA_HOME to a folder you may write.",
        ) from error
    return folder


def close_company() -> None:
    """Close what a command opened."""
    company = sys.modules.get("postroom.core.company")
    if company is not None:
        company.close()


def epilog_of(*examples: str) -> str:
    """The end of a command's help: examples, one a line."""
    title = "Example:" if len(examples) == 1 else "Examples:"
    return "\n".join(["\b", title, *(f"  {example}" for example in examples)])


def variable_of(name: str) -> str:
    """The name under which a module keeps the command `name`."""
    return f"{name.replace('-', '_')}_command"


def command(name: str, *examples: str, under: click.Group | None = None) -> Decorator:
    """A command whose function takes the Session first; its help ends with examples."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made = click.command(name, epilog=epilog_of(*examples))(click.pass_obj(function))
        if under is not None:
            under.add_command(made)
        return made

    return decorate


def group(name: str, sentence: str, *examples: str) -> click.Group:
    """A noun, under which its verbs stand."""
    return click.Group(name, help=sentence, epilog=epilog_of(*examples), no_args_is_help=True)


def _set_json(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        ctx.obj.as_json = True


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_set_json,
    help="Write one JSON document instead of a table.",
)

filter_option = click.option(
    "--filter",
    "filter_text",
    default="",
    metavar="F",
    help="Only what matches: field=EXPRESSION ..., or words. Expressions: 10..20, A|B, C*, <>X, ''.",
)


def pairs(texts: Iterable[str]) -> dict[str, str]:
    """`key=value` arguments as a mapping. Raises UsageError for one without `=`, without a key, or given twice."""
    from postroom.core.errors import UsageError

    read: dict[str, str] = {}
    for text in texts:
        key, has_value, value = text.partition("=")
        if not has_value or not key.strip():
            raise UsageError(f"{text} is not of the form field=value.", value=text)
        if key.strip() in read:
            raise UsageError(f"{key.strip()} is given twice.", field=key.strip(), value=value)
        read[key.strip()] = value
    return read


def parse_day(text: str | None, name: str) -> Any:
    """A date option. Raises UsageError for what is none."""
    from postroom.core.errors import UsageError
    from postroom.core.values import read_date

    if text is None:
        return None
    try:
        return read_date(text.strip())
    except ValueError as error:
        raise UsageError(f"{text} {error}.", field=name, value=text) from error


def parse_instant(text: str, name: str) -> datetime:
    """An instant with its offset. Raises UsageError for what is none."""
    from postroom.core.errors import UsageError

    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not 1970 < instant.year < 9998:
        raise UsageError(
            f"{name}: {text} is not a time with an offset.",
            field=name,
            value=text,
            hint="It looks like 2026-03-29T01:59:50+01:00.",
        )
    return instant
