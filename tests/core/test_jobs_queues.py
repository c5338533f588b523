"""Job Queues: started, stopped, changed, the state they show, and when they stop by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jobs import ANN, ELSEWHERE, changes, claimed, consumer_row, ended_process, here, wait_entry

from postroom.core import clock
from postroom.core.company import current_user
from postroom.core.errors import NotFound, NotPermitted, PostroomError, Problem
from postroom.core.jobs import claims, consumers, endings, entries, queues, runs
from postroom.core.jobs.queues import MOST_FAILURES, QueueState
from postroom.core.kinds import EntryStatus
from postroom.core.tables.work import Consumer, JobQueue, JobQueueEntry

pytestmark = pytest.mark.usefixtures("firm")


def beat(consumer: Consumer) -> None:
    """The heartbeat of a consumer of this host."""
    consumers.heartbeat(
        claims.Worker(consumer.host, consumer.process_id, consumer.process_start, consumer.id, codes(consumer))
    )


def codes(consumer: Consumer) -> tuple[str, ...]:
    return tuple(code for code in consumer.job_queues.split(",") if code)


def state(code: str = "DEFAULT") -> QueueState:
    return queues.show(code).state


def test_a_new_company_has_four_started_job_queues_that_nobody_serves() -> None:
    listed = {one.code: one for one in queues.list_queues()}
    assert list(listed) == ["DEFAULT", "PPPOST", "PRINT", "SPPOST"]
    assert {one.started and one.start_automatically for one in listed.values()} == {True}
    assert (listed["SPPOST"].category_filter, listed["SPPOST"].max_concurrent) == ("SALESPOST", 1)
    assert (listed["DEFAULT"].max_concurrent, listed["PRINT"].max_concurrent) == (4, 8)
    assert {one.state for one in listed.values()} == {QueueState.NOT_RESPONDING}
    assert not queues.is_served("SPPOST")


def test_a_stopped_job_queue_takes_nothing_until_it_is_started() -> None:
    entry = wait_entry()
    assert queues.stop("DEFAULT", user=current_user()).state is QueueState.STOPPED
    assert claims.claim_next(here()) is None
    assert queues.start("DEFAULT", user=current_user()).started
    assert claimed().entry_no == entry.entry_no
    assert changes("Job Queue") == [
        (current_user(), "Stop Job Queue", "Started", "true", "false"),
        (current_user(), "Start Job Queue", "Started", "false", "true"),
    ]


def test_starting_what_is_started_and_stopping_what_is_stopped_changes_nothing() -> None:
    started_at = JobQueue.get_by_id("DEFAULT").started_at
    queues.start("DEFAULT", user=current_user())
    assert JobQueue.get_by_id("DEFAULT").started_at == started_at
    queues.stop("DEFAULT", user=current_user())
    queues.stop("DEFAULT", user=current_user())
    assert len(changes("Job Queue")) == 1


def running() -> int:
    """How many entries DEFAULT runs now."""
    held = (JobQueueEntry.status == EntryStatus.IN_PROCESS) & (JobQueueEntry.job_queue_code == "DEFAULT")
    return int(JobQueueEntry.select().where(held).count())


def test_a_stopped_job_queue_lets_its_running_entry_finish() -> None:
    wait_entry()
    claim = claimed()
    assert running() == 1
    assert queues.stop("DEFAULT", user=current_user()).state is QueueState.STOPPING
    runs.run(claim)
    assert (state(), running()) == (QueueState.STOPPED, 0)


def test_starting_running_and_not_responding_follow_the_heartbeat() -> None:
    seen = [state()]
    consumer = consumer_row(silent_for=1)
    seen.append(state())
    beat(consumer)
    seen.append(state())
    assert queues.is_served("DEFAULT")
    shown = queues.show("DEFAULT")
    assert (shown.host, shown.process_id) == (consumer.host, consumer.process_id)
    assert shown.last_heartbeat is not None
    Consumer.update(last_heartbeat=clock.now() - timedelta(seconds=consumers.LEASE + 1)).execute()
    seen.append(state())
    Consumer.update(host=ELSEWHERE).execute()
    seen.append(state())
    consumers.leave(consumer.id)
    seen.append(state())
    silent = QueueState.NOT_RESPONDING
    assert seen == [silent, QueueState.STARTING, QueueState.RUNNING, silent, silent, silent]


def test_a_job_queue_stopped_and_started_again_is_starting_until_the_next_heartbeat() -> None:
    consumer = consumer_row()
    beat(consumer)
    assert queues.stop("DEFAULT", user=current_user()).state is QueueState.STOPPED
    clock.start_at(clock.now() + timedelta(seconds=1))
    assert queues.start("DEFAULT", user=current_user()).state is QueueState.STARTING
    beat(consumer)
    assert state() is QueueState.RUNNING


def test_only_a_consumer_of_its_host_and_with_its_name_serves_a_job_queue() -> None:
    beat(consumer_row(job_queues="SPPOST,PRINT"))
    queues.change("PRINT", {"on_host": ELSEWHERE}, user=current_user())
    states = {one.code: one.state for one in queues.list_queues()}
    assert states["SPPOST"] is QueueState.RUNNING
    assert {states[code] for code in ("DEFAULT", "PPPOST", "PRINT")} == {QueueState.NOT_RESPONDING}
    assert [queues.is_served(code) for code in ("SPPOST", "PRINT", "DEFAULT")] == [True, False, False]


def test_fields_are_changed_together_and_kept_in_the_change_log() -> None:
    view = queues.change(
        "DEFAULT",
        {"description": "The rest", "max_concurrent": "2", "start_automatically": "false"},
        user=current_user(),
    )
    assert (view.description, view.max_concurrent, view.start_automatically) == ("The rest", 2, False)
    logged = {change[2]: change[3:] for change in changes("Job Queue")}
    assert logged["Maximum Concurrent Jobs"] == ("4", "2")
    assert set(logged) == {"Description", "Maximum Concurrent Jobs", "Start Automatically from NAS"}
    queues.change("DEFAULT", {"max_concurrent": "2"}, user=current_user())
    assert len(changes("Job Queue")) == 3


def test_a_change_with_anything_wrong_names_all_of_it_and_changes_nothing() -> None:
    before = queues.show("DEFAULT")
    with pytest.raises(PostroomError) as refused:
        queues.change(
            "DEFAULT",
            {"description": "New", "max_concurrent": "0", "start_automatically": "perhaps", "colour": "red"},
            user=current_user(),
        )
    assert {(problem.code, problem.field) for problem in refused.value.problems} == {
        ("bad_value", "max_concurrent"),
        ("bad_value", "start_automatically"),
        ("unknown_field", "colour"),
    }
    with pytest.raises(PostroomError):
        queues.change("DEFAULT", {"category_filter": "(("}, user=current_user())
    assert queues.show("DEFAULT") == before
    assert changes("Job Queue") == []


def test_job_queues_need_job_queue_admin_and_a_name_that_exists() -> None:
    for refused in (
        lambda: queues.start("DEFAULT", user=ANN),
        lambda: queues.stop("DEFAULT", user=ANN),
        lambda: queues.change("DEFAULT", {}, user=ANN),
    ):
        with pytest.raises(NotPermitted):
            refused()
    for missing in (
        lambda: queues.show("DEFUALT"),
        lambda: queues.start("DEFUALT", user=current_user()),
        lambda: queues.stop("DEFUALT", user=current_user()),
        lambda: queues.change("DEFUALT", {"max_concurrent": "2"}, user=current_user()),
        lambda: queues.is_served("DEFUALT"),
        lambda: queues.start_for_consumer(["DEFUALT"], automatic_only=False),
    ):
        with pytest.raises(NotFound, match="no job queue DEFUALT") as not_found:
            missing()
        assert "DEFAULT" in not_found.value.problems[0].hint


def test_a_consumer_starts_what_starts_automatically_and_stops_again_what_it_started() -> None:
    for code in ("DEFAULT", "PRINT", "SPPOST"):
        queues.stop(code, user=current_user())
    queues.change("PRINT", {"start_automatically": "false"}, user=current_user())
    assert queues.start_for_consumer(automatic_only=True) == ["DEFAULT", "SPPOST"]
    assert not queues.show("PRINT").started
    assert queues.start_for_consumer(["PRINT", "PPPOST"], automatic_only=False) == ["PRINT"]
    queues.stop_for_consumer(["PRINT"])
    assert [one.code for one in queues.list_queues() if not one.started] == ["PRINT"]


def test_what_a_person_started_is_marked_stopped_once_every_consumer_that_served_it_is_gone() -> None:
    queues.change("DEFAULT", {"start_automatically": "false"}, user=current_user())
    assert queues.stop_unserved() == []  # nobody has served it yet
    consumer = consumer_row()
    beat(consumer)
    assert queues.stop_unserved() == []
    process_id, process_start = ended_process()
    Consumer.update(process_id=process_id, process_start=process_start).execute()
    shown, waiting = queues.show("DEFAULT"), wait_entry()
    assert (shown.state, shown.started, shown.stopped_reason) == (QueueState.STOPPED, False, queues.ABANDONED)
    why = entries.show(waiting.entry_no).why
    assert why is not None
    assert (why.code, queues.ABANDONED in why.text) == ("queue_stopped", True)
    assert queues.stop_unserved() == ["DEFAULT"]
    view = queues.show("DEFAULT")
    assert (view.state, view.stopped_reason) == (QueueState.STOPPED, "Every consumer that served it is gone.")
    assert {one.code for one in queues.list_queues() if one.started} == {"PPPOST", "PRINT", "SPPOST"}
    assert queues.start("DEFAULT", user=current_user()).stopped_reason == ""
    assert queues.stop_unserved() == []


def test_starting_an_abandoned_queue_starts_it_anew() -> None:
    queues.change("DEFAULT", {"start_automatically": "false"}, user=current_user())
    beat(consumer_row())
    process_id, process_start = ended_process()
    Consumer.update(process_id=process_id, process_start=process_start).execute()
    assert queues.start("DEFAULT", user=current_user()).state is QueueState.NOT_RESPONDING
    assert queues.stop_unserved() == []


def break_down(count: int) -> None:
    """So many runs that end in an unexpected exception."""
    for _ in range(count):
        wait_entry(parameters="{")
        runs.run(claimed())


def test_a_job_queue_stops_itself_after_20_unexpected_failures_in_a_row_and_says_so() -> None:
    break_down(MOST_FAILURES - 1)
    assert queues.show("DEFAULT").started
    assert not queues.stop_if_all_failed("DEFAULT")
    break_down(1)
    view = queues.show("DEFAULT")
    assert (view.started, view.state) == (False, QueueState.STOPPED)
    assert "last 20" in view.stopped_reason
    assert queues.show("SPPOST").started
    waiting = wait_entry()
    why = entries.show(waiting.entry_no).why
    assert why is not None
    assert view.stopped_reason in why.text


def test_a_job_queue_that_was_started_again_counts_its_failures_anew() -> None:
    break_down(MOST_FAILURES)
    assert not queues.show("DEFAULT").started
    queues.start("DEFAULT", user=current_user())
    break_down(1)
    assert queues.show("DEFAULT").started


def test_one_success_or_one_business_error_among_them_keeps_it_running() -> None:
    break_down(10)
    wait_entry()
    runs.run(claimed())
    break_down(10)
    assert queues.show("DEFAULT").started
    wait_entry()
    endings.fail(claimed(), (Problem("bad", "It is bad."),))
    break_down(MOST_FAILURES - 1)
    assert queues.show("DEFAULT").started
