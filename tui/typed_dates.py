"""Dates as a person types them in short."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

HOW = "Written YYYY-MM-DD: 2026-11-24; or 11-24 (this year), 24 (this month), t (today)."


def in_full(typed: str, today: date) -> str:
    """A date typed in short, as YYYY-MM-DD. What is none stays as it is: who reads it says what is wrong."""
    if typed.strip().lower() == "t":
        return today.isoformat()
    parts = typed.strip().split("-")
    if len(parts) <= 2 and all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        month, day = [today.month, *map(int, parts)][-2:]
        with suppress(ValueError):
            return date(today.year, month, day).isoformat()
    return typed
