"""Commands that look whether all is well: status and verify."""

from __future__ import annotations

from postroom.core import status, verify
from postroom.core.counted import counted
from postroom.core.jobs.queues import QueueState
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session


@frame.command("verify", "postroom verify", "postroom verify --json")
@frame.json_option
def verify_command(session: Session) -> int:
    """Recompute every invariant of the company; exit 0 only if all hold."""
    session.read()
    with writing.progress_bar("Verifying", len(verify.CHECKS)) as advance:
        proof = verify.verify(advance and (lambda done, total: advance(done)))
    if session.as_json:
        session.write({"checks": proof.checks, "ok": proof.ok})
    else:
        session.write_list(frame.captions("name", "ok", "examined", detail="Not as it should be"), proof.checks)
        held = sum(check.ok for check in proof.checks)
        writing.say(
            "Everything holds." if proof.ok else f"{len(proof.checks) - held} of {len(proof.checks)} do not hold."
        )
    return 0 if proof.ok else 1


@frame.command("status", "postroom status", "postroom status --json")
@frame.json_option
def status_command(session: Session) -> int:
    """Say in one line how the work stands; exit 1 if somebody should look."""
    session.read()
    now = status.read()
    if session.as_json:
        session.write(now)
    else:
        queues = ", ".join(f"{queue.code} {_state(queue, now.consumers)}" for queue in now.queues)
        consumers = counted(now.consumers, "consumer") if now.consumers else "no consumer is running"
        line = (
            f"{consumers}; {queues}; {now.backlog} waiting"
            f" (oldest {now.oldest_waiting_seconds} s), {now.in_process} in process,"
            f" {counted(now.errors, 'error')}"
        )
        if now.seconds_until_empty:
            line += f", {now.ended_per_minute} a minute, empty in {now.seconds_until_empty} s"
        writing.write_text(" ".join([f"{line}.", *now.attention]))
    return 1 if now.attention else 0


def _state(queue: status.QueueStatus, consumers: int) -> str:
    """A queue that is started is no more than that while there is no consumer that could respond."""
    is_waiting = not consumers and queue.state == QueueState.NOT_RESPONDING
    return "started" if is_waiting else queue.state
