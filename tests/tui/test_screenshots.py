"""Every page is as its picture in `screenshots/` shows it: drawn from the demo company, it is alike each time."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.jobs import processes
from postroom.tui.pages import directory
from postroom.tui.screenshots import __main__ as command
from postroom.tui.screenshots import drawing, gallery, stage, svg
from postroom.tui.screenshots.gallery import Picture

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
SOME = ("role-centre", "sales-order", "job-queue-entries", "sales-setup")
SMALL = drawing.SIZES[0]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Location]:
    """The staged company, one for all pictures."""
    with stage.staged(tmp_path_factory.mktemp("stage") / "demo.db") as location:
        yield location


@pytest.fixture(autouse=True)
def _its_morning(company: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends each test sets the clock anew."""
    clock.stand_still_at(stage.NOW)


def difference(name: str, stored: str, drawn: str) -> str:
    """What a failing test says: the lines of the screen that differ, or that only their colours do."""
    said = list(difflib.unified_diff(svg.read(stored), svg.read(drawn), "the picture", "the page", n=0, lineterm=""))
    if not said:
        said = ["The text is the same; how it is drawn differs:"]
        said += difflib.unified_diff(svg.inked(stored), svg.inked(drawn), "the picture", "the page", n=0, lineterm="")
    lines = "\n".join(said[:60])
    return f"{name} is not as its page is now. If the page is meant so: make screenshots, and look at it.\n{lines}"


def differences(company: Location, pictures: Iterable[Picture], size: tuple[int, int]) -> list[str]:
    """What is wrong with the pictures that are not as their pages are now."""
    said = []
    for picture in pictures:
        file = FOLDER / drawing.file_name(picture, size)
        drawn = drawing.draw(company, picture, size)
        stored = file.read_text(encoding="utf-8") if file.exists() else ""
        if stored != drawn:
            said.append(difference(file.name, stored, drawn))
    return said


def assert_as_stored(company: Location, pictures: Iterable[Picture], size: tuple[int, int]) -> None:
    said = differences(company, pictures, size)
    if said:
        pytest.fail("\n\n".join(said), pytrace=False)


def named(*names: str) -> list[Picture]:
    return [picture for picture in gallery.PICTURES if picture.name in names]


def test_some_pages_are_as_their_pictures_show_them(company: Location) -> None:
    assert len(named(*SOME)) == len(SOME)
    assert_as_stored(company, named(*SOME), SMALL)


@pytest.mark.full
@pytest.mark.parametrize("size", [pytest.param(size, id=f"{size[0]}x{size[1]}") for size in drawing.SIZES])
def test_every_page_is_as_its_picture_shows_it(company: Location, size: tuple[int, int]) -> None:
    assert_as_stored(company, gallery.PICTURES, size)


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


def test_a_picture_is_the_same_for_another_user_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "account", lambda: "somebody")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    with stage.staged(tmp_path / "firm.db") as location:
        assert_as_stored(location, named("job-queue-entry-card"), SMALL)
    assert processes.account() == "somebody"
    assert abs(clock.now() - stage.NOW) > timedelta(seconds=1)


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
