"""The door: finds the command, and turns whatever goes wrong into one message on standard error and an exit code.

Modules of commands are imported only when theirs is run, so that `postroom --help` and small commands stay quick.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Sequence

import click

from postroom.tui.cli import crash, frame, writing
from postroom.tui.cli.frame import Session

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "To begin": {
        "demo": (
            "demo",
            "Show the demo company; without a terminal, post its documents in the background and tell the result.",
        ),
    },
    "The company": {
        "init": ("company", "Make a new company with setup, chart of accounts and job queues."),
        "status": ("verification", "Say in one line how the work stands; exit 1 if somebody should look."),
        "verify": ("verification", "Recompute every invariant of the company; exit 0 only if all hold."),
        "backup": ("company", "Write a consistent copy of the company while others work in it."),
        "upgrade": ("company", "Bring the company to this program's schema, a backup first."),
        "move": ("company", "Move the company from SQLite to PostgreSQL or back."),
    },
    "Files": {
        "import": ("files", "Import CSV files, all or nothing: one bad row and nothing is imported."),
        "export": ("files", "Write a list as CSV, in the import format where there is one."),
    },
    "Documents": {
        "document": ("documents", "List, show and change documents not yet posted."),
        "post": ("posting", "Post documents, or queue them for background posting, as the setup says."),
        "preview": ("posting", "Show what a document would post, entry by entry; nothing is posted."),
        "remove": ("posting", "Remove documents from the job queue; they stay released."),
    },
    "Job queues": {
        "consumer": ("consumer", "Post in the background: serve the started job queues until told to stop."),
        "entry": ("schedules", "List job queue entries and act on them."),
        "log": ("entries", "List what ran, and how it ended."),
        "batch": ("entries", "Show how far batches are; restart, remove from the job queue, cancel."),
        "handle": ("entries", "List the documents to handle."),
        "note": ("entries", "List your notes."),
        "queue": ("queues", "List, change, start and stop job queues."),
        "category": ("queues", "List, add, describe, rename and delete job queue categories."),
    },
    "Printing": {
        "inbox": ("printing", "List, save and delete the reports in your Report Inbox."),
        "printer": ("printing", "List, add, change, test and delete printers."),
        "printer-selection": ("printing", "Select which printer a user's report goes to."),
        "report": ("reports", "Print or save posting register, trial balance and batch result."),
        "layout": ("reports", "List, export and import the layouts of reports: Typst files."),
    },
    "What was posted": {
        "posted": ("ledgers", "Show posted documents, print them again, cancel them."),
        "navigate": ("ledgers", "Show every posted document and ledger entry of a document no."),
        "ledger": ("ledgers", "List the entries of a ledger."),
    },
    "Setup and master data": {
        "setup": ("setup", "Show and change the setup of sales, purchases and ledger."),
        "user": ("setup", "Show and change what users may do."),
        "grant": ("setup", "Give users permission sets, with PostgreSQL as database rights."),
        "changelog": ("ledgers", "Show who changed what."),
        **{
            slug: ("masters", f"List, change and delete records of {title}.")
            for slug, title in (
                ("customer", "Customer"),
                ("vendor", "Vendor"),
                ("item", "Item"),
                ("gl-account", "G/L Account"),
                ("charge", "Charge"),
                ("general-business-group", "Gen. Business Posting Group"),
                ("general-product-group", "Gen. Product Posting Group"),
                ("vat-business-group", "VAT Business Posting Group"),
                ("vat-product-group", "VAT Product Posting Group"),
                ("inventory-group", "Inventory Posting Group"),
                ("customer-posting-group", "Customer Posting Group"),
                ("vendor-posting-group", "Vendor Posting Group"),
                ("general-posting-setup", "General Posting Setup"),
                ("vat-posting-setup", "VAT Posting Setup"),
                ("number-series", "No. Series"),
                ("number-series-line", "No. Series Line"),
                ("currency", "Currency"),
                ("exchange-rate", "Exchange Rate"),
                ("template", "Template"),
            )
        },
    },
}
"""Every command by section of `postroom --help`: the module that has it, and its first sentence."""

COMMANDS: dict[str, tuple[str, str]] = {name: place for section in SECTIONS.values() for name, place in section.items()}


class Commands(click.Group):
    """The commands by name; the module of one is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"postroom.tui.cli.{COMMANDS[cmd_name][0]}")
        found = getattr(module, frame.variable_of(cmd_name))
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, sentence) for name, (_, sentence) in section.items()])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog=frame.epilog_of("postroom --company firm.db document list"),
)
@click.option(
    "--company",
    envvar="POSTROOM_COMPANY",
    metavar="C",
    help="The company: the path of a file, or a postgresql:// URL. Else POSTROOM_COMPANY, else company.db in the "
    "user's data directory.",
)
@click.version_option(package_name="postroom", message="postroom %(version)s")
@click.pass_context
def postroom(ctx: click.Context, company: str | None) -> int | None:
    """Post documents in the background, with job queues. Without a command: opens the full-screen program."""
    ctx.obj = Session(company)
    if ctx.invoked_subcommand is None:
        from postroom.tui.cli import start

        return start.open_screen(ctx.obj)
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 wrong usage, no company, 130 Ctrl-C."""
    if not logging.root.handlers:
        logging.root.addHandler(logging.NullHandler())  # what is told to the user is told by `writing`
    if arguments is None:
        _hide_password()
    writing.begin()
    code = 0
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments)
        writing.finish()
        return code
    except KeyboardInterrupt:
        return 130
    except writing.OutputLost as error:
        writing.close_quietly()
        if code > 128:  # a dropped line has ended the full screen: there is nobody to be told
            return code
        writing.say(f"The output cannot be written: {error}.")
        return 2
    finally:
        frame.close_company()


def _run(arguments: Sequence[str]) -> int:
    as_json = "--json" in arguments
    for argument in arguments:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            return crash.wrong_usage("This argument is not text in UTF-8.", argument, "Write it in UTF-8.", as_json)
    try:
        result = postroom.main(args=arguments, prog_name="postroom", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.Abort:
        return 130
    except click.ClickException as error:
        return _wrong_usage(error, as_json)
    except writing.OutputLost:
        raise
    except Exception as error:  # noqa: BLE001 - the last place before the user, who is never shown a traceback
        return crash.report(error, as_json=as_json)


def _wrong_usage(error: click.ClickException, as_json: bool) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its message is the whole help, and says all
        writing.say(error.format_message())
        return 2
    context, hint = getattr(error, "ctx", None), ""
    if context is not None:
        writing.say(f"Usage: {context.command_path} {' '.join(context.command.collect_usage_pieces(context))}")
        hint = f"`{context.command_path} --help` tells more."
    return crash.wrong_usage(error.format_message(), "", hint, as_json)


def _hide_password() -> None:
    """Start this program again with the company in its environment, where `--company` would show a password in `ps`."""
    arguments = sys.argv[1:]
    for position, argument in enumerate(arguments):
        name, has_value, value = argument.partition("=")
        if name == "--company":
            used = 1 if has_value else 2
            company = value if has_value else "".join(arguments[position + 1 : position + 2])
            break
        if not argument.startswith("-"):
            return
    else:
        return
    if "://" not in company:
        return
    from postroom.core.database import without_password

    if without_password(company) != company:
        rest = [*arguments[:position], *arguments[position + used :]]
        os.execve(
            sys.executable,
            [sys.executable, sys.argv[0], *rest],
            {**os.environ, "POSTROOM_COMPANY": company},
        )


if __name__ == "__main__":
    sys.exit(main())
