"""The number that rises with every change of setup, so that processes know when what they remember of it is old."""

from __future__ import annotations

from postroom.core.tables.setup import Company


def raise_version() -> None:
    """Let every process read setup, accounts, groups and pairs anew. In the transaction that changes them."""
    Company.update(setup_version=Company.setup_version + 1).execute()
