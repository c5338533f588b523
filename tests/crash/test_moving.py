"""kill -9 amid a move: the company is still here, or whole there and closed here; never in two places at work."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
from builders import document, item, item_line, party
from conftest import drop_database, on_server, server_url
from forked_program import server
from jobs import run_all

from postroom.core import company
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import CompanyError
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.statements import query
from postroom.core.verify import verify

KILLS = 6
DOCUMENTS = 150


@pytest.fixture
def place(postgres_server: str) -> Iterator[Location]:
    name = f"postroom_test_{uuid.uuid4().hex[:12]}"
    on_server(f"CREATE DATABASE {name}")
    yield Location(server_url(name))
    company.close()
    drop_database(name)


@pytest.mark.full
def test_a_move_that_is_killed_has_not_happened_or_has_happened_whole(sqlite_firm: Location, place: Location) -> None:
    party(Area.SALES)
    item()
    ids = [document(DocumentType.SALES_INVOICE, [item_line()]) for _ in range(DOCUMENTS)]
    background.post(ids, PostRequest(mode="queue", queue_anyway=True), user=current_user())
    run_all()
    company.close()
    chance = random.Random(1)
    for _ in range(KILLS):
        moved(sqlite_firm, place, kill_after=chance.uniform(0.02, 0.6))
        with suppress(CompanyError):
            company.open_company(sqlite_firm)
            assert verify().ok
            company.close()
            continue
        break
    else:
        assert moved(sqlite_firm, place) == 0
    with pytest.raises(CompanyError, match="has moved to"):
        company.open_company(sqlite_firm)
    company.open_company(place)
    assert verify().ok
    assert query("SELECT count(*) FROM posted_document") == [(2 * DOCUMENTS,)]


def moved(source: Location, place: Location, kill_after: float | None = None) -> int:
    """The exit code of `postroom move`."""
    environment = {**os.environ, "POSTROOM_COMPANY": source.text}
    with tempfile.TemporaryFile() as output:
        program = server().start("", ["move", place.text], environment, output.fileno())
        if kill_after is not None:
            time.sleep(kill_after)  # the random moment itself
            with suppress(ProcessLookupError):
                program.send_signal(signal.SIGKILL)
        return program.wait(60)
