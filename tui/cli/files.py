"""Commands on files: import and export."""

from __future__ import annotations

import os
from pathlib import Path

import click

from postroom.core import exporting, importing
from postroom.core.errors import CompanyError, InputInvalid, UsageError
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session

_PATH = click.Path(path_type=Path)


@frame.command(
    "import",
    "postroom import customers.csv items.csv",
    "postroom import --documents documents.csv --lines lines.csv --create-missing",
)
@click.argument("files", metavar="[FILE...]", nargs=-1, type=_PATH)
@click.option("--documents", "documents_file", type=_PATH, metavar="D", help="A file of documents.")
@click.option("--lines", "lines_file", type=_PATH, metavar="L", help="A file of their lines.")
@click.option("--create-missing", is_flag=True, help="Make unknown parties, items, charges and VAT groups.")
@frame.json_option
def import_command(
    session: Session,
    files: tuple[Path, ...],
    documents_file: Path | None,
    lines_file: Path | None,
    create_missing: bool,
) -> None:
    """Import CSV files, all or nothing: one bad row and nothing is imported. The header tells what a file holds."""
    named = [file for file in (documents_file, lines_file) if file is not None]
    if bool(files) == bool(named):
        raise UsageError("Give files, or --documents and --lines.", hint="`postroom import --help` shows how.")
    if named and len(named) != 2:
        raise UsageError("--documents and --lines go together.", hint="A document without lines cannot be posted.")
    user = session.open()
    try:
        with writing.progress_bar("Importing", 100) as advance:

            def percent(done: int, total: int) -> None:
                if advance is not None:
                    advance(100 * done // total)

            if documents_file is not None and lines_file is not None:
                done = importing.import_documents(
                    documents_file, lines_file, create_missing=create_missing, user=user, progress=percent
                )
            else:
                done = importing.import_files(files, create_missing=create_missing, user=user, progress=percent)
    except InputInvalid as error:
        if session.as_json:
            session.write({"counts": {}, "created": {}, "errors": error.rows})
        raise
    if session.as_json:
        session.write({"counts": done.counts, "created": done.created, "errors": []})
    else:
        for sentence in importing.told(done):
            writing.say(sentence)


@frame.command("export", "postroom export customers --out customers.csv")
@click.argument("kind", metavar="KIND")
@click.option("--out", type=_PATH, metavar="FILE", help="Where to write; else standard output. Never overwrites.")
def export_command(session: Session, kind: str, out: Path | None) -> None:
    """Write a list as CSV, in the import format where there is one."""
    session.read()
    if kind not in exporting.KINDS:
        raise UsageError(
            f"{kind} cannot be exported.", field="kind", value=kind, hint=f"Choose from {', '.join(exporting.KINDS)}."
        )
    if out is None:
        with writing.utf8_output() as stream:
            exporting.export(kind, stream)
        return
    if out.exists():
        raise CompanyError(f"{out} exists already.", hint="Choose another name; an export never overwrites.")
    draft = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            exporting.export(kind, file)
        os.link(draft, out)
    except FileExistsError as error:
        raise CompanyError(f"{out} exists already.", hint="Choose another name; an export never overwrites.") from error
    except OSError as error:
        raise CompanyError(
            f"{out} cannot be written: {error.strerror}.", hint="Check the folder and its space."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    writing.say(f"Wrote {out}.")
