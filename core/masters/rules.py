"""What the kinds of master records demand beyond their fields: accounts kept apart, series that can count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from postroom.core import numbering, values
from postroom.core.errors import Problem, Refused, UsageError
from postroom.core.kinds import AccountType, DocumentType
from postroom.core.masters.kinds import KINDS, MasterKind, shown_key
from postroom.core.tables.setup import GlAccount, InventoryGroup
from postroom.core.tables.trade import Document, Item, ItemStock


def check(kind: MasterKind, row: Any, shown: str, typed: set[str], *, is_new: bool) -> None:
    """Raise Refused or UsageError for what a rule of the kind forbids; `row` holds what would be saved."""
    if kind.slug == "gl-account":
        _check_account(row, typed)
    elif kind.slug == "number-series-line":
        _check_series_line(kind, row, shown, typed, is_new=is_new)
    elif kind.slug == "template" and is_new:
        raise UsageError(
            "There is a template for each kind of record that has one already.",
            code="bad_value",
            record=kind.record(shown),
            field="kind",
            value=shown,
            hint="Change one of them: customer, vendor, item or charge.",
        )
    elif kind.slug == "item" and "inventory_group" in typed and not is_new:
        _check_inventory_group(row)
    elif kind.slug == "inventory-group" and "stock_account" in typed and not is_new:
        _check_stock_account(row)
    for field in kind.fields:
        if field.names == "gl-account" and field.name in typed and getattr(row, field.name):
            _check_named_account(kind, shown, field.name, field.caption, getattr(row, field.name), field.is_guarded)


def recompute_after(kind: MasterKind, row: Any, changed: set[str]) -> None:
    """Amounts kept on documents follow the VAT and rounding they were computed with."""
    from postroom.core.documents.totals import recompute_amounts  # imported late: documents stand above masters

    if kind.slug in ("customer", "vendor") and "vat_business_group" in changed:
        types = [type_ for type_ in DocumentType if type_.area is row.area]
        recompute_amounts((Document.party_no == row.no) & Document.type.in_(types))
    elif kind.slug == "vat-posting-setup" and changed & {"rate", "type"}:
        recompute_amounts()
    elif kind.slug == "currency" and "amount_rounding_precision" in changed:
        recompute_amounts(Document.currency_code == row.code)


def guarded_by(account_no: str) -> Iterator[tuple[str, str]]:
    """Where an account is named so that only postings of its own may move it: (record, caption)."""
    for kind in KINDS.values():
        guarded = [field for field in kind.fields if field.is_guarded]
        if not guarded:
            continue
        for row in kind.table.select():
            if any(getattr(row, name) != value for name, value in kind.fixed):
                continue
            for field in guarded:
                if getattr(row, field.name) == account_no:
                    yield kind.record(shown_key({name: getattr(row, name) for name in kind.key})), field.caption


def _check_account(row: Any, typed: set[str]) -> None:
    record = f"G/L Account {row.no}"
    if "direct_posting" in typed and row.direct_posting:
        named = next(guarded_by(row.no), None)
        if named is not None:
            raise Refused(
                f"Direct Posting cannot be allowed: the account is the {named[1]} of {named[0]}.",
                code="direct_posting_not_allowed",
                record=record,
                field="direct_posting",
                value="true",
                hint="Name another account there first.",
            )
    if "type" in typed and row.type != AccountType.POSTING:
        named = next(guarded_by(row.no), None)
        if named is not None:
            raise Refused(
                f"It must stay a posting account: it is the {named[1]} of {named[0]}.",
                code="account_in_use",
                record=record,
                field="type",
                value=str(row.type),
                hint="Name another account there first.",
            )


def _check_inventory_group(row: Any) -> None:
    """Stock leaves the account that it stands on."""
    stored = Item.get_by_id(row.no)
    stock = ItemStock.get_or_none(ItemStock.item_no == row.no)
    if stored.inventory_group != row.inventory_group and stock is not None and (stock.quantity or stock.value):
        raise Refused(
            "It has stock, which stands on the account of its Inventory Posting Group.",
            code="item_has_stock",
            record=f"Item {row.no}",
            field="inventory_group",
            value=row.inventory_group,
            hint="Change the group when nothing is on hand.",
        )


def _check_stock_account(row: Any) -> None:
    if InventoryGroup.get_by_id(row.code).stock_account == row.stock_account:
        return
    stocked = (
        Item.select(Item.no)
        .join(ItemStock, on=(ItemStock.item_no == Item.no))
        .where(Item.inventory_group == row.code, (ItemStock.quantity != 0) | (ItemStock.value != 0))
        .first()
    )
    if stocked is not None:
        raise Refused(
            f"Stock stands on its account: item {stocked.no} is on hand.",
            code="item_has_stock",
            record=f"Inventory Posting Group {row.code}",
            field="stock_account",
            value=row.stock_account,
            hint="Make another group for new items.",
        )


def _check_named_account(
    kind: MasterKind, shown: str, field: str, caption: str, account_no: str, is_guarded: bool
) -> None:
    account = GlAccount.get(GlAccount.no == account_no)
    if account.type is not AccountType.POSTING:
        raise Refused(
            f"{caption}: account {account_no} is a {account.type.value.lower()}, which takes no entries.",
            code="account_not_posting",
            record=kind.record(shown),
            field=field,
            value=account_no,
            hint="Choose a posting account.",
        )
    if is_guarded and account.direct_posting:
        raise Refused(
            f"{caption}: account {account_no} allows Direct Posting.",
            code="direct_posting_not_allowed",
            record=kind.record(shown),
            field=field,
            value=account_no,
            hint=f"Clear it first: `postroom gl-account set {account_no} direct_posting=false`.",
        )


def _check_series_line(kind: MasterKind, row: Any, shown: str, typed: set[str], *, is_new: bool) -> None:
    """A line counts the last digits of its starting no. from there; once a number was drawn its start is fixed."""
    record = kind.record(shown)

    def refuse(field: str, message: str, hint: str) -> None:
        value = str(getattr(row, field))
        values.refuse_all([Problem("series_invalid", message, record, field=field, value=value, hint=hint)])

    if not row.starting_no:
        refuse("starting_no", "Starting No. is blank.", "Type the first number, such as S-INV1001.")
    parts = []
    for field in ("starting_no", "ending_no", "warning_no"):
        text = getattr(row, field)
        if text:
            try:
                parts.append((field, numbering.split(text)))
            except ValueError:
                refuse(field, f"{text} has no digits to count.", "Numbers of a series end in digits.")
    _, (prefix, _, first, suffix) = parts[0]
    if first > values.LARGEST_INTEGER:
        refuse("starting_no", "It counts too high.", f"The counted digits go up to {values.LARGEST_INTEGER}.")
    for field, (other_prefix, _, last, other_suffix) in parts[1:]:
        if (other_prefix, other_suffix) != (prefix, suffix) or last < first:
            refuse(
                field, f"{getattr(row, field)} does not follow {row.starting_no}.", "Keep the text around the digits."
            )
    if row.warning_no and row.ending_no and numbering.split(row.warning_no)[2] > numbering.split(row.ending_no)[2]:
        refuse("warning_no", f"{row.warning_no} comes after {row.ending_no}.", "Warn before the numbers are used up.")
    if is_new:
        row.last_value = first - row.increment
    elif typed & {"starting_no", "increment"}:
        stored = kind.table.get_by_id(row.id)
        _, _, first_stored, _ = numbering.split(stored.starting_no)
        has_drawn = stored.last_value != first_stored - stored.increment
        if has_drawn and row.starting_no != stored.starting_no:
            raise Refused(
                "Numbers have been drawn from this line; its start is fixed.",
                code="series_in_use",
                record=record,
                field="starting_no",
                value=row.starting_no,
                hint="Add a line with a later starting date.",
            )
        if not has_drawn:
            row.last_value = first - row.increment
