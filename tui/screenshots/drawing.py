"""Drawing pictures: the terminal opened on a copy of the staged company, keys pressed, its screen kept once at rest."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from time import monotonic

import typst
from textual._compositor import LayoutUpdate
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from postroom.core import company
from postroom.core.database import Location
from postroom.tui.app import PostroomApp
from postroom.tui.screenshots import svg
from postroom.tui.screenshots.gallery import Picture

SIZES = ((80, 24), (120, 40))
DEADLINE = 20.0
"""Seconds after which a screen that does not come to rest, or does not show what it must, is given up."""
PIXELS_PER_INCH = 96
MOTIONS = ("j", "k", "space")
"""Keys after which nothing is waited for."""


class NotDrawn(Exception):
    """A picture's screen did not come."""


def draw(location: Location, picture: Picture, size: tuple[int, int]) -> str:
    """One picture as SVG, drawn on a copy: what its keys change is in no other picture. Raises NotDrawn."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copy(location.path, Path(scratch) / "demo.db")
        drawn_on = Location(str(copy))
        company.open_company(drawn_on)
        try:
            return asyncio.run(_draw(drawn_on, picture, size))
        finally:
            company.close()


def file_name(picture: Picture, size: tuple[int, int]) -> str:
    return f"{picture.name}-{size[0]}x{size[1]}.svg"


def as_png(picture: Path) -> bytes:
    """An SVG file as PNG, with typst's own fonts: alike on every machine."""
    page = f'#set page(width: auto, height: auto, margin: 0pt)\n#image("{picture.name}", width: auto)'
    draft = picture.with_suffix(".typ")
    try:
        draft.write_text(page, encoding="utf-8")
        made = typst.compile(str(draft), format="png", ppi=PIXELS_PER_INCH, ignore_system_fonts=True)
    finally:
        draft.unlink(missing_ok=True)
    assert isinstance(made, bytes)
    return made


async def _draw(location: Location, picture: Picture, size: tuple[int, int]) -> str:
    app = PostroomApp(location, first_page=picture.address, few_colours=False)
    app.animation_level = "none"
    app.has_bell = True  # no consumer is rung
    # A message is in the picture however long the picture takes.
    app.messages.seconds = dict.fromkeys(app.messages.seconds, 3600)
    async with app.run_test(size=size) as pilot:
        await _at_rest(app, pilot)
        for key in picture.keys:
            is_small = key in MOTIONS or (isinstance(app.focused, Input) and key != "enter")
            await pilot.press(key)
            if not is_small:
                await _at_rest(app, pilot)
        shot = await _at_rest(app, pilot)
        text = "\n".join(svg.read(shot))
        if picture.shows not in text:
            raise NotDrawn(f"{picture.name} at {size[0]}x{size[1]} does not show {picture.shows!r} but\n{text}")
        return shot


async def _at_rest(app: PostroomApp, pilot: Pilot[int]) -> str:
    """The screen after all that was asked for is read and shown, and nothing on it changes any more."""
    end, before = monotonic() + DEADLINE, ""
    while True:
        reads = app.reads
        await app.clerk.do(_nothing)
        app.reader.forget()
        app.look_now(even_if_paused=True)
        while app.reads == reads:
            if monotonic() > end:
                raise NotDrawn(f"The page {app.page_in_front()} is not read.")
            await pilot.pause(0.002)
        await pilot.pause()
        shot = _shot(app)
        if shot == before:
            return shot
        if monotonic() > end:
            raise NotDrawn(f"The page {app.page_in_front()} does not come to rest.")
        before = shot


def _nothing() -> None:
    """A job behind which all earlier ones of a desk are done."""


def _shot(app: PostroomApp) -> str:
    for line in app.screen.query(Input):
        line.cursor_blink = False  # its cursor would be there in one picture and not in the next
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=True)
    assert isinstance(update, LayoutUpdate)
    lines = [Strip.join(list(strips)) for strips in update.strips]
    return svg.drawn(lines, app.size.width)
