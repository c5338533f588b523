"""A CUPS queue for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from print_system import PrintSystem, queue_of_its_own


@pytest.fixture
def print_system(tmp_path: Path) -> Iterator[PrintSystem]:
    with queue_of_its_own(tmp_path / "printer") as made:
        yield made
