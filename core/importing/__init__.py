"""Import of documents, lines and master data from CSV files: all of a command's files or nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path

from peewee import IntegrityError

from postroom.core import changelog, clock, company, users
from postroom.core.database import transaction
from postroom.core.errors import FileProblem, InputInvalid, Refused, UsageError
from postroom.core.importing import books, descriptions, files, masters, opening_stock, trade
from postroom.core.importing.columns import KINDS
from postroom.core.importing.files import Problems, Sheet
from postroom.core.importing.masters import MasterDraft
from postroom.core.importing.missing import Missing
from postroom.core.importing.trade import Trade
from postroom.core.setup_version import raise_version
from postroom.core.users import Permission

__all__ = ["KINDS", "ImportResult", "Progress", "import_documents", "import_files", "told"]

StrPath = str | PathLike[str]
Progress = Callable[[int, int], None]
"""Told how many of how many steps are done. What it raises stops the import, and nothing is imported."""

_NEEDS_SETUP = ("gl_accounts", "charges")
_TITLES = {
    "gl_accounts": "G/L Account",
    "charges": "Charge",
    "items": "Item",
    "customers": "Customer",
    "vendors": "Vendor",
    "documents": "Document",
    "vat_groups": "VAT Product Posting Group",
}


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many records of each kind were imported, and how many of them --create-missing made."""

    counts: Mapping[str, int]
    created: Mapping[str, int]
    document_ids: tuple[int, ...]


def told(result: ImportResult) -> list[str]:
    """What an import did, in sentences."""
    said = [f"Imported {_counted(result.counts) or 'nothing'}."]
    return [*said, f"Made what was missing: {_counted(result.created)}."] if result.created else said


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{count} {kind.replace('_', ' ')[: -1 if count == 1 else None]}" for kind, count in counts.items()
    )


def import_files(
    paths: Sequence[StrPath], *, create_missing: bool = False, user: str, progress: Progress | None = None
) -> ImportResult:
    """Import files, whose headers tell what they hold. Needs Post, for accounts and charges Setup.

    Master data is taken before the documents that name it, whatever the order of `paths`. Raises InputInvalid with
    every bad row of every file; then nothing was written.
    """
    if not paths:
        raise UsageError("No file to import is named.", hint="Name one or more CSV files.")
    return _import([(Path(path), "") for path in paths], create_missing, user, progress)


def import_documents(
    documents: StrPath,
    lines: StrPath,
    *,
    create_missing: bool = False,
    user: str,
    progress: Progress | None = None,
) -> ImportResult:
    """Import a file of documents and one of their lines, like `import_files`."""
    return _import([(Path(documents), "documents"), (Path(lines), "lines")], create_missing, user, progress)


class _Steps:
    """Counts the rows that are read and the documents that are computed; tells of every fiftieth."""

    def __init__(self, sheets: Sequence[Sheet], progress: Progress | None) -> None:
        rows = {name: sum(len(sheet.rows) for sheet in sheets if sheet.kind.name == name) for name in KINDS}
        self.total, self.done = 2 * rows["documents"] + rows["lines"], 0
        self.progress = progress

    def __call__(self) -> None:
        self.done += 1
        if self.progress is not None and self.done % 50 == 0:
            self.progress(self.done, self.total)


def _import(
    paths: Sequence[tuple[Path, str]], create_missing: bool, user: str, progress: Progress | None
) -> ImportResult:
    users.require(user, Permission.POST)
    problems = Problems()
    sheets: list[Sheet] = []
    seen: set[Path] = set()
    for path, wanted in paths:
        if path in seen:
            problems.add(str(path), None, "", "", "The file is named twice.")
            continue
        seen.add(path)
        sheet = files.read(path, problems, wanted)
        if sheet is not None:
            sheets.append(sheet)
    if any(sheet.kind.name in _NEEDS_SETUP for sheet in sheets):
        users.require(user, Permission.SETUP)
    try:
        with transaction():
            return _write(sheets, create_missing, problems, user, _Steps(sheets, progress))
    except IntegrityError as error:
        raise Refused(
            "Somebody else imported or made one of these records at the same moment.",
            code="import_clash",
            hint="Nothing was imported; import again.",
        ) from error


def _write(
    sheets: Sequence[Sheet], create_missing: bool, problems: Problems, user: str, step: Callable[[], None]
) -> ImportResult:
    by_kind = {name: [sheet for sheet in sheets if sheet.kind.name == name] for name in KINDS}
    known = books.read()
    drafts = [
        masters.take(sheet, known, problems, awaits_groups=create_missing)
        for name in KINDS
        if name not in ("documents", "lines")
        for sheet in by_kind[name]
    ]
    missing = Missing(known, create_missing)
    documents = Trade()
    for sheet in by_kind["documents"]:
        trade.take_documents(documents, sheet, missing, problems, step)
    trade.refuse_used(documents, problems)
    for sheet in by_kind["lines"]:
        trade.take_lines(documents, sheet, missing, problems, step)
    if create_missing:
        for draft in drafts:
            masters.refuse_awaited(draft, known, problems)
    if problems.found:
        raise InputInvalid(_in_order(problems, sheets))
    if missing.makes_setup:
        users.require(user, Permission.SETUP)
    trade.draw_numbers(documents)
    headers = trade.compute(documents, missing, problems, step, user=user)
    if problems.found:
        raise InputInvalid(_in_order(problems, sheets))
    _write_masters(drafts, user)
    missing.write()
    descriptions.fill_in(documents.drafts)
    ids = trade.insert_all(documents, headers)
    result = _result(drafts, missing, documents, ids)
    for kind, count in result.counts.items():
        if kind != "lines":
            changelog.record(user, "Import", _TITLES[kind], "", field="Records", new=count)
    if missing.makes_setup or any(draft.kind in _NEEDS_SETUP for draft in drafts):
        raise_version()
        missing.recompute_documents()
    return result


def _write_masters(drafts: Sequence[MasterDraft], user: str) -> None:
    for draft in drafts:
        masters.write(draft)
    openings = [opening for draft in drafts for opening in draft.openings]
    if openings:
        opening_stock.write(openings, _today(), user=user)


def _today() -> date:
    return clock.today(str(company.time_zone()))


def _in_order(problems: Problems, sheets: Sequence[Sheet]) -> list[FileProblem]:
    """Problems by file in the order given, then by line."""
    places = {sheet.file: index for index, sheet in enumerate(sheets)}
    return sorted(problems.found, key=lambda found: (places.get(found.file, -1), found.line or 0))


def _result(drafts: Sequence[MasterDraft], missing: Missing, documents: Trade, ids: Sequence[int]) -> ImportResult:
    created = {
        "customers": sum(record["area"] == "sales" for record in missing.parties),
        "vendors": sum(record["area"] == "purchase" for record in missing.parties),
        "items": len(missing.items),
        "charges": len(missing.charges),
        "vat_groups": len(missing.vat_groups),
    }
    counts = {kind: count for kind, count in created.items() if count}
    for draft in drafts:
        counts[draft.kind] = counts.get(draft.kind, 0) + len(draft.records)
    counts["documents"] = len(ids)
    counts["lines"] = documents.lines
    return ImportResult(
        {kind: count for kind, count in counts.items() if count},
        {kind: count for kind, count in created.items() if count},
        tuple(ids),
    )
