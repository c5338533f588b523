"""Every page is as its picture in `screenshots/` shows it: drawn from the demo company, it is alike each time."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.jobs import processes
from postroom.tui.pages import directory
from postroom.tui.screenshots import __main__ as command
from postroom.tui.screenshots import drawing, gallery, stage, svg
from postroom.tui.screenshots.gallery import Picture

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
SOME = ("role-centre", "sales-order", "job-queue-entries", "sales-setup", "documents-check")
SMALL, LARGE = drawing.SIZES


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Location]:
    """The staged company, one for all pictures."""
    with stage.staged(tmp_path_factory.mktemp("stage") / "demo.db") as location:
        yield location


@pytest.fixture(autouse=True)
def _its_morning(company: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends each test sets the clock anew."""
    clock.stand_still_at(stage.NOW)


def named(*names: str) -> list[Any]:
    return [pytest.param(picture, id=picture.name) for picture in gallery.PICTURES if picture.name in names]


def difference(name: str, stored: str, drawn: str) -> str:
    """What a failing test says: the lines of the screen that differ, or that only their colours do."""
    said = list(difflib.unified_diff(svg.read(stored), svg.read(drawn), "the picture", "the page", n=0, lineterm=""))
    if not said:
        said = ["The text is the same; how it is drawn differs:"]
        said += difflib.unified_diff(svg.inked(stored), svg.inked(drawn), "the picture", "the page", n=0, lineterm="")
    lines = "\n".join(said[:60])
    return f"{name} is not as its page is now. If the page is meant so: make screenshots, and look at it.\n{lines}"


def assert_as_stored(company: Location, picture: Picture, size: tuple[int, int]) -> None:
    file = FOLDER / drawing.file_name(picture, size)
    assert file.exists(), f"{file.name} is missing: make screenshots"
    stored, drawn = file.read_text(encoding="utf-8"), drawing.draw(company, picture, size)
    if stored != drawn:
        pytest.fail(difference(file.name, stored, drawn), pytrace=False)


@pytest.mark.parametrize("picture", named(*SOME))
def test_some_pages_are_as_their_pictures_show_them(company: Location, picture: Picture) -> None:
    assert_as_stored(company, picture, SMALL)


@pytest.mark.full
@pytest.mark.parametrize("size", [pytest.param(size, id=f"{size[0]}x{size[1]}") for size in drawing.SIZES])
@pytest.mark.parametrize("picture", [pytest.param(picture, id=picture.name) for picture in gallery.PICTURES])
def test_every_page_is_as_its_picture_shows_it(company: Location, picture: Picture, size: tuple[int, int]) -> None:
    assert_as_stored(company, picture, size)


def test_every_page_of_the_directory_has_a_picture() -> None:
    assert {entry.address for entry in directory.PAGES} <= {picture.name for picture in gallery.PICTURES}


def test_the_pictures_are_those_that_are_drawn_and_no_others() -> None:
    wanted = {drawing.file_name(picture, size) for picture in gallery.PICTURES for size in drawing.SIZES}
    wanted |= {f"{name}.png" for name in command.IN_README}
    assert {file.name for file in FOLDER.iterdir()} == wanted


def test_no_two_pictures_have_the_same_name() -> None:
    names = [picture.name for picture in gallery.PICTURES]
    assert sorted(set(names)) == sorted(names)


def test_the_readme_shows_pictures_that_are_there() -> None:
    text = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in command.IN_README if f"(screenshots/{name}.png)" not in text] == []


def test_a_picture_is_the_same_for_another_user_and_at_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (picture,) = [picture for picture in gallery.PICTURES if picture.name == "job-queue-entry-card"]
    drawn = []
    for name in ("one", "another"):
        monkeypatch.setattr(processes, "account", lambda name=name: name)
        monkeypatch.setenv("TZ", "Asia/Tokyo" if name == "one" else "America/New_York")
        (tmp_path / name).mkdir()
        with stage.staged(tmp_path / name / "firm.db") as location:
            drawn.append(drawing.draw(location, picture, SMALL))
        assert processes.account() == name
        assert abs(clock.now() - stage.NOW) > timedelta(seconds=1)
    assert drawn[0] == drawn[1]


def test_a_changed_page_is_told_by_the_lines_that_differ() -> None:
    stored = _screen("No. 1", "red")
    assert "-No. 1\n+No. 2" in difference("page-80x24.svg", stored, _screen("No. 2", "red"))
    told = difference("page-80x24.svg", stored, _screen("No. 1", "blue"))
    assert "The text is the same" in told
    assert "make screenshots" in told


def _screen(text: str, colour: str) -> str:
    from rich.segment import Segment
    from rich.style import Style

    return svg.drawn([[Segment(text, Style(color=colour))]], 10)


def test_a_picture_reads_back_as_the_screen_it_was_drawn_from() -> None:
    from rich.segment import Segment
    from rich.style import Style

    lines: Sequence[list[Segment]] = (
        [Segment("  <b>  & Łódź", Style(bold=True)), Segment("  東京 x", Style(reverse=True))],
        [Segment("")],
        [Segment("end")],
    )
    assert svg.read(svg.drawn(lines, 40)) == ["  <b>  & Łódź  東京 x", "", "end"]
