"""The frame of the command line: help, exit codes, one message instead of a traceback, what is written where."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from command_line import PROGRAM, Run, open_files, spawn, until
from conftest import MakeCompany, server_url

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.errors import DatabaseAway, Problem
from postroom.core.kinds import JobQueueStatus
from postroom.tui.cli import crash, frame, main, writing
from postroom.tui.cli.main import COMMANDS


def all_commands() -> list[tuple[str, ...]]:
    """Every command and every verb under a noun."""
    found: list[tuple[str, ...]] = []
    context = click.Context(main.postroom)
    for name in COMMANDS:
        command = main.postroom.get_command(context, name)
        assert command is not None
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, verb) for verb in command.commands]
    return found


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_every_command_says_in_a_sentence_what_it_does_and_gives_an_example(path: tuple[str, ...], run: Run) -> None:
    told = run(*path, "--help")
    assert told.code == 0
    usage, sentence, *_ = told.out.split("\n\n")
    assert usage.startswith(f"Usage: postroom {' '.join(path)}")
    assert re.match(r"  [A-Z]", sentence), sentence
    assert "." in sentence
    assert re.search(rf"Examples?:\n    postroom (--company \S+ )?{' '.join(path)}", told.out), told.out


def test_the_first_sentence_of_a_command_is_the_same_in_the_list_of_commands() -> None:
    context = click.Context(main.postroom)
    for name, (_, sentence) in COMMANDS.items():
        command = main.postroom.get_command(context, name)
        assert command is not None
        assert " ".join((command.help or "").split()).startswith(sentence), name


def test_help_and_version_come_without_loading_the_business() -> None:
    program = (
        "import sys; from postroom.tui.cli.main import main; main(['--help']);"
        "print([name for name in sys.modules if name.split('.')[0] in ('peewee', 'psycopg', 'huey', 'textual')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["document"],
        ["document", "nonsense"],
        ["document", "show"],
        ["document", "list", "--nonsense"],
        ["document", "set-line", "X", "many", "quantity=1"],
        ["setup", "set", "no-equals-sign"],
        ["setup", "set", "sales.job_timeout=1h", "sales.job_timeout=2h"],
        ["ledger", "moon"],
        ["log", "show", "9" * 30],
        ["batch", "show", "-1"],
        ["log", "set-error", "9" * 30],
        ["entry", "priority", "1", "--to", "much"],
        ["--company", "", "document", "list"],
        ["--company", "mysql://host/db", "document", "list"],
        ["--company", "postgresql://host:port/db", "document", "list"],
        ["--company", "postgresql://127.0.0.1", "document", "list"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_a_message(arguments: list[str], run: Run, make_sqlite: MakeCompany) -> None:
    if "--company" not in arguments:
        arguments = ["--company", make_sqlite().text, *arguments]
    told = run(*arguments)
    assert told.code == 2
    assert told.err.strip()


@pytest.mark.parametrize("noun", ["entry", "customer", "printer-selection"])
def test_a_noun_without_a_verb_shows_its_help_once(noun: str, run: Run) -> None:
    told, help_ = run(noun), run(noun, "--help")
    assert (told.code, told.out) == (2, "")
    assert told.err == help_.out


PROBLEM = ["code", "message", "record", "line", "field", "value", "hint"]


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "message"),
    [
        (["document", "show", "NOWHERE"], 1, "document_unknown", "NOWHERE"),
        (["document", "list", "--filter", "colour=red"], 2, "filter_invalid", "colour"),
        (["document", "show"], 2, "usage_error", "Missing argument"),
        (["nonsense"], 2, "usage_error", "nonsense"),
        (["--nonsense"], 2, "usage_error", "--nonsense"),
        (["queue", "start", "NONE"], 1, "not_found", "NONE"),
        (["import", "/nowhere/at-all.csv"], 2, "", "at-all.csv"),
        (["printer", "test", "NONE"], 1, "not_found", "NONE"),
        (["document", "show", "\udcff"], 2, "usage_error", "UTF-8"),
    ],
    ids=str,
)
def test_a_failing_command_tells_its_errors_in_json_too(
    arguments: list[str], code: int, kind: str, message: str, run: Run, make_sqlite: MakeCompany
) -> None:
    told = run("--company", make_sqlite().text, *arguments, "--json")
    assert told.code == code
    assert told.err.strip()
    errors = told.json["errors"]
    assert message in errors[0]["message"] + errors[0].get("file", "")
    if kind:
        assert list(told.json) == ["errors"]
        assert [list(error) for error in errors] == [PROBLEM]
        assert errors[0]["code"] == kind


def test_every_error_of_a_refusal_stands_in_its_json(run: Run, make_sqlite: MakeCompany) -> None:
    told = run("--company", make_sqlite().text, "setup", "set", "sales.colour=1", "sales.job_timeout=long", "--json")
    assert told.code == 2
    assert [error["field"] for error in told.json["errors"]] == ["sales.colour", "sales.job_timeout"]


def test_a_list_that_breaks_off_is_followed_by_no_second_document(
    run: Run, make_sqlite: MakeCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Iterator[dict[str, str]]:
        yield {"key": "one"}
        raise DatabaseAway("The database went away.")

    monkeypatch.setattr("postroom.core.users.list_users", broken)
    told = run("--company", make_sqlite().text, "user", "list", "--json")
    assert told.code == 2
    assert "errors" not in told.out
    assert "went away" in told.err


def test_without_a_command_and_a_terminal_it_says_what_to_do() -> None:
    told = spawn()
    assert told.code == 2
    assert "postroom demo" in told.err
    assert "postroom init" in told.err


def test_a_company_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    told = run("--company", str(missing), "document", "list", "--json")
    assert told.code == 2
    assert str(missing) in told.err
    assert told.json["errors"][0]["code"] == "company_error"
    assert not missing.exists()


def test_the_company_comes_from_the_option_the_environment_or_the_data_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert str(tmp_path / "data" / "postroom" / "company.db") in run("document", "list").err
    monkeypatch.setenv("POSTROOM_COMPANY", str(tmp_path / "from-environment.db"))
    assert "from-environment.db" in run("document", "list").err
    assert "from-option.db" in run("--company", str(tmp_path / "from-option.db"), "document", "list").err


def test_init_makes_a_company_in_the_data_folder_and_never_overwrites_one(run: Run, tmp_path: Path) -> None:
    first = run("init", "--time-zone", "Europe/Copenhagen")
    assert (first.code, first.out) == (0, "")
    made = tmp_path / "data" / "postroom" / "company.db"
    before = made.read_bytes()
    second = run("init")
    assert second.code == 2
    assert "exists already" in second.err
    assert made.read_bytes() == before
    assert run("document", "list", "--json").json == []


def test_two_inits_on_postgres_refuse_the_second(run: Run, make_postgres: MakeCompany) -> None:
    told = run("--company", make_postgres().text, "init")
    assert told.code == 2
    assert "not empty" in told.err


@pytest.mark.parametrize(
    ("option", "value"), [("--amount-precision", "0.02"), ("--amount-precision", "NaN"), ("--time-zone", "Mars/Base")]
)
def test_init_refuses_bad_options_and_leaves_nothing(option: str, value: str, run: Run, tmp_path: Path) -> None:
    told = run("--company", str(tmp_path / "new.db"), "init", option, value)
    assert told.code == 2
    assert value in told.err
    assert not (tmp_path / "new.db").exists()


def test_init_in_a_folder_that_is_missing_or_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "nowhere" / "firm.db", tmp_path / "file" / "firm.db"):
        told = run("--company", str(place), "init")
        assert told.code == 2
        assert told.err.strip()


def test_init_in_a_folder_that_cannot_be_written_leaves_nothing(run: Run) -> None:
    """/proc takes no files, whoever asks, so that this holds for root too."""
    told = run("--company", "/proc/firm.db", "init")
    assert told.code == 2
    assert "/proc/firm.db" in told.err


def test_a_data_folder_that_cannot_be_made_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/nowhere")
    told = run("init")
    assert told.code == 2
    assert "/proc/nowhere" in told.err


@pytest.mark.parametrize("content", [b"", b"hello, I am a letter" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_company_is_refused(content: bytes, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(content)
    told = run("--company", str(path), "document", "list")
    assert told.code == 2
    assert "letter.db" in told.err
    assert path.read_bytes() == content


def test_a_folder_or_another_programs_database_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("--company", str(tmp_path), "document", "list").code == 2
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE notes (text)").connection.close()
    told = run("--company", str(other), "document", "list")
    assert told.code == 2
    assert "not a Postroom company" in told.err


def test_a_company_of_a_newer_program_is_left_alone(run: Run, make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    with sqlite3.connect(location.path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(schema_migration)")]
        row = dict(zip(columns, connection.execute("SELECT * FROM schema_migration").fetchone(), strict=True))
        row["name"] = "9999_from_the_future"
        if "id" in row:
            row["id"] = 9999
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO schema_migration ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    connection.close()
    for command in (["document", "list"], ["upgrade"], ["status"] if "status" in COMMANDS else ["setup", "list"]):
        told = run("--company", location.text, *command)
        assert told.code == 2, command
        assert "newer Postroom" in told.err


def test_a_server_that_does_not_answer_ends_with_2_and_hides_the_password(run: Run) -> None:
    told = run("--company", "postgresql://ann:hunter2@127.0.0.1:1/firm", "document", "list", "--json")
    assert told.code == 2
    assert "does not answer" in told.err
    assert "does not answer" in told.json["errors"][0]["message"]
    assert "hunter2" not in told.err + told.out
    assert told.err.endswith(
        "failed: Connection refused. Check that the server runs and that you may log in; nothing was changed.\n"
    )


def test_a_database_that_is_missing_on_the_server_is_named(run: Run, postgres_server: str) -> None:
    told = run("--company", server_url("postroom_no_such_database"), "document", "list")
    assert told.code == 2
    assert "postroom_no_such_database" in told.err


def test_a_locked_company_is_said_to_be_locked(
    run: Run, make_sqlite: MakeCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = make_sqlite()
    monkeypatch.setattr("postroom.core.database.BUSY_SECONDS", 0.05)
    monkeypatch.setattr("postroom.core.company.open_company.__kwdefaults__", {"busy_seconds": 0.05})
    other = sqlite3.connect(location.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    told = run("--company", location.text, "setup", "set", "sales.job_timeout=1h")
    other.close()
    assert told.code == 2
    assert "locked" in told.err


def test_a_password_never_shows_in_the_title_of_the_process(tmp_path: Path, make_sqlite: MakeCompany) -> None:
    """The program starts itself again with the company in its environment before anything slow happens."""
    listener = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True);"
            "c, _ = s.accept(); print('called', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert listener.stdout is not None
    port = listener.stdout.readline().strip()
    url = f"postgresql://ann:hunter2@127.0.0.1:{port}/firm?password=hunter3"
    program = subprocess.Popen(
        [PROGRAM, "--company", url, "document", "list"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert listener.stdout.readline().strip() == "called"
        title = Path(f"/proc/{program.pid}/cmdline").read_bytes()
        assert b"document" in title
        assert b"hunter" not in title
    finally:
        program.kill()
        program.wait()
        listener.kill()
        listener.communicate()


def test_a_bug_is_told_in_a_line_and_kept_in_a_log(
    capfd: pytest.CaptureFixture[str], make_sqlite: MakeCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("postgresql://ann:hunter2@host/firm")

    monkeypatch.setattr("postroom.core.setups.list_fields", broken)
    assert main.main(["--company", make_sqlite().text, "setup", "list"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert main.main(["--company", make_sqlite().text, "setup", "list", "--json"]) == 1
    (error,) = json.loads(capfd.readouterr().out)["errors"]
    assert error["code"] == "internal_error"
    assert "ZeroDivisionError" in error["message"]
    assert "hunter2" not in str(error)
    log = tmp_path / "state" / "postroom" / "postroom.log"
    assert str(log) in err
    assert "ZeroDivisionError" in log.read_text()
    assert "Traceback" in log.read_text()
    assert "hunter2" not in log.read_text() + err


def test_a_log_that_cannot_be_written_is_no_second_bug(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert crash.report(RuntimeError("odd")) == 1
    assert "could not be kept" in capfd.readouterr().err


def test_a_reader_that_goes_away_is_no_error(make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    program = subprocess.Popen(
        [PROGRAM, "--company", location.text, "setup", "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    program.stdout.close()
    assert program.stderr is not None
    message = program.stderr.read()
    program.stderr.close()
    assert program.wait(60) == 0
    assert message == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_cannot_be_written_is_told(make_sqlite: MakeCompany) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [PROGRAM, "--company", make_sqlite().text, "setup", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_ctrl_c_ends_with_130(make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    lock = sqlite3.connect(location.path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    program = subprocess.Popen(
        [PROGRAM, "--company", location.text, "setup", "set", "sales.job_timeout=1h"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: str(location.path) in "".join(open_files(program.pid)))
    program.send_signal(signal.SIGINT)
    _, message = program.communicate(timeout=60)
    lock.close()
    assert program.returncode == 130
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "name", ["[/x]", "[bold]North[/bold]", "\x1b[31mred", "bell\a", "a\nb", "\x9b31m", "\u202egnp"]
)
def test_names_are_never_markup_and_send_nothing_to_the_terminal(name: str, run: Run, make_sqlite: MakeCompany) -> None:
    company = make_sqlite().text
    assert run("--company", company, "document", "new", "--type", "sales-invoice", f"party_name={name}").code == 0
    shown = run("--company", company, "document", "list")
    safe = name.replace("\x1b", "\\e").replace("\a", "\\x07").replace("\n", "\\n")
    safe = safe.replace("\x9b", "\\x9b").replace("\u202e", "\\u{202e}")
    assert safe in shown.out
    as_json = run("--company", company, "document", "list", "--json")
    assert as_json.json[0]["party_name"] == name
    refused = run("--company", company, "document", "show", name)
    for text in (shown.out, as_json.out, refused.out, refused.err):
        assert not set(text) & set("\x1b\a\x9b\u202e"), text


def test_arguments_that_are_no_text_are_refused_and_not_a_bug(make_sqlite: MakeCompany) -> None:
    """A file name in another encoding reaches Python as lone surrogates."""
    location = make_sqlite()
    for arguments in (
        ["document", "list", "--filter", b"no=\xff"],
        ["document", "new", "--type", "sales-invoice", b"party_name=\xff"],
        ["document", "show", b"\xff"],
        [b"\xff"],
    ):
        done = subprocess.run(
            [PROGRAM, "--company", location.text, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode in (1, 2), arguments
        assert b"Traceback" not in done.stderr
        assert b"Internal error" not in done.stderr, done.stderr


def test_the_clock_and_the_lease_are_for_trials_only(
    run: Run, make_sqlite: MakeCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = make_sqlite().text
    real = str(tmp_path / "real.db")
    assert run("--company", real, "init").code == 0
    monkeypatch.setenv("POSTROOM_CLOCK", "2031-03-29T23:59:50+01:00")
    told = run("--company", real, "document", "list")
    assert told.code == 2
    assert "POSTROOM_CLOCK" in told.err
    assert not clock.is_shifted()
    new = run("--company", trial, "document", "new", "--type", "sales-invoice", "--json")
    assert new.json["posting_date"] in ("2031-03-29", "2031-03-30")
    monkeypatch.delenv("POSTROOM_CLOCK")
    monkeypatch.setenv("POSTROOM_LEASE", "2")
    assert run("--company", real, "document", "list").code == 2
    assert run("--company", trial, "document", "list").code == 0


def test_the_clock_is_refused_on_init_of_a_real_company_and_starts_a_trial(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_CLOCK", "2031-03-29T12:00:00+00:00")
    assert run("--company", str(tmp_path / "real.db"), "init").code == 2
    assert not (tmp_path / "real.db").exists()
    assert run("--company", str(tmp_path / "trial.db"), "init", "--test").code == 0
    with sqlite3.connect(tmp_path / "trial.db") as connection:
        (stored,) = connection.execute("SELECT created_at FROM company").fetchone()
    assert datetime.fromtimestamp(stored / 1e6, UTC).year == 2031


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTROOM_CLOCK", "yesterday"),
        ("POSTROOM_CLOCK", "2026-03-29T01:59:50"),
        ("POSTROOM_CLOCK", "0001-01-01T00:00:00+14:00"),
        ("POSTROOM_LEASE", "soon"),
        ("POSTROOM_LEASE", "0"),
        ("POSTROOM_LEASE", "-1"),
        ("POSTROOM_LEASE", "nan"),
        ("POSTROOM_LEASE", "inf"),
    ],
)
def test_a_bad_clock_or_lease_is_refused(
    name: str, value: str, run: Run, make_sqlite: MakeCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    told = run("--company", make_sqlite().text, "document", "list")
    assert told.code == 2
    assert name in told.err


def test_json_has_exact_decimals_and_times_with_the_companys_offset() -> None:
    look = writing.Look(2, ZoneInfo("Europe/Copenhagen"))
    value = {
        "amount": Decimal("1234.5"),
        "price": Decimal("0.12345"),
        "none": Decimal("-0"),
        "at": datetime(2026, 7, 1, 10, tzinfo=UTC),
        "day": date(2026, 7, 1),
        "status": JobQueueStatus.BLANK,
        "took": timedelta(seconds=1.5),
        "is": True,
        "problem": Problem("code", "message", "Sales Invoice 1", 10000),
    }
    assert writing.plain(value, look) == {
        "amount": "1234.50",
        "price": "0.12345",
        "none": "0.00",
        "at": "2026-07-01T12:00:00+02:00",
        "day": "2026-07-01",
        "status": "",
        "took": 1.5,
        "is": True,
        "problem": {
            "code": "code",
            "message": "message",
            "record": "Sales Invoice 1",
            "line": 10000,
            "field": "",
            "value": "",
            "hint": "",
        },
    }
    with pytest.raises(TypeError):
        writing.plain(object())


def test_json_stays_one_document_in_any_encoding(make_sqlite: MakeCompany) -> None:
    location = make_sqlite()
    spawn("--company", location.text, "document", "new", "--type", "sales-invoice", "party_name=Ærø 北")
    for encoding in ("utf-8", "ascii", "latin-1"):
        told = spawn(
            "--company", location.text, "document", "list", "--json", PYTHONIOENCODING=encoding, PYTHONUTF8="0"
        )
        assert told.json[0]["party_name"] == "Ærø 北", encoding


def test_a_table_fits_the_terminal_and_keeps_numbers_whole() -> None:
    captions = ["No.", "Name", "Amount"]
    cells = [["1", "A very long name of a customer far away", "1234.50"], ["2", "北北", ""]]
    lines = writing.table_lines(captions, cells, [True, False, True], 30)
    assert lines == [
        "No.  Name               Amount",
        "---  ----------------  -------",
        "  1  A very long nam…  1234.50",
        "  2  北北",
    ]
    assert writing.table_lines(captions, cells, [True, False, True], None)[2].endswith("far away  1234.50")


def test_a_backup_is_a_company_of_its_own_and_overwrites_nothing(
    run: Run, make_sqlite: MakeCompany, tmp_path: Path
) -> None:
    location, copy = make_sqlite(), tmp_path / "copy.db"
    run("--company", location.text, "document", "new", "--type", "sales-order", "--no", "KEPT")
    assert run("--company", location.text, "backup", str(copy)).code == 0
    assert run("--company", str(copy), "document", "list", "--json").json[0]["no"] == "KEPT"
    before = copy.read_bytes()
    assert run("--company", location.text, "backup", str(copy)).code == 2
    assert copy.read_bytes() == before
    assert run("--company", location.text, "backup", "/proc/copy.db").code == 2


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed")
def test_a_company_on_a_server_is_backed_up_too(run: Run, make_postgres: MakeCompany, tmp_path: Path) -> None:
    assert run("--company", make_postgres().text, "backup", str(tmp_path / "firm.dump")).code == 0
    assert (tmp_path / "firm.dump").stat().st_size > 1000


def test_upgrade_leaves_a_company_of_this_schema_alone(run: Run, make_sqlite: MakeCompany) -> None:
    location: Location = make_sqlite()
    told = run("--company", location.text, "upgrade")
    assert told.code == 0
    assert "up to date" in told.err
    assert not list(location.path.parent.glob("*before-upgrade*"))


def test_pairs_are_read_as_they_were_typed() -> None:
    assert frame.pairs(["a=b=c", "name= [/x] "]) == {"a": "b=c", "name": " [/x] "}
