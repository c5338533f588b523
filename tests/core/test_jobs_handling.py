"""Documents to Handle: mine first, the same reasons together."""

from __future__ import annotations

import builders
import pytest

from postroom.core.jobs import background, entries, handling
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.setup import UserSetup

pytestmark = pytest.mark.usefixtures("firm")


def fail(no: str, party_no: str, user: str) -> None:
    line = builders.item_line()
    made = builders.document(DocumentType.SALES_INVOICE, [line], no=no, party_no=party_no)
    (queued,) = background.post([made], PostRequest(mode="queue", queue_anyway=True), user=user)
    (failed,) = entries.run_once([queued.entry_id], user=user)
    assert failed.result == "failed"


def test_documents_in_error_are_mine_first_and_the_same_reasons_stand_together() -> None:
    builders.party(Area.SALES, "C1", blocked="All")
    builders.party(Area.SALES, "C2", blocked="All")
    builders.item("I1")
    UserSetup.create(user_id="ann", job_queue_admin=True)
    for no, party_no, user in (
        *(("B1", "C1", "bob"), ("A1", "C1", "ann"), ("A2", "C2", "ann"), ("A3", "C1", "ann")),
        *(("B2", "C2", "bob"), ("B3", "C1", "bob")),
    ):
        fail(no, party_no, user)
    found = handling.list_documents("ann")
    assert [row.no for row in found] == ["A1", "A3", "A2", "B1", "B3", "B2"]
    reasons = {row.no: row.reason for row in found}
    assert reasons["A1"] == reasons["A3"] == reasons["B1"] == reasons["B3"]
    assert reasons["A1"] != reasons["A2"]
    assert reasons["A1"].startswith("party_blocked")
    assert [row.no for row in handling.list_documents("bob", mine_only=True)] == ["B1", "B3", "B2"]
    entries.restart([row.entry_id for row in found if row.reason == reasons["A1"]], user="ann")
    assert [row.no for row in handling.list_documents("ann")] == ["A2", "B2"]
