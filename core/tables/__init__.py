"""Every table of a company, by room: setup, trade, ledgers, work."""

from __future__ import annotations

from postroom.core.tables import ledgers, setup, trade, work
from postroom.core.tables.base import Table, database
from postroom.core.tables.ledgers import IMMUTABLE

__all__ = ["ALL", "IMMUTABLE", "Table", "database"]

_ABSTRACT = {Table, setup.BackgroundPostingSetup, setup.Group}

ALL: tuple[type[Table], ...] = tuple(
    model
    for room in (setup, trade, ledgers, work)
    for model in vars(room).values()
    if isinstance(model, type) and issubclass(model, Table) and model not in _ABSTRACT
)
"""All models in the order of their definition."""
