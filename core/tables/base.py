"""What every table is made of: the bound database, exact numbers, instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    DatabaseProxy,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)
from playhouse.fields import EnumFieldMixin

from postroom.core.money import FACTOR_SCALE, SCALE, from_units, to_units

database = DatabaseProxy()
"""The open company's database. `core.company` binds it; every model and statement goes through it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_to_stored(instant: datetime | None) -> int:
    """Microseconds since 1970 in UTC; 0 stands for blank."""
    return (instant - EPOCH) // _MICROSECOND if instant is not None else 0


def instant_from_stored(stored: int | None) -> datetime | None:
    """The inverse of `instant_to_stored`."""
    return EPOCH + timedelta(microseconds=stored) if stored else None


class ScaledField(BigIntegerField):
    """An exact decimal, stored as an integer scaled by 10**5. Refuses what would not be exact."""

    scale = SCALE

    def db_value(self, value: Any) -> int | None:
        return None if value is None else to_units(Decimal(value), self.scale)

    def python_value(self, value: int | None) -> Decimal | None:
        return None if value is None else from_units(int(value), self.scale)


class FactorField(ScaledField):
    """A currency factor (LCY per unit of the currency), scaled by 10**10."""

    scale = FACTOR_SCALE


class InstantField(BigIntegerField):
    """An instant in UTC to the microsecond. Blank is stored as 0, so that it sorts first on every database."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default=0, **options)

    def db_value(self, value: datetime | int | None) -> int:
        return value if isinstance(value, int) else instant_to_stored(value)

    def python_value(self, value: int | None) -> datetime | None:
        return instant_from_stored(value)


class NumberField(BigAutoField):
    """An ascending number that is never given twice, not even after its row was deleted."""

    def ddl(self, ctx: Any) -> Any:
        if isinstance(self.model._meta.database.obj, SqliteDatabase):
            return NodeList((super().ddl(ctx), SQL("AUTOINCREMENT")))
        return super().ddl(ctx)


class ChoiceField(EnumFieldMixin, TextField):
    """A member of a closed list, stored as its text."""

    enum_value_type = str


class Table(Model):
    """Base of every table of a company."""

    class Meta:
        database = database
        legacy_table_names = False
