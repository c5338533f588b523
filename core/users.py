"""Who may do what: the permission sets of each user, and the posting dates that one user may have apart.

Users are the operating system's users or PostgreSQL's roles, by name. On SQLite this guides and does not guard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from postroom.core import changelog, grants, values
from postroom.core.counted import plural
from postroom.core.database import transaction
from postroom.core.errors import NotFound, NotPermitted, Problem, Refused
from postroom.core.setup_version import raise_version
from postroom.core.tables.setup import UserSetup
from postroom.core.values import FieldKind


class Permission(StrEnum):
    """The permission sets, by the names they are shown with."""

    VIEW = "View"
    POST = "Post"
    JOB_QUEUE_ADMIN = "Job Queue Admin"
    SETUP = "Setup"

    @property
    def field(self) -> str:
        """Its field in User Setup."""
        return _FIELDS[self]


_FIELDS = {
    Permission.VIEW: "may_view",
    Permission.POST: "may_post",
    Permission.JOB_QUEUE_ADMIN: "job_queue_admin",
    Permission.SETUP: "may_setup",
}

_BY_DEFAULT = frozenset({Permission.VIEW, Permission.POST})
"""What a user has of whom User Setup says nothing."""

FIELDS: dict[str, tuple[str, FieldKind]] = {
    "may_view": (Permission.VIEW.value, FieldKind.BOOLEAN),
    "may_post": (Permission.POST.value, FieldKind.BOOLEAN),
    "job_queue_admin": (Permission.JOB_QUEUE_ADMIN.value, FieldKind.BOOLEAN),
    "may_setup": (Permission.SETUP.value, FieldKind.BOOLEAN),
    "allow_posting_from": ("Allow Posting From", FieldKind.DATE),
    "allow_posting_to": ("Allow Posting To", FieldKind.DATE),
}
"""The fields of User Setup that `set_user` takes: caption and kind."""


@dataclass(frozen=True, slots=True)
class UserView:
    """One row of User Setup. Blank posting dates: the company's hold."""

    user_id: str
    may_view: bool
    may_post: bool
    job_queue_admin: bool
    may_setup: bool
    allow_posting_from: date | None
    allow_posting_to: date | None


def may(user: str, permission: Permission) -> bool:
    """Whether the user has the permission set."""
    row = UserSetup.get_or_none(UserSetup.user_id == user)
    return permission in _BY_DEFAULT if row is None else bool(getattr(row, permission.field))


def require(user: str, permission: Permission) -> None:
    """Raise NotPermitted, naming the set and who can give it, unless the user has the permission set."""
    if may(user, permission):
        return
    granters = ", ".join(_who_may_setup())
    raise NotPermitted(
        f"The user {user} lacks the permission set {permission.value}.",
        code="not_permitted",
        record=f"User {user}",
        field=permission.field,
        hint=f"It is given in User Setup by {granters}: `postroom user set {user} {permission.field}=true`.",
    )


def require_in_database(what: str, *permissions: Permission) -> None:
    """Raise NotPermitted where the database role at work has not the rights of these sets, whatever User Setup says.

    On SQLite whoever may write the file has all rights.
    """
    lacking = grants.lacking([permission.field for permission in permissions])
    if not lacking:
        return
    missing = [permission for permission in permissions if permission.field in lacking]
    names = " and ".join(permission.value for permission in missing)
    role = grants.role_at_work()
    raise NotPermitted(
        f"The database role {role} cannot {what}: it lacks the {plural(len(missing), 'permission set')} {names}.",
        code="not_permitted",
        record=f"User {role}",
        field=missing[0].field,
        hint="The company's owner gives database rights: "
        f"`postroom grant {role} {' '.join(_slug(permission.value) for permission in missing)}`.",
    )


def list_users() -> list[UserView]:
    """All rows of User Setup. Users without a row have View and Post."""
    return [_view(row) for row in UserSetup.select().order_by(UserSetup.user_id)]


def show(user_id: str) -> UserView:
    """One row of User Setup. Raises NotFound."""
    row = UserSetup.get_or_none(UserSetup.user_id == user_id)
    if row is None:
        raise NotFound(
            f"User Setup has no {user_id}.",
            field="user_id",
            value=user_id,
            hint="New, or `postroom grant`, adds a user.",
        )
    return _view(row)


def set_user(user_id: str, changes: Mapping[str, str], *, user: str) -> UserView:
    """Change (or make) the User Setup of `user_id`. Needs Setup; refuses to leave nobody who has it."""
    require(user, Permission.SETUP)
    name = _read_name(user_id)
    read = _read_changes(name, changes)
    with transaction():
        row = UserSetup.get_or_none(UserSetup.user_id == name)
        is_new = row is None
        if row is None:
            row = UserSetup(user_id=name)
            changelog.record(user, "Insert", "User Setup", name)
        for field, value in read.items():
            old = getattr(row, field)
            if old != value:
                caption, kind = FIELDS[field]
                changelog.record(
                    user,
                    "Modify",
                    "User Setup",
                    name,
                    field=caption,
                    old=values.shown(kind, old),
                    new=values.shown(kind, value),
                )
                setattr(row, field, value)
        _refuse_crossed_dates(row)
        row.save(force_insert=is_new)
        if not _who_may_setup():
            raise Refused(
                f"Nobody would have the permission set {Permission.SETUP.value} any more.",
                code="last_setup_user",
                record=f"User {name}",
                field=Permission.SETUP.field,
                hint="Give it to another user first.",
            )
        raise_version()
        grants.give(name, [field for field in grants.SETS if getattr(row, field)])
    return _view(row)


def grant(user_id: str, sets: Sequence[str], *, revoke: bool = False, user: str) -> UserView:
    """Give permission sets to a user, or take them away; on PostgreSQL with the database rights that guard them.

    A user of whom User Setup says nothing has exactly what is given here. View comes along with any set: without it no
    other is of use. Needs Setup. Raises UsageError for a set that is none.
    """
    named = {_slug(permission.value): permission for permission in Permission}
    problems = [
        Problem(
            "unknown_set",
            f"{text} is not a permission set.",
            record=f"User {user_id}",
            field="set",
            value=text,
            hint=f"There are {', '.join(named)}.",
        )
        for text in sets
        if _slug(text) not in named
    ]
    values.refuse_all(problems)
    given = {named[_slug(text)].field for text in sets}
    if not revoke:
        given.add(Permission.VIEW.field)
    if UserSetup.get_or_none(UserSetup.user_id == user_id) is None:
        after = {permission.field for permission in _BY_DEFAULT} - given if revoke else given
        changes = {field: "true" if field in after else "false" for field in grants.SETS}
    else:
        changes = dict.fromkeys(given, "false" if revoke else "true")
    return set_user(user_id, changes, user=user)


def _slug(name: str) -> str:
    """A permission set's name as it is typed: `job-queue-admin`."""
    return name.strip().lower().replace(" ", "-").replace("_", "-")


def _who_may_setup() -> list[str]:
    rows = UserSetup.select(UserSetup.user_id).where(UserSetup.may_setup).order_by(UserSetup.user_id)
    return [str(row.user_id) for row in rows]


def _read_name(user_id: str) -> str:
    try:
        name = values.read_code(user_id, longest=63)
        if not name:
            raise ValueError("is not a user name")
    except ValueError as error:
        values.refuse_all([Problem("bad_value", f"{user_id!r} {error}.", field="user_id", value=user_id)])
        raise
    return name


def _read_changes(name: str, changes: Mapping[str, str]) -> dict[str, values.Value]:
    read: dict[str, values.Value] = {}
    problems = []
    for field, text in changes.items():
        if field not in FIELDS:
            message, hint = f"{field} is not a field of User Setup.", values.near(field, FIELDS, "field")
            problems.append(
                Problem("unknown_field", message, record=f"User {name}", field=field, value=text, hint=hint)
            )
            continue
        try:
            read[field] = values.read(FIELDS[field][1], text)
        except ValueError as error:
            message = f"{field}: {text} {error}."
            problems.append(Problem("bad_value", message, record=f"User {name}", field=field, value=text))
    values.refuse_all(problems)
    return read


def _refuse_crossed_dates(row: UserSetup) -> None:
    if row.allow_posting_from and row.allow_posting_to and row.allow_posting_from > row.allow_posting_to:
        values.refuse_all(
            [
                Problem(
                    "dates_crossed",
                    f"Allow Posting From {row.allow_posting_from} is later than Allow Posting To "
                    f"{row.allow_posting_to}.",
                    record=f"User {row.user_id}",
                    field="allow_posting_from",
                    value=str(row.allow_posting_from),
                )
            ]
        )


def _view(row: UserSetup) -> UserView:
    return UserView(
        user_id=row.user_id,
        may_view=row.may_view,
        may_post=row.may_post,
        job_queue_admin=row.job_queue_admin,
        may_setup=row.may_setup,
        allow_posting_from=row.allow_posting_from,
        allow_posting_to=row.allow_posting_to,
    )
