"""Every test here has its own data and state folders, and no company in its environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run, Told

from postroom.tui.cli import main


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("POSTROOM_COMPANY", "POSTROOM_CLOCK", "POSTROOM_LEASE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process."""

    def run(*arguments: str) -> Told:
        capfd.readouterr()
        code = main.main(arguments)
        return Told(code, *capfd.readouterr())

    return run
