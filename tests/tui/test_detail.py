"""The lines below a list: what does not fit there is not cut off in silence."""

from __future__ import annotations

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from postroom.tui.widgets.detail import Detail

LINES = ["Item 5000: 25 wanted,", "6 in stock. Receive", "more of item 5000, or"]


class Below(App[None]):
    CSS = "Detail { width: 22; height: 2; } Detail Static { height: 1; }"

    def compose(self) -> ComposeResult:
        yield Detail()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Short", ["Short", ""]),
        (" ".join(LINES[:2]), LINES[:2]),
        (" ".join(LINES), [LINES[0], "6 in stock. Receive…"]),
    ],
)
async def test_a_text_with_more_lines_than_there_is_room_for_ends_in_an_ellipsis(text: str, shown: list[str]) -> None:
    app = Below()
    async with app.run_test(size=(40, 5)) as pilot:
        app.query_one(Detail).show(Text(text))
        await pilot.pause()
        assert [strip.text[:22].rstrip() for strip in app.screen._compositor.render_strips()[:2]] == shown
