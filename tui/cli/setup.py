"""Commands on the three setup windows and on users."""

from __future__ import annotations

import click

from postroom.core import setups, users
from postroom.core.setups import SetupField
from postroom.tui.cli import frame, writing
from postroom.tui.cli.frame import Session

setup_command = frame.group(
    "setup",
    "Show and change the setup of sales, purchases and ledger.",
    "postroom setup set sales.post_documents_via_job_queue=true",
)

user_command = frame.group(
    "user", "Show and change what users may do.", "postroom user set ann job_queue_admin=true may_setup=false"
)


@frame.command("list", "postroom setup list", "postroom setup list --json", under=setup_command)
@frame.json_option
def setup_list(session: Session) -> None:
    """List every setup field with what it holds."""
    session.read()
    _write(session, setups.list_fields())


@frame.command(
    "set", "postroom setup set sales.job_timeout=1h ledger.allow_posting_from=2026-01-01", under=setup_command
)
@click.argument("changes", metavar="KEY=VALUE...", nargs=-1, required=True)
@frame.json_option
def setup_set(session: Session, changes: tuple[str, ...]) -> None:
    """Change setup fields, all of them or none; shows those that differ from before."""
    user = session.open()
    changed = setups.change(frame.pairs(changes), user=user)
    if session.as_json or changed:
        _write(session, changed)
    else:
        writing.say("Nothing differs from before.")


def _write(session: Session, fields: list[SetupField]) -> None:
    rows = [
        {
            "key": field.key,
            "value": field.stored if session.as_json else field.value,
            "caption": field.caption,
            "window": field.window,
            "tab": field.tab,
            "kind": field.kind,
            "choices": field.choices,
            "help": field.help,
        }
        for field in fields
    ]
    session.write_list(frame.captions("key", "value", "caption", "window"), rows)


USER_COLUMNS = {
    "user_id": "User",
    "may_view": users.Permission.VIEW.value,
    "may_post": users.Permission.POST.value,
    "job_queue_admin": users.Permission.JOB_QUEUE_ADMIN.value,
    "may_setup": users.Permission.SETUP.value,
    "allow_posting_from": "Allow Posting From",
    "allow_posting_to": "Allow Posting To",
}


@frame.command("list", "postroom user list", under=user_command)
@frame.json_option
def user_list(session: Session) -> None:
    """List the users that User Setup names; all others may view and post."""
    session.read()
    session.write_list(USER_COLUMNS, users.list_users())


@frame.command("grant", "postroom grant ann post job-queue-admin", "postroom grant ann setup --revoke")
@click.argument("user_id", metavar="USER")
@click.argument("sets", metavar="SET...", nargs=-1, required=True)
@click.option("--revoke", is_flag=True, help="Take the sets away.")
@frame.json_option
def grant_command(session: Session, user_id: str, sets: tuple[str, ...], revoke: bool) -> None:
    """Give users permission sets, with PostgreSQL as database rights.

    SET is view, post, job-queue-admin or setup.
    """
    user = session.open()
    session.write_list(USER_COLUMNS, [users.grant(user_id, sets, revoke=revoke, user=user)])
    if not session.location.is_postgres:
        writing.say("On SQLite this guides and does not guard: whoever may write the file may do anything with it.")


@frame.command("set", "postroom user set ann may_setup=true allow_posting_from=2026-01-01", under=user_command)
@click.argument("user_id", metavar="USER")
@click.argument("changes", metavar="FIELD=VALUE...", nargs=-1, required=True)
@frame.json_option
def user_set(session: Session, user_id: str, changes: tuple[str, ...]) -> None:
    """Change what a user may do, or the posting dates of that user alone."""
    user = session.open()
    session.write_list(USER_COLUMNS, [users.set_user(user_id, frame.pairs(changes), user=user)])
