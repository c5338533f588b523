"""The command that moves a company to the other kind of database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import builders
import pytest
from command_line import Run
from conftest import drop_database, on_server, server_url

from postroom.core import company
from postroom.core.database import Location


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    name = f"postroom_test_{uuid.uuid4().hex[:12]}"
    on_server(f"CREATE DATABASE {name}")
    yield server_url(name)
    company.close()
    drop_database(name)


def test_a_company_moves_to_a_server_and_back(run: Run, sqlite_firm: Location, url: str, tmp_path: Path) -> None:
    builders.item("I1")
    told = run("--company", sqlite_firm.text, "move", url, "--json").json
    assert (told["from"], told["to"]) == (sqlite_firm.shown, Location(url).shown)
    assert told["rows"]["item"] == 1
    assert all(check["ok"] for check in told["checks"])
    left = run("--company", sqlite_firm.text, "item", "list")
    assert left.code == 2
    assert f"has moved to {Location(url).shown}" in left.err
    again = run("--company", sqlite_firm.text, "move", url)
    assert again.code == 2
    assert [one["no"] for one in run("--company", url, "item", "list", "--json").json] == ["I1"]
    back = run("--company", url, "move", str(tmp_path / "back.db"))
    assert back.code == 0
    assert "every invariant holds there as it did here" in back.err
    assert run("--company", str(tmp_path / "back.db"), "verify").code == 0


def test_a_place_that_is_taken_or_not_there_is_told(run: Run, sqlite_firm: Location, tmp_path: Path) -> None:
    same = run("--company", sqlite_firm.text, "move", str(tmp_path / "other.db"))
    assert (same.code, "in SQLite already" in same.err) == (1, True)
    away = run("--company", sqlite_firm.text, "move", "postgresql://postgres@127.0.0.1:9/firm")
    assert (away.code, "does not answer" in away.err) == (2, True)
    assert run("--company", sqlite_firm.text, "verify").code == 0
