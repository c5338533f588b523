"""Master records listed and changed, by the table of their kinds. Use cases; the kinds' own rules are in `rules`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from postroom.core import changelog, filters, users, values
from postroom.core.database import is_postgres, transaction
from postroom.core.errors import NotFound, Problem, Refused, UsageError
from postroom.core.masters import rules, uses
from postroom.core.masters.kinds import KINDS, PAIR, MasterField, MasterKind, kinds_in_key, shown_key
from postroom.core.setup_version import raise_version
from postroom.core.tables.trade import ItemStock
from postroom.core.values import FieldKind, Value

Row = dict[str, Value]

_GIVE_IT = "Give it when the record is made."

_STOCK: Mapping[str, FieldKind] = {"stock_on_hand": FieldKind.DECIMAL, "stock_value": FieldKind.DECIMAL}


def list_records(kind: str, filter: str = "") -> list[Row]:
    """Every record of a kind that passes the filter, by its key: field names to values. Items show their stock.

    Raises UsageError for an unknown kind or a filter that cannot be read.
    """
    chosen = find_kind(kind)
    names = [*chosen.key, *(field.name for field in chosen.fields)]
    if chosen.slug == "number-series-line":
        names += ["last_value", "last_date_used"]
    columns = {name: getattr(chosen.table, name) for name in names}
    parsed = filters.parse_filter(filter)
    for one in parsed:
        if one.field:
            filters.refuse_unknown(one.field, {**columns, **(_STOCK if chosen.slug == "item" else {})})
    in_sql = [one for one in parsed if one.field not in _STOCK]
    select = chosen.table.select(*columns.values()).order_by(*(columns[name] for name in chosen.key))
    conditions = [getattr(chosen.table, name) == value for name, value in chosen.fixed]
    for condition in (*conditions, *filters.conditions(in_sql, columns, list(columns.values()))):
        select = select.where(condition)
    rows: list[Row] = [dict(zip(names, row, strict=True)) for row in select.tuples()]
    if chosen.slug == "item":
        rows = _with_stock(rows)
        rows = [row for row in rows if filters.row_matches([one for one in parsed if one.field in _STOCK], row)]
    return rows


def set_record(kind: str, no: str, changes: Mapping[str, str], *, user: str, create: bool = False) -> Row:
    """Change fields of one record, all or none; with `create` a record that is not there is made. Returns it.

    Parties and items need the permission set Post, everything else Setup. Raises UsageError with every bad field,
    NotFound for an unknown record, Refused for what a rule of the kind forbids.
    """
    chosen = find_kind(kind)
    users.require(user, chosen.permission)
    with transaction():
        key = _read_key(chosen, no)
        shown = shown_key(key)
        row = chosen.table.get_or_none(*_conditions(chosen, key))
        if row is None and not create:
            raise _unknown(chosen, shown, f" `postroom {chosen.slug} set {shlex.quote(no)} --new` makes it.")
        is_new = row is None
        if row is None:
            row = chosen.table(**dict(chosen.fixed), **key)
        read = _read_all(chosen, shown, changes)
        if is_new:
            _refuse_missing(chosen, shown, read)
        old = {name: getattr(row, name) for name in read}
        for name, value in read.items():
            setattr(row, name, value)
        rules.check(chosen, row, shown, set(read), is_new=is_new)
        if not is_new and all(old[name] == value for name, value in read.items()):
            return _shown_row(chosen, key)
        _save(chosen, row, key, read, is_new=is_new)
        _log(chosen, shown, old, read, user, is_new=is_new)
        if chosen.is_setup:
            raise_version()
        rules.recompute_after(chosen, row, {name for name, value in read.items() if is_new or old[name] != value})
        return _shown_row(chosen, key)


def new_record(kind: str, no: str, changes: Mapping[str, str], *, user: str) -> Row:
    """Make a record that is not there yet, with these fields. Raises Refused where it is, else as `set_record`."""
    with transaction():
        refuse_known(kind, no)
        return set_record(kind, no, changes, user=user, create=True)


def delete_record(kind: str, no: str, *, user: str) -> None:
    """Delete one record that nothing names; the same permission as for changing it.

    Raises NotFound, and Refused (`record_in_use`) with the first use.
    """
    chosen = find_kind(kind)
    users.require(user, chosen.permission)
    with transaction():
        key = _read_key(chosen, no)
        shown = shown_key(key)
        found = chosen.table.select().where(*_conditions(chosen, key))
        if is_postgres():
            found = found.for_update()  # numbers that are drawn meanwhile are seen
        if found.first() is None:
            raise _unknown(chosen, shown)
        uses.refuse_used(chosen, key, shown)
        chosen.table.delete().where(*_conditions(chosen, key)).execute()
        changelog.record(user, "Delete", chosen.title, shown)
        if chosen.is_setup:
            raise_version()


def refuse_known(kind: str, no: str) -> None:
    """Raise Refused where there is such a record already, UsageError for a key that none could have."""
    chosen = find_kind(kind)
    key = _read_key(chosen, no)
    check_key(chosen, key)
    if chosen.table.get_or_none(*_conditions(chosen, key)) is not None:
        raise Refused(
            f"{chosen.record(shown_key(key))} exists already.",
            code="record_exists",
            record=chosen.record(shown_key(key)),
            field=chosen.key[0],
            value=no,
            hint="Open its card to change it.",
        )


def find_kind(slug: str) -> MasterKind:
    """A kind by its slug. Raises UsageError."""
    if slug not in KINDS:
        raise UsageError(
            f"{slug} is not a kind of master record.",
            code="bad_value",
            field="kind",
            value=slug,
            hint=values.near(slug, KINDS, "kind"),
        )
    return KINDS[slug]


def _read_key(kind: MasterKind, no: str) -> dict[str, Value]:
    parts = [part.strip() for part in no.split(PAIR)] if len(kind.key) > 1 else [no]
    if len(parts) > len(kind.key) or (len(parts) < len(kind.key) and kind.slug != "number-series-line"):
        values.refuse_all(
            [
                Problem(
                    "bad_value",
                    f"{no} is not a whole key.",
                    kind.title,
                    field=" x ".join(kind.key),
                    value=no,
                    hint=f"It has {len(kind.key)} parts: {PAIR.join(name.upper() for name in kind.key)}.",
                )
            ]
        )
    parts += [""] * (len(kind.key) - len(parts))
    key: dict[str, Value] = {}
    for name, part in zip(kind.key, parts, strict=True):
        try:
            if name == "starting_date":
                key[name] = values.read_date(part) if part else None
            else:
                key[name] = values.read_code(part)
                if not part.strip():
                    raise ValueError("is blank: give a number or code")
        except ValueError as error:
            message = f"{part or name} {error}."
            values.refuse_all([Problem("bad_value", message, kind.title, field=name, value=part)])
    return key


def _conditions(kind: MasterKind, key: Mapping[str, Value]) -> list[Any]:
    wanted = {**dict(kind.fixed), **key}
    return [
        getattr(kind.table, name).is_null() if value is None else getattr(kind.table, name) == value
        for name, value in wanted.items()
    ]


def _unknown(kind: MasterKind, shown: str, way_out: str = "") -> NotFound:
    keys = [shown_key({name: row[name] for name in kind.key}) for row in list_records(kind.slug)]
    return NotFound(
        f"{kind.record(shown)} does not exist.",
        code="record_unknown",
        record=kind.record(shown),
        field=kind.key[0],
        value=shown,
        hint=f"{values.near(shown, keys, kind.title)}{way_out}",
    )


def _read_all(kind: MasterKind, shown: str, changes: Mapping[str, str]) -> dict[str, Value]:
    fields = {field.name: field for field in kind.fields}
    read: dict[str, Value] = {}
    problems = []
    for name, text in changes.items():
        field = fields.get(name)
        if field is None:
            message, hint = f"There is no field {name}.", f"The fields are {', '.join(fields)}."
            problems.append(Problem("unknown_field", message, kind.record(shown), None, name, text, hint))
            continue
        try:
            read[name] = _read(field, text)
        except ValueError as error:
            hint = values.near(text, _codes_of(field.names), KINDS[field.names].title) if field.names else ""
            message = f"{field.caption}: {text or 'blank'} {error}."
            problems.append(Problem("bad_value", message, kind.record(shown), None, name, text, hint))
    values.refuse_all(problems)
    return read


def _refuse_missing(kind: MasterKind, shown: str, read: Mapping[str, Value]) -> None:
    values.refuse_all(
        Problem("field_missing", f"{field.caption} is missing.", kind.record(shown), field=field.name, hint=_GIVE_IT)
        for field in kind.fields
        if field.is_required and not read.get(field.name)
    )


def _read(field: MasterField, text: str) -> Value:
    if field.read is not None:
        return field.read(text)
    if field.choices and field.kind is FieldKind.TEXT:
        return Decimal(values.read_choice(values.shown(FieldKind.DECIMAL, values.read_decimal(text)), field.choices))
    value = values.read(field.kind, text, field.choices)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if field.least is not None and value < field.least:
            raise ValueError(f"is too little: at least {field.least}")
        if field.most is not None and value > field.most:
            raise ValueError(f"is too much: at most {field.most}")
    if field.names and value and value not in _codes_of(field.names):
        raise ValueError(f"is not a {KINDS[field.names].title}")
    return value


def _codes_of(slug: str) -> list[str]:
    kind = KINDS[slug]
    select = kind.table.select(getattr(kind.table, kind.key[0]))
    for name, value in kind.fixed:
        select = select.where(getattr(kind.table, name) == value)
    return [code for (code,) in select.tuples()]


def check_key(kind: MasterKind, key: Mapping[str, Value]) -> None:
    """A new record's key must name what it is made of: groups, a series, a currency. Raises UsageError."""
    problems = []
    for name, slug in kinds_in_key(kind).items():
        value = key[name]
        if value not in _codes_of(slug):
            title = KINDS[slug].title
            problems.append(
                Problem(
                    "bad_value",
                    f"{title} {value} does not exist.",
                    kind.record(shown_key(key)),
                    field=name,
                    value=str(value),
                    hint=values.near(str(value), _codes_of(slug), title),
                )
            )
    values.refuse_all(problems)


def _save(kind: MasterKind, row: Any, key: Mapping[str, Value], read: Mapping[str, Value], *, is_new: bool) -> None:
    if is_new:
        check_key(kind, key)
        row.save(force_insert=True)
        return
    changed = {name: getattr(row, name) for name in read}
    if kind.slug == "number-series-line":
        changed["last_value"] = row.last_value
    kind.table.update(**changed).where(*_conditions(kind, key)).execute()


def _log(
    kind: MasterKind, shown: str, old: Mapping[str, Value], read: Mapping[str, Value], user: str, *, is_new: bool
) -> None:
    if is_new:
        changelog.record(user, "Insert", kind.title, shown)
    for field in kind.fields:
        if field.name in read and old[field.name] != read[field.name]:
            changelog.record(
                user,
                "Modify",
                kind.title,
                shown,
                field=field.caption,
                old=values.shown(field.kind, old[field.name]),
                new=values.shown(field.kind, read[field.name]),
            )


def _shown_row(kind: MasterKind, key: Mapping[str, Value]) -> Row:
    names = [*kind.key, *(field.name for field in kind.fields)]
    row = kind.table.get(*_conditions(kind, key))
    found: Row = {name: getattr(row, name) for name in names}
    return _with_stock([found])[0] if kind.slug == "item" else found


def _with_stock(rows: list[Row]) -> list[Row]:
    """Items with the quantity and value of their stock, read in one statement."""
    select = ItemStock.select(ItemStock.item_no, ItemStock.quantity, ItemStock.value)
    if len(rows) == 1:
        select = select.where(ItemStock.item_no == rows[0]["no"])
    found: Iterable[Any] = select.tuples()
    stock: dict[str, tuple[Decimal, Decimal]] = {no: (quantity, value) for no, quantity, value in found}
    nothing = (Decimal(0), Decimal(0))
    return [
        {
            **row,
            "stock_on_hand": stock.get(str(row["no"]), nothing)[0],
            "stock_value": stock.get(str(row["no"]), nothing)[1],
        }
        for row in rows
    ]
