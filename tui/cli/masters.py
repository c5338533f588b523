"""Commands on master data and posting groups: `list`, `set` and `delete` for each kind that `core.masters` knows."""

from __future__ import annotations

import click

from postroom.core import masters
from postroom.core.masters import KINDS, MasterKind
from postroom.tui.cli import frame
from postroom.tui.cli.frame import Session
from postroom.tui.cli.printing import tell_deleted

EXAMPLES = {
    "customer": ("C0001", "blocked=All"),
    "vendor": ("V0001", "payment_days=30"),
    "item": ("I0007", "prevent_negative=true"),
    "gl-account": ("6100", "direct_posting=false"),
    "charge": ("FREIGHT", "account_no=6400"),
    "general-posting-setup": ("'HOME x RESALE'", "sales_account=6100"),
    "vat-posting-setup": ("'HOME x VAT25'", "rate=25"),
    "number-series": ("S-INV", "manual_nos=false"),
    "number-series-line": ("'S-INV x 2027-01-01'", "starting_no=S-INV27001 --new"),
    "currency": ("USD", "description=Dollar --new"),
    "exchange-rate": ("'USD x 2026-11-01'", "factor=0.92 --new"),
    "template": ("customer", "vat_business_group=HOME"),
}
"""A record and what follows it after `postroom KIND set` in each help; the plain groups have one in common."""

MOST_COLUMNS = 8
"""A table shows so many fields; JSON has them all."""


def __getattr__(name: str) -> click.Group:
    """The command of a kind, made when it is asked for."""
    for kind in KINDS.values():
        if frame.variable_of(kind.slug) == name:
            return _group(kind)
    raise AttributeError(name)


def _group(kind: MasterKind) -> click.Group:
    one, changes = EXAMPLES.get(kind.slug, ("HOME", "description=Home"))
    example = f"postroom {kind.slug} set {one} {changes}"
    metavar = frame.caption_of(kind.key[0]).upper().rstrip(".")
    made = frame.group(kind.slug, sentence_of(kind.title), example)
    columns = {name: frame.caption_of(name) for name in kind.key}
    columns |= {field.name: field.caption for field in kind.fields}

    @frame.command("list", f"postroom {kind.slug} list --json", under=made)
    @frame.filter_option
    @frame.json_option
    def list_command(session: Session, filter_text: str) -> None:
        session.read()
        rows = masters.list_records(kind.slug, filter_text)
        session.write_list(dict(list(columns.items())[:MOST_COLUMNS]), rows)

    @frame.command("set", example, under=made)
    @click.argument("no", metavar=metavar)
    @click.argument("changes", metavar="FIELD=VALUE...", nargs=-1)
    @click.option("--new", is_flag=True, help="Make the record if it is not there.")
    @frame.json_option
    def set_command(session: Session, no: str, changes: tuple[str, ...], new: bool) -> None:
        user = session.open()
        session.write_card(masters.set_record(kind.slug, no, frame.pairs(changes), user=user, create=new), columns)

    @frame.command("delete", f"postroom {kind.slug} delete {one}", under=made)
    @click.argument("no", metavar=metavar)
    @frame.json_option
    def delete_command(session: Session, no: str) -> None:
        user = session.open()
        masters.delete_record(kind.slug, no, user=user)
        tell_deleted(session, no, f"Deleted {kind.record(no)}.")

    fields = ", ".join(field.name for field in kind.fields)
    list_command.help = f"List every record of {kind.title}."
    set_command.help = f"Change fields of one record of {kind.title}, all of them or none.\n\nFields: {fields}."
    delete_command.help = f"Delete one record of {kind.title} that nothing names."
    return made


def sentence_of(title: str) -> str:
    """What a kind's command says of itself."""
    return f"List, change and delete records of {title}."
