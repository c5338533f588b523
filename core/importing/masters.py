"""Master data from files: customers, vendors, items, G/L accounts and charges, made or updated by their no.

A column that a file does not have leaves existing records as they are and gives new ones the company's template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from postroom.core.documents.totals import recompute_amounts
from postroom.core.importing import opening_stock
from postroom.core.importing.books import Books, PartyFacts
from postroom.core.importing.files import Problems, Row, Sheet, is_unreadable
from postroom.core.importing.opening_stock import Opening
from postroom.core.kinds import AccountType, Area, DocumentType
from postroom.core.posting_setup import Account
from postroom.core.statements import MOST_PARAMETERS, execute, in_parts, insert_text
from postroom.core.tables.base import Table
from postroom.core.tables.setup import Charge, GlAccount
from postroom.core.tables.trade import Document, Item, Party

_AREAS = {"customers": Area.SALES, "vendors": Area.PURCHASE}
_MODELS: dict[str, type[Table]] = {
    "gl_accounts": GlAccount,
    "charges": Charge,
    "items": Item,
    "customers": Party,
    "vendors": Party,
}
_TEMPLATES = {"charges": "charge", "items": "item", "customers": "customer", "vendors": "vendor"}
_TITLES = {
    "general_business_group": "general business posting group",
    "vat_business_group": "VAT business posting group",
    "general_product_group": "general product posting group",
    "vat_product_group": "VAT product posting group",
    "inventory_group": "inventory posting group",
    "currency_code": "currency",
}

Record = dict[str, Any]


@dataclass(slots=True)
class MasterDraft:
    """Records of one kind, whole and ready to be written, and the stock that new items start with.

    `moved_parties` are those whose VAT business posting group changes, and with it the amounts of their documents.
    `awaited_groups` are VAT product posting groups that lines of the same command may yet make.
    """

    kind: str
    sheet: Sheet
    records: list[Record]
    openings: list[Opening]
    moved_parties: list[str]
    awaited_groups: list[tuple[Row, str]]


def take(sheet: Sheet, books: Books, problems: Problems, *, awaits_groups: bool) -> MasterDraft:
    """Check one sheet and add its records to the books. A draft with problems found must not be written.

    With `awaits_groups` unknown VAT product posting groups are left for `refuse_awaited`, after the lines.
    """
    kind = sheet.kind.name
    seen: dict[str, int] = {}
    rows = []
    for row in sheet.rows:
        no = row.values["no"]
        if is_unreadable(row) or not no:
            continue
        if no in seen:
            problems.in_row(sheet, row, "no", f"{no} stands in line {seen[no]} already.")
            continue
        seen[no] = row.line
        rows.append(row)
    stored = _stored(kind, [row.values["no"] for row in rows])
    draft = MasterDraft(kind, sheet, [], [], [], [])
    for row in rows:
        before = stored.get(row.values["no"])
        record = _record(sheet, row, before, books)
        if before is not None and before.get("vat_business_group") != record.get("vat_business_group"):
            draft.moved_parties.append(record["no"])
        _check(sheet, row, record, books, problems)
        group = record.get("vat_product_group", "")
        if "vat_product_group" in sheet.columns and group and group not in books.vat_groups:
            draft.awaited_groups.append((row, group))
        if kind == "items":
            _take_opening(draft, sheet, row, record, row.values["no"] in stored, books, problems)
        draft.records.append(record)
        _add(kind, record, books)
    if not awaits_groups:
        refuse_awaited(draft, books, problems)
    return draft


def refuse_awaited(draft: MasterDraft, books: Books, problems: Problems) -> None:
    """Name the rows whose VAT product posting group is still not there."""
    title = _TITLES["vat_product_group"]
    for row, group in draft.awaited_groups:
        if group not in books.vat_groups:
            hint = books.hint(group, books.vat_groups, title)
            problems.in_row(draft.sheet, row, "vat_product_group", f"The {title} {group} does not exist.{hint}")


def _stored(kind: str, nos: Sequence[str]) -> dict[str, Record]:
    """The records that are there already."""
    model: Any = _MODELS[kind]
    found = {}
    for part in in_parts(nos, 5000):
        chosen = model.select().where(model.no.in_(part))
        if kind in _AREAS:
            chosen = chosen.where(model.area == _AREAS[kind])
        found.update({record["no"]: record for record in chosen.dicts()})
    return found


def _record(sheet: Sheet, row: Row, stored: Record | None, books: Books) -> Record:
    """The whole record: what the file says over what is stored, or over the template's fields for a new one."""
    kind = sheet.kind.name
    given = {sheet.kind.by_name[name].stored_in for name in sheet.columns}
    record = {key: value for key, value in row.values.items() if key != "opening_quantity"}
    if stored is not None:
        record.update({key: value for key, value in stored.items() if key not in given})
    elif kind in _TEMPLATES:
        template = books.templates.get(_TEMPLATES[kind])
        record.update({key: getattr(template, key) for key in record if key not in given and hasattr(template, key)})
    if kind in _AREAS:
        record["area"] = _AREAS[kind]
    return record


def _check(sheet: Sheet, row: Row, record: Mapping[str, Any], books: Books, problems: Problems) -> None:
    """Every code that a row names must be there; blank is allowed, and found by the posting check."""
    kind = sheet.kind.name

    def refuse(column: str, known: set[str], title: str) -> None:
        code = record[column]
        if column in sheet.columns and code and code not in known:
            problems.in_row(sheet, row, column, f"The {title} {code} does not exist.{books.hint(code, known, title)}")

    for column in _TITLES:
        if column in record and column != "vat_product_group":
            known = books.codes[column] | ({books.setup.lcy_code} if column == "currency_code" else set())
            refuse(column, known, _TITLES[column])
    if kind in _AREAS:
        area = _AREAS[kind]
        refuse("posting_group", books.codes[f"posting_group of {area}"], f"{area.party_title.lower()} posting group")
    if kind == "charges":
        refuse("account_no", books.accounts, "G/L account")
    if kind == "gl_accounts" and record["direct_posting"] and record["no"] in _kept_accounts(books):
        message = (
            f"{record['no']} is named in a setup as receivables, payables, VAT, stock or received not invoiced;"
            " such an account never allows Direct Posting."
        )
        problems.in_row(sheet, row, "direct_posting", message)


def _kept_accounts(books: Books) -> set[str]:
    setup = books.setup
    kept = {*setup.party_accounts.values(), *setup.stock_accounts.values()}
    for pair in setup.vat.values():
        kept |= {pair.sales_account, pair.purchase_account, pair.reverse_charge_account}
    return (kept | {pair.received_not_invoiced for pair in setup.general.values()}) - {""}


def _take_opening(
    draft: MasterDraft,
    sheet: Sheet,
    row: Row,
    record: Record,
    is_stored: bool,
    books: Books,
    problems: Problems,
) -> None:
    quantity: Decimal = row.values["opening_quantity"]
    if not quantity or is_stored:
        return  # what an item that is there has on hand follows from its ledger
    account = books.setup.stock_accounts.get(record["inventory_group"], "")
    if not account:
        group = record["inventory_group"] or "(blank)"
        message = f"The inventory posting group {group} has no stock account to open the stock in."
        problems.in_row(sheet, row, "inventory_group", message, group)
        return
    if not _takes_entries(books.setup.accounts.get(opening_stock.EQUITY_ACCOUNT)):
        message = f"Stock is opened against G/L account {opening_stock.EQUITY_ACCOUNT}, which is missing or blocked."
        problems.in_row(sheet, row, "opening_quantity", message)
        return
    try:
        opening = opening_stock.opening(record["no"], quantity, record["unit_cost"], account, books.setup.precision)
    except ValueError as error:
        problems.in_row(sheet, row, "opening_quantity", f"The value of the stock cannot be kept: {error}.")
        return
    draft.openings.append(opening)


def _takes_entries(account: Account | None) -> bool:
    return account is not None and account.type is AccountType.POSTING and not account.blocked


def _add(kind: str, record: Record, books: Books) -> None:
    no = record["no"]
    if kind in _AREAS:
        if record["currency_code"] == books.setup.lcy_code:
            record["currency_code"] = ""
        names = PartyFacts.__dataclass_fields__
        books.parties[_AREAS[kind], no] = PartyFacts(**{name: record[name] for name in names})
    elif kind == "items":
        books.items[no] = record["vat_product_group"]
    elif kind == "charges":
        books.charges[no] = record["vat_product_group"]
    else:
        books.accounts.add(no)


def write(draft: MasterDraft) -> None:
    """Insert or update all records, many rows a statement, in the caller's transaction."""
    upsert(_MODELS[draft.kind], draft.records)
    if draft.kind in _AREAS:
        types = [type_ for type_ in DocumentType if type_.area is _AREAS[draft.kind]]
        for nos in in_parts(draft.moved_parties, 1000):
            recompute_amounts(Document.party_no.in_(nos) & Document.type.in_(types))


def upsert(model: type[Table], records: Sequence[Record]) -> None:
    """Insert records, or put them in the place of those that have their key."""
    if not records:
        return
    columns = tuple(records[0])
    fields = [model._meta.fields[column] for column in columns]
    keys = [field.column_name for field in model._meta.get_primary_keys()]
    others = [field.column_name for field in fields if field.column_name not in keys]
    end = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"
    for part in in_parts(records, MOST_PARAMETERS // len(columns)):
        stored = [field.db_value(record[field.name]) for record in part for field in fields]
        execute(insert_text(model, columns, len(part)) + end, stored)
