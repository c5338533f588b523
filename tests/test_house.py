"""The house rules that machines can check: what may import what, what a wheel holds, form, version, length of rooms."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("core", "queue", "tui")
TOOLS = Path(sys.executable).parent


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what a wheel is made of, with the links under which type checkers and import-linter see it."""
    copy = tmp_path / "tree"
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for file in ("pyproject.toml", "README.md", "LICENSE", ".importlinter"):
        shutil.copy(ROOT / file, copy)
    links = copy / "build" / "types" / "postroom"
    links.mkdir(parents=True)
    for folder in FOLDERS:
        (links / folder).symlink_to(copy / folder)
    return copy


def test_a_bare_import_of_queue_in_the_root_finds_pythons_own() -> None:
    found = run(sys.executable, "-c", "import queue; queue.Queue; print(queue.__file__)")
    assert found.returncode == 0, found.stderr
    assert not Path(found.stdout.strip()).is_relative_to(ROOT)
    assert not (ROOT / "queue" / "__init__.py").exists()


def test_a_module_of_the_program_can_be_started_from_the_root() -> None:
    started = run(sys.executable, "-m", "postroom.tui.cli.main", "--version")
    assert started.returncode == 0, started.stderr
    assert started.stdout == f"postroom {version()}\n"


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(TOOLS / "lint-imports", "--no-cache", folder=tree, PYTHONPATH=str(tree / "build" / "types"))


def test_the_import_contracts_hold(tree: Path) -> None:
    checked = contracts(tree)
    assert checked.returncode == 0, checked.stdout
    assert "0 broken" in checked.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("core/leak.py", "import huey"),
        ("core/leak.py", "import textual"),
        ("core/leak.py", "import click"),
        ("core/jobs/leak.py", "from postroom.tui import app"),
        ("core/posting/leak.py", "import postroom.queue.broker"),
        ("queue/leak.py", "import textual"),
        ("queue/leak.py", "from postroom.tui.cli import frame"),
        ("tui/pages/leak.py", "from postroom.queue import broker"),
        ("tui/leak.py", "import huey"),
    ],
)
def test_a_forbidden_import_breaks_a_contract(tree: Path, file: str, line: str) -> None:
    (tree / file).write_text(f'"""A leak."""\n\n{line}\n')
    checked = contracts(tree)
    assert checked.returncode == 1, checked.stdout
    assert re.search(r"\.leak -> ", checked.stdout), checked.stdout


def files_of_wheel(tree: Path) -> set[str]:
    """The files of a wheel built from `tree`, as paths in the tree; the wheel's own metadata left out."""
    out = tree.parent / "wheel"
    built = run(TOOLS / "python", "-m", "build", "--wheel", "--no-isolation", "--outdir", out, folder=tree)
    assert built.returncode == 0, built.stderr
    (wheel,) = out.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    return {name.removeprefix("postroom/") for name in names if ".dist-info/" not in name}


def files_of_tree(tree: Path) -> set[str]:
    return {
        path.relative_to(tree).as_posix()
        for folder in FOLDERS
        for path in (tree / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_wheel_holds_the_files_of_the_three_folders_and_no_others(tree: Path) -> None:
    assert files_of_wheel(tree) == files_of_tree(tree)


def test_a_forgotten_package_and_a_forgotten_style_would_be_missed_in_the_wheel(tree: Path) -> None:
    (tree / "core" / "forgotten").mkdir()
    (tree / "core" / "forgotten" / "__init__.py").write_text('"""Not named in pyproject.toml."""\n')
    (tree / "core" / "forgotten.tcss").write_text("")
    assert files_of_tree(tree) - files_of_wheel(tree) == {"core/forgotten/__init__.py", "core/forgotten.tcss"}


def test_ruff_finds_nothing_to_format() -> None:
    checked = run(TOOLS / "ruff", "format", "--check", ".")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_ruff_finds_nothing_to_mend() -> None:
    checked = run(TOOLS / "ruff", "check", ".")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == version()


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(*FOLDERS, "tests", "bench")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_module_grows_past_450_lines() -> None:
    """Migrations are left out: they are frozen copies of the schema, not rooms to read."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources(*FOLDERS)}
    assert {name: lines for name, lines in lengths.items() if lines > 450 and "/migrations/" not in name} == {}


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted|--(extra-)?index-url[= ]\S")
    files = [ROOT / "Makefile", ROOT / "requirements.lock", ROOT / "pyproject.toml", ROOT / ".ci" / "run"]
    assert [file.name for file in files if hosts.search(file.read_text())] == []


def test_every_locked_package_has_an_exact_version_and_hashes() -> None:
    entries = re.findall(
        r"^([a-z0-9-]+)(\S*)((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$",
        (ROOT / "requirements.lock").read_text(),
        re.MULTILINE,
    )
    assert len(entries) > 30
    assert [name for name, exact, hashes in entries if not exact.startswith("==") or not hashes] == []


def test_the_lock_has_what_pyproject_asks_for() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=~! ]", wanted)[0].lower() for wanted in asked}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert names - locked == set()
