"""README.md and docs/ tell the truth: every example is run, every command they name exists, every link leads somewhere.

A block marked `console` is run line by line as a user would, in a new folder per page: lines that begin with `$ ` are
commands, the rest is for the reader. A command that is meant to end otherwise than with 0 says so: `# exit code 1`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
from command_line import PROGRAM

from postroom.tui.cli.main import COMMANDS, postroom

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED_COMMAND = re.compile(
    r"`(?:[A-Z_]+=\S+ )*(postroom(?: [^`]+)?)`|^(?:\$ )?(?:[A-Z_]+=\S+ )*(postroom .+)$", re.MULTILINE
)
EXIT_CODE = re.compile(r"\s+# exit code (\d+)$")


def script_of(text: str) -> str:
    """A shell script that runs the commands of a page and stops, saying which, at the first that ends unexpectedly."""
    lines = []
    for block in BLOCK.findall(text):
        for command in re.findall(r"^\$ (.*(?:\\\n.*)*)$", block, re.MULTILINE):
            stated = EXIT_CODE.search(command)
            expected = int(stated[1]) if stated else 0
            failed = shlex.quote(f"{command.strip()}\nended with another exit code than {expected}:")
            lines.append(f"{EXIT_CODE.sub('', command)}\ncode=$?")
            lines.append(f'[ "$code" -eq {expected} ] || {{ echo {failed} "$code" >&2; exit 99; }}')
    return "\n".join(lines)


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")}
    environment = {
        **kept,
        "PATH": f"{PROGRAM.parent}{os.pathsep}{kept['PATH']}",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    done = run_script(script_of(page.read_text()), tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stdout + done.stderr


def test_an_example_that_ends_unexpectedly_is_named(tmp_path: Path) -> None:
    commands = "$ export C=firm.db\n$ test -z $C  # exit code 1\nsaid\n$ test -z $C\n$ touch later\n"
    done = run_script(script_of(f"```console\n{commands}```\n"), tmp_path)
    assert done.returncode == 99
    assert done.stderr == "test -z $C\nended with another exit code than 0: 1\n"
    assert not (tmp_path / "later").exists()


def commands_named_in(text: str) -> list[str]:
    return [EXIT_CODE.sub("", first or second) for first, second in NAMED_COMMAND.findall(text)]


def fault_in(command: str) -> str:
    """Why the program would not understand a command: an unknown name or option; blank where it would."""
    words = shlex.split(re.split(r"[;|&>]| # ", command.replace("\\\n", " "))[0].replace("…", "").replace("...", ""))[
        1:
    ]
    known: click.Command = postroom
    context = click.Context(postroom)
    takes_value = False
    for word in words:
        if takes_value:
            takes_value = False
            continue
        if word.startswith("-"):
            name = word.partition("=")[0]
            options = {
                option: parameter
                for parameter in known.get_params(context)
                for option in (*parameter.opts, *parameter.secondary_opts)
                if isinstance(parameter, click.Option)
            }
            if name not in options:
                return f"{known.name} has no option {name}"
            option = options[name]
            takes_value = "=" not in word and isinstance(option, click.Option) and not option.is_flag
        elif isinstance(known, click.Group):
            found = known.get_command(context, word)
            if found is None:
                return f"{known.name} has no command {word}"
            known, context = found, click.Context(found)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_a_page_names_exists(page: Path) -> None:
    assert [fault for named in commands_named_in(page.read_text()) if (fault := fault_in(named))] == []


def test_a_command_or_option_that_does_not_exist_is_found() -> None:
    page = "Try `postroom dance`, or `postroom init --quickly`.\n\n    \nPOSTROOM_COMPANY=x.db postroom posted burn 1\n"
    assert [fault_in(named) for named in commands_named_in(page)] == [
        "postroom has no command dance",
        "init has no option --quickly",
        "posted has no command burn",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme] == []


def test_every_command_is_told_of_in_docs() -> None:
    told = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in COMMANDS if not re.search(rf"postroom (--company \S+ )?{name}\b", told)] == []
