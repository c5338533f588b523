"""Without colours (NO_COLOR) every page draws none, and the place of the cursor is seen all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.color import Color
from rich.segment import Segment
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from postroom.core import clock
from postroom.core.database import Location
from postroom.core.jobs import processes
from postroom.tui.app import PostroomApp
from postroom.tui.pages import directory
from postroom.tui.screenshots import stage
from postroom.tui.widgets.keyed_table import KeyedTable

STATUS_BAR = 0
"""The line of the status bar, which is underlined."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Location:
    """The company of the pictures: it has something to show on every page. Nothing here changes it."""
    with stage.staged(tmp_path_factory.mktemp("stage") / "demo.db") as location:
        return location


@asynccontextmanager
async def without_colours(
    location: Location, monkeypatch: pytest.MonkeyPatch, page: str
) -> AsyncIterator[tuple[PostroomApp, Pilot[int]]]:
    """A page of 80x24 that shows what it read."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TEXTUAL_THEME", "ansi-dark")
    app = PostroomApp(location, poll=60, first_page=page, few_colours=True)
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.reads:
            await pilot.pause(0.005)
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize("room", sorted({entry.module for entry in directory.PAGES}))
async def test_every_page_draws_no_colour_and_tells_the_line_of_the_cursor_from_all_others(
    company: Location, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    """The pages of a room share one terminal: a start of its own for each would take twice as long."""
    clock.stand_still_at(stage.NOW)
    monkeypatch.setattr(processes, "account", lambda: stage.USER)
    pages = [entry.address for entry in directory.PAGES if entry.module == room]
    async with without_colours(company, monkeypatch, pages[0]) as (app, pilot):
        for page in pages:
            in_front = app.open_page(page)
            while in_front.awaits:
                await pilot.pause(0.005)
            await pilot.pause()
            lines = [list(strip) for strip in app.screen._compositor.render_strips()]
            coloured = [segment for line in lines for segment in line if has_colour(segment)]
            standing_out = [y for y, line in enumerate(lines) if any(map(stands_out, line))]
            assert (page, coloured, standing_out) == (page, [], [STATUS_BAR, *cursor_lines(app)])


@pytest.mark.parametrize(
    ("page", "keys", "under_cursor", "elsewhere"),
    [
        ("sales-order", (), "S-ORD1001", "S-ORD1002"),
        ("sales-order", ("z",), "Its own order", "No., downwards"),
        ("sales-order", ("colon",), "Role Centre", "Sales Return Orders"),
        ("sales-setup", (), "Ext. Doc. No. Mandatory", "Calc. Inv. Discount"),
        ("sales-setup", ("k",), "- General", "Calc. Inv. Discount"),
    ],
)
async def test_what_is_under_the_cursor_is_reversed_or_underlined(
    demo_firm: Location,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    keys: tuple[str, ...],
    under_cursor: str,
    elsewhere: str,
) -> None:
    async with without_colours(demo_firm, monkeypatch, page) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        assert stands_out(segment_of(app, under_cursor))
        assert not stands_out(segment_of(app, elsewhere))


@pytest.mark.parametrize(
    ("page", "keys", "typed"),
    [
        ("customer", ("n",), ""),
        ("sales-order", ("colon",), "log"),
        ("sales-order", ("slash",), "open"),
    ],
)
async def test_the_place_where_one_types_is_reversed(
    demo_firm: Location, monkeypatch: pytest.MonkeyPatch, page: str, keys: tuple[str, ...], typed: str
) -> None:
    async with without_colours(demo_firm, monkeypatch, page) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.press(*typed)
        await pilot.pause()
        assert app.focused is not None
        line = app.focused.content_region
        strip = app.screen._compositor.render_strips()[line.y].crop(line.x, line.right)
        reversed_ones = [(segment.text, segment.style.reverse) for segment in strip if segment.style]
        assert [text for text, is_reversed in reversed_ones if is_reversed] == [" "]
        assert "".join(text for text, _ in reversed_ones).startswith(f"{typed} ")


def has_colour(segment: Segment) -> bool:
    """Whether the text is in a colour or on one, other than the terminal's own."""
    style = segment.style
    return style is not None and not all(map(_is_own, (style.color, style.bgcolor)))


def _is_own(colour: Color | None) -> bool:
    return colour is None or colour.is_default


def stands_out(segment: Segment) -> bool:
    """Whether a word is drawn reversed or underlined; scrollbars, which have none, do not count."""
    style = segment.style
    is_word = any(map(str.isalnum, segment.text))
    return bool(is_word and style and (style.reverse or style.underline))


def cursor_lines(app: PostroomApp) -> list[int]:
    """On which line of the screen the cursor stands; a report is only scrolled and has none."""
    focused = app.focused
    assert focused is not None
    if isinstance(focused, KeyedTable):
        assert focused.keys
        return [int(focused.region.y + 1 + focused.cursor_row - round(focused.scroll_y))]
    return [] if isinstance(focused, VerticalScroll) else [int(focused.region.y)]


def segment_of(app: PostroomApp, text: str) -> Segment:
    """What the text is drawn with."""
    for strip in app.screen._compositor.render_strips():
        place, end = strip.text.find(text), 0
        for segment in strip if place >= 0 else ():
            end += len(segment.text)
            if place < end:
                return segment
    pytest.fail(f"{text} is not on the screen")
