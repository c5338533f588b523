"""README.md and docs/ tell the truth: every example is run, every command they name exists, every link leads somewhere.

A block marked `console` is run line by line as a user would, in a new folder per page: lines that begin with `$ ` are
commands, the others must come out of them in this order (`…` stands for anything, and not every line has to be shown).
A command that is meant to end otherwise than with 0 says so: `# exit code 1`. A block marked `csv NAME` is that file.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from forked_program import server

from postroom.tui.cli.main import COMMANDS, postroom

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```csv (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED_COMMAND = re.compile(
    r"`(?:[A-Z_]+=\S+ )*(postroom(?: [^`]+)?)`|^(?:\$ )?(?:[A-Z_]+=\S+ )*(postroom .*(?:(?<=\\)\n.*)*)$", re.MULTILINE
)
MARK = "== example "
EXIT_CODE = re.compile(r"\s+# exit code (\d+)$")


@dataclass(frozen=True)
class Example:
    """One command of a page, the exit code it states, and the lines that it says come out."""

    command: str
    code: int
    shown: tuple[str, ...]


def examples_of(text: str) -> list[Example]:
    found = []
    for block in BLOCK.findall(text):
        for command, shown in re.findall(r"^\$ (.*(?:(?<=\\)\n.*)*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            stated = EXIT_CODE.search(command)
            lines = tuple(" ".join(line.split()) for line in shown.splitlines() if line.strip())
            found.append(Example(EXIT_CODE.sub("", command), int(stated[1]) if stated else 0, lines))
    return found


def script_of(examples: list[Example]) -> str:
    """A shell script that runs them one after the other, and writes before each a line with its number."""
    lines = ["exec 2>&1"]
    for number, example in enumerate(examples):
        failed = shlex.quote(f"{example.command}\nended with another exit code than {example.code}:")
        lines.append(f"printf '{MARK}%d\\n' {number}\n{example.command}\ncode=$?")
        lines.append(f'[ "$code" -eq {example.code} ] || {{ echo {failed} "$code"; exit 99; }}')
    return "\n".join(lines)


def lines_missing(example: Example, output: str) -> list[str]:
    """The shown lines that did not come out, in their order; spaces count as one, `…` stands for anything."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    missing, position = [], 0
    for shown in example.shown:
        pattern = re.compile(".*".join(re.escape(part) for part in shown.split("…")))
        here = [number for number in range(position, len(lines)) if pattern.fullmatch(lines[number])]
        if here:
            position = here[0] + 1
        else:
            missing.append(shown)
    return missing


def run_script(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTROOM_")}
    environment = {
        **kept,
        "PATH": f"{server().program.parent}{os.pathsep}{kept['PATH']}",
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


def run_page(text: str, folder: Path) -> tuple[str, list[str]]:
    """What a page's examples said in all, and every line of theirs that the page promises in vain."""
    for name, content in FILE.findall(text):
        (folder / name).write_text(content)
    examples = examples_of(text)
    done = run_script(script_of(examples), folder)
    assert done.returncode == 0, done.stdout[-3000:]
    outputs = re.split(rf"^{MARK}\d+\n", done.stdout, flags=re.MULTILINE)[1:]
    pairs = zip(examples, outputs, strict=True)
    return done.stdout, [f"{e.command}: {line}" for e, output in pairs for line in lines_missing(e, output)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_of_a_page_runs_and_says_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    output, missing = run_page(page.read_text(), tmp_path)
    assert missing == [], output
    assert "Traceback" not in output


def test_an_example_that_ends_unexpectedly_is_named(tmp_path: Path) -> None:
    commands = "$ export C=firm.db\n$ test -z $C  # exit code 1\n$ test -z $C\n$ touch later\n"
    with pytest.raises(AssertionError, match=r"test -z \$C\n *ended with another exit code than 0: 1"):
        run_page(f"```console\n{commands}```\n", tmp_path)
    assert not (tmp_path / "later").exists()


def test_a_line_that_does_not_come_out_is_named(tmp_path: Path) -> None:
    page = "```console\n$ printf 'one  two\\n3 4\\n'\none two\n3 5\n$ echo five \\\n  six\nfive …x\n```\n"
    assert run_page(page, tmp_path)[1] == ["printf 'one  two\\n3 4\\n': 3 5"]


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


def test_the_unit_of_the_consumer_is_one_that_systemd_takes(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "postroom-consumer.service").read_text()
    (command,) = re.findall(r"^ExecStart=\S+/postroom (.*)$", text, re.MULTILINE)
    assert run_script(f"postroom {command} --help", tmp_path).returncode == 0
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this host")
    unit = tmp_path / "postroom-consumer.service"
    here = re.sub(r"^(User|Group)=.*$", "", text, flags=re.MULTILINE)
    unit.write_text(here.replace("/opt/postroom/bin/postroom", "/bin/true"))
    told = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert unit.name not in told.stderr, told.stderr
