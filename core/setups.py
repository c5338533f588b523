"""The three setup windows: what their fields hold, and how they are changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import available_timezones

from postroom.core import changelog, users, values
from postroom.core.database import transaction
from postroom.core.errors import Problem, Refused
from postroom.core.money import write
from postroom.core.setup_fields import CATEGORY, FIELDS, NUMBER_SERIES, WINDOWS, SetupField
from postroom.core.setup_version import raise_version
from postroom.core.tables.ledgers import GlRegister
from postroom.core.tables.setup import NumberSeries
from postroom.core.tables.trade import Document
from postroom.core.tables.work import JobQueueCategory
from postroom.core.users import Permission
from postroom.core.values import FieldKind, Value

__all__ = ["FIELDS", "WINDOWS", "SetupField", "change", "list_fields", "raise_version"]

_PRECISIONS = frozenset({"ledger.amount_rounding_precision", "ledger.unit_amount_rounding_precision"})
_FIXED_ONCE_POSTED = frozenset({"ledger.amount_rounding_precision", "ledger.lcy_code"})


def list_fields() -> list[SetupField]:
    """Every field with what it holds now; fields that name a record carry the codes to choose from."""
    rows = {prefix: table.get_by_id(1) for prefix, (_, table) in WINDOWS.items()}
    codes = _codes()
    return [
        replace(
            field,
            value=values.shown(field.kind, stored),
            stored=stored,
            choices=("", *codes[field.table]) if field.table else field.choices,
        )
        for field in FIELDS.values()
        for stored in [getattr(rows[field.key.partition(".")[0]], field.name)]
    ]


def change(changes: Mapping[str, str], *, user: str) -> list[SetupField]:
    """Set fields to what was typed, all or none; returns the fields that changed. Needs the permission set Setup.

    Raises UsageError with every wrong key and value, Refused for what may not change any more.
    """
    users.require(user, Permission.SETUP)
    with transaction():
        before = {field.key: field for field in list_fields()}
        wanted = _turn_together(_read_all(changes, before))
        _refuse_crossed_dates({key: field.stored for key, field in before.items()} | wanted)
        differing = {key: value for key, value in wanted.items() if before[key].stored != value}
        _refuse_fixed(differing)
        if not differing:
            return []
        _write(differing)
        for key, value in differing.items():
            field = before[key]
            changelog.record(
                user,
                "Modify",
                field.window,
                "",
                field=field.caption,
                old=field.value,
                new=values.shown(field.kind, value),
            )
        raise_version()
        if "ledger.amount_rounding_precision" in differing:
            _recompute_documents()
        return [field for field in list_fields() if field.key in differing]


def _write(differing: Mapping[str, Value]) -> None:
    for prefix, (_, table) in WINDOWS.items():
        here = {FIELDS[key].name: value for key, value in differing.items() if key.startswith(f"{prefix}.")}
        if here:
            table.update(**here).where(table.id == 1).execute()


def _read_all(changes: Mapping[str, str], fields: Mapping[str, SetupField]) -> dict[str, Value]:
    read: dict[str, Value] = {}
    problems = []
    for key, text in changes.items():
        field = fields.get(key)
        if field is None:
            hint = values.near(key, fields, "key")
            problems.append(Problem("unknown_key", f"There is no setup field {key}.", field=key, value=text, hint=hint))
            continue
        try:
            read[key] = _read(field, text)
        except ValueError as error:
            shown = text.strip() or "blank"
            hint = (
                values.near(text, filter(None, field.choices), field.table or "value")
                if field.table or field.kind is FieldKind.CHOICE
                else ""
            )
            problems.append(
                Problem(
                    "bad_value",
                    f"{field.caption}: {shown} {error}.",
                    record=field.window,
                    field=key,
                    value=text,
                    hint=hint,
                )
            )
    values.refuse_all(problems)
    return read


def _read(field: SetupField, text: str) -> Value:
    """The value typed for one field. Raises ValueError with the end of a sentence."""
    if field.kind is FieldKind.TIME_ZONE:
        if text.strip() not in available_timezones():
            raise ValueError("is not a time zone such as Europe/Copenhagen")
        return text.strip()
    if field.table:
        code = values.read_code(text)
        if code not in field.choices:
            raise ValueError(f"is not a {field.table}")
        return code
    if field.key == "ledger.lcy_code":
        code = values.read_code(text, longest=10)
        if not code:
            raise ValueError("is not a currency code")
        return code
    if field.key in _PRECISIONS:
        return Decimal(values.read_choice(write(values.read_decimal(text)), field.choices))
    if field.kind in (FieldKind.INTEGER, FieldKind.DECIMAL) and not text.strip():
        raise ValueError("is not a number")
    value = values.read(field.kind, text, field.choices)
    if field.least is not None and isinstance(value, int | Decimal) and value < field.least:
        raise ValueError(f"is too little: at least {values.shown(field.kind, field.least)}")
    return value


def _codes() -> dict[str, tuple[str, ...]]:
    return {
        CATEGORY: tuple(
            row.code for row in JobQueueCategory.select(JobQueueCategory.code).order_by(JobQueueCategory.code)
        ),
        NUMBER_SERIES: tuple(row.code for row in NumberSeries.select(NumberSeries.code).order_by(NumberSeries.code)),
    }


def _turn_together(wanted: dict[str, Value]) -> dict[str, Value]:
    """Post & Print with Job Queue cannot be on without Post Documents via Job Queue: one turns the other."""
    turned = dict(wanted)
    problems = []
    for prefix in ("sales", "purchases"):
        post, print_ = f"{prefix}.post_documents_via_job_queue", f"{prefix}.post_and_print_with_job_queue"
        if wanted.get(post) is False and wanted.get(print_) is True:
            problems.append(
                Problem(
                    "contradiction",
                    "Post & Print with Job Queue cannot be on while Post Documents via Job Queue is off.",
                    record=WINDOWS[prefix][0],
                    field=print_,
                    value="true",
                    hint="Leave one of the two out.",
                )
            )
        elif wanted.get(post) is False:
            turned[print_] = False
        elif wanted.get(print_) is True:
            turned[post] = True
    values.refuse_all(problems)
    return turned


def _refuse_crossed_dates(after: Mapping[str, Value]) -> None:
    first, last = after["ledger.allow_posting_from"], after["ledger.allow_posting_to"]
    if isinstance(first, date) and isinstance(last, date) and first > last:
        values.refuse_all(
            [
                Problem(
                    "dates_crossed",
                    f"Allow Posting From {first} is later than Allow Posting To {last}.",
                    record=WINDOWS["ledger"][0],
                    field="ledger.allow_posting_from",
                    value=str(first),
                    hint="Change both in one go, or clear one of them.",
                )
            ]
        )


def _refuse_fixed(differing: Mapping[str, Value]) -> None:
    for key in sorted(_FIXED_ONCE_POSTED & differing.keys()):
        if GlRegister.select().exists():
            field = FIELDS[key]
            raise Refused(
                f"{field.caption} cannot change any more: something has been posted.",
                code="fixed_once_posted",
                record=field.window,
                field=key,
                value=values.shown(field.kind, differing[key]),
                hint="Make a new company with `postroom init` for another one.",
            )


def _recompute_documents() -> None:
    """The amounts kept on documents are rounded to the new precision."""
    if Document.select().exists():
        from postroom.core.documents.totals import recompute_amounts  # imported late: documents stand above setup

        recompute_amounts()
