"""Entries, log, batches, job queues, categories, notes and status from the command line."""

from __future__ import annotations

from typing import Any

import builders
import pytest
from command_line import Run
from conftest import MakeCompany

from postroom.core import company
from postroom.core.database import Location
from postroom.core.kinds import Area, DocumentType

ENTRY = set(
    "id entry_no description job record_type record_no status category priority earliest_start attempts max_attempts"  # noqa: SIM905
    " batch_no user started host process_id why errors".split()
)
LOG = set(
    "entry_no job_queue_entry_id description record_type record_no status start end duration attempt user category"  # noqa: SIM905
    " job_queue host process_id errors posted".split()
)
QUEUE = set(
    "code description category_filter started start_automatically on_host max_concurrent state last_heartbeat host"  # noqa: SIM905
    " process_id".split()
)


@pytest.fixture
def queued(make: MakeCompany, run: Run) -> Location:
    """A company with three documents queued as a batch: GOOD, MORE, and BAD, which will fail."""
    location = make()
    company.open_company(location)
    builders.party(Area.SALES, "C1")
    builders.party(Area.SALES, "C2", blocked="All")
    builders.item("I1")
    for no, party in (("GOOD", "C1"), ("BAD", "C2"), ("MORE", "C1")):
        builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no=no, party_no=party)
    company.close()
    assert run("--company", location.text, "post", "--all", "--queue").code == 0
    return location


def ask(run: Run, location: Location, *arguments: str, code: int = 0) -> Any:
    told = run("--company", location.text, *arguments, "--json")
    assert told.code == code, told.out + told.err
    return told.json


def entry_of(run: Run, location: Location, no: str) -> Any:
    (found,) = ask(run, location, "entry", "list", "--filter", f"record_no={no}")
    return found


def outcome(answer: Any) -> list[str]:
    return [row["result"] for row in answer["results"]]


def test_entries_are_listed_with_the_keys_of_the_interface_and_their_reason(run: Run, queued: Location) -> None:
    listed = ask(run, queued, "entry", "list", "--mine")
    assert [row["record_no"] for row in listed] == ["GOOD", "BAD", "MORE"]
    assert all(set(row) >= ENTRY for row in listed)
    why = listed[0]["why"]
    assert {"code", "text", "since", "until", "category", "entry_no", "ahead"} <= set(why)
    assert why["code"] == "no_consumer"
    (told,) = ask(run, queued, "entry", "why", listed[0]["id"])
    assert told["why"] == why
    assert ask(run, queued, "entry", "show", str(listed[0]["entry_no"])) == listed[0]
    assert why["text"] in run("--company", queued.text, "entry", "list").out
    assert why["hint"] in run("--company", queued.text, "entry", "why", listed[0]["id"]).out


def test_an_entry_is_held_made_ready_given_a_priority_and_deleted(run: Run, queued: Location) -> None:
    name = entry_of(run, queued, "GOOD")["id"]
    assert outcome(ask(run, queued, "entry", "hold", name)) == ["on hold"]
    assert entry_of(run, queued, "GOOD")["status"] == "On Hold"
    assert outcome(ask(run, queued, "entry", "hold", name, code=1)) == ["refused"]
    assert outcome(ask(run, queued, "entry", "ready", name)) == ["ready"]
    ask(run, queued, "entry", "priority", name, "--to", "5")
    assert entry_of(run, queued, "GOOD")["priority"] == 5
    assert outcome(ask(run, queued, "entry", "delete", name)) == ["deleted"]
    (document,) = ask(run, queued, "document", "list", "--filter", "no=GOOD")
    assert document["job_queue_status"] == ""
    assert outcome(ask(run, queued, "entry", "cancel", name, code=1)) == ["refused"]


def test_one_refused_entry_does_not_stop_the_others(run: Run, queued: Location) -> None:
    name = entry_of(run, queued, "GOOD")["id"]
    assert outcome(ask(run, queued, "entry", "hold", "nowhere", name, code=1)) == ["refused", "on hold"]


def test_an_action_takes_all_that_match_a_filter(run: Run, queued: Location) -> None:
    assert outcome(ask(run, queued, "entry", "hold", "--filter", "record_no=GOOD|MORE")) == ["on hold", "on hold"]
    assert run("--company", queued.text, "entry", "hold").code == 2
    assert run("--company", queued.text, "entry", "hold", "1", "--filter", "status=Ready").code == 2


def test_run_once_posts_in_the_foreground_and_the_log_tells_what_came_out(run: Run, queued: Location) -> None:
    good, bad = entry_of(run, queued, "GOOD"), entry_of(run, queued, "BAD")
    assert outcome(ask(run, queued, "entry", "run-once", good["id"])) == ["posted"]
    failed = ask(run, queued, "entry", "run-once", bad["id"], code=1)
    assert failed["results"][0]["errors"][0]["code"] == "party_blocked"
    newest, oldest = ask(run, queued, "log", "list")
    assert set(newest) >= LOG
    assert (newest["record_no"], newest["status"], newest["posted"]) == ("BAD", "Error", [])
    assert (oldest["record_no"], oldest["status"]) == ("GOOD", "Success")
    assert [ref["kind"] for ref in oldest["posted"]] == ["shipment", "invoice"]
    assert ask(run, queued, "log", "show", str(oldest["entry_no"])) == oldest
    assert [row["entry_no"] for row in ask(run, queued, "log", "list", "--filter", "status=Error")] == [
        newest["entry_no"]
    ]
    assert run("--company", queued.text, "log", "show", "999").code == 1
    assert "103001" in run("--company", queued.text, "log", "show", str(oldest["entry_no"])).out


def test_documents_in_error_are_to_be_handled_and_a_note_says_so(run: Run, queued: Location) -> None:
    assert ask(run, queued, "handle", "list") == []
    ask(run, queued, "entry", "run-once", entry_of(run, queued, "BAD")["id"], code=1)
    (failed,) = ask(run, queued, "handle", "list", "--mine")
    assert (failed["no"], failed["errors"][0]["code"]) == ("BAD", "party_blocked")
    (note,) = ask(run, queued, "note", "list", "--unread", "--mark-read")
    assert "BAD" in note["text"] + note["record_no"]
    assert ask(run, queued, "note", "list", "--unread") == []
    assert ask(run, queued, "entry", "restart", failed["entry_id"])["results"][0]["result"] == "restarted"
    assert ask(run, queued, "handle", "list") == []


def test_a_batch_tells_how_far_it_is(run: Run, queued: Location) -> None:
    ask(run, queued, "entry", "run-once", entry_of(run, queued, "GOOD")["id"])
    ask(run, queued, "entry", "run-once", entry_of(run, queued, "BAD")["id"], code=1)
    (batch,) = ask(run, queued, "batch", "list")
    assert {"no", "report", "user", "created", "total", "posted", "failed", "to_go"} <= set(batch)
    assert [batch[key] for key in ("total", "posted", "failed", "to_go")] == [3, 1, 1, 1]
    assert ask(run, queued, "batch", "show", str(batch["no"])) == batch
    assert run("--company", queued.text, "batch", "show", "999").code == 1


def test_what_waits_of_a_batch_is_removed_from_the_job_queue(run: Run, queued: Location) -> None:
    ask(run, queued, "entry", "run-once", entry_of(run, queued, "BAD")["id"], code=1)
    (batch,) = ask(run, queued, "batch", "list")
    assert outcome(ask(run, queued, "batch", "remove", str(batch["no"]))) == ["removed", "removed"]
    assert [row["record_no"] for row in ask(run, queued, "entry", "list")] == ["BAD"]
    assert ask(run, queued, "batch", "remove", str(batch["no"]))["results"] == []
    assert run("--company", queued.text, "batch", "remove", "999").code == 1


def test_the_log_is_cleaned_by_age(run: Run, queued: Location) -> None:
    ask(run, queued, "entry", "run-once", entry_of(run, queued, "GOOD")["id"])
    assert ask(run, queued, "log", "clean") == {"deleted": 0}
    assert ask(run, queued, "log", "clean", "--all") == {"deleted": 1}
    assert run("--company", queued.text, "log", "clean", "--older-than", "soon").code == 2
    assert outcome(ask(run, queued, "log", "set-error", "999", code=1)) == ["refused"]


def test_job_queues_are_listed_changed_started_and_stopped(run: Run, queued: Location) -> None:
    listed = ask(run, queued, "queue", "list")
    assert [row["code"] for row in listed] == ["DEFAULT", "PPPOST", "PRINT", "SPPOST"]
    assert all(set(row) >= QUEUE for row in listed)
    (stopped,) = ask(run, queued, "queue", "stop", "SPPOST")
    assert (stopped["state"], stopped["started"]) == ("Stopped", False)
    told = run("--company", queued.text, "queue", "start", "SPPOST", "--json")
    assert told.code == 1
    assert "no consumer" in told.err
    assert told.json[0]["started"] is True
    changed = ask(run, queued, "queue", "set", "DEFAULT", "max_concurrent=8", "description=[/x]")
    assert (changed["max_concurrent"], changed["description"]) == (8, "[/x]")
    for wrong in ("max_concurrent=0", "max_concurrent=many", "category_filter=(", "colour=red"):
        assert run("--company", queued.text, "queue", "set", "DEFAULT", wrong).code == 2, wrong
    assert run("--company", queued.text, "queue", "start", "NOWHERE").code == 1


def test_categories_are_added_renamed_and_deleted(run: Run, queued: Location) -> None:
    (added,) = ask(run, queued, "category", "add", "NIGHT", "Runs at night")
    assert (added["code"], added["description"]) == ("NIGHT", "Runs at night")
    (described,) = ask(run, queued, "category", "describe", "NIGHT", "After ten")
    assert described["description"] == "After ten"
    (renamed,) = ask(run, queued, "category", "rename", "NIGHT", "LATE")
    assert renamed["code"] == "LATE"
    assert "LATE" in {row["code"] for row in ask(run, queued, "category", "list")}
    ask(run, queued, "category", "delete", "LATE")
    assert run("--company", queued.text, "category", "delete", "SALESPOST").code == 1
    assert run("--company", queued.text, "category", "add", "SALESPOST").code == 1


def test_status_says_whether_somebody_should_look(run: Run, queued: Location) -> None:
    told = ask(run, queued, "status", code=1)
    assert {"consumers", "queues", "backlog", "in_process", "errors", "oldest_waiting_seconds", "attention"} <= set(
        told
    )
    assert (told["consumers"], told["backlog"]) == (0, 3)
    assert told["attention"]
    line = run("--company", queued.text, "status").out
    assert line.count("\n") == 1
    assert line.startswith(
        "no consumer is running; DEFAULT started, PPPOST started, PRINT started, SPPOST started; 3 wai"
    )
    assert {queue["state"] for queue in told["queues"]} == {"Not responding"}
    assert "No consumer is running" in run("--company", queued.text, "queue", "list").err
    ask(run, queued, "remove", "GOOD", "BAD", "MORE")
    assert ask(run, queued, "status")["attention"] == []
