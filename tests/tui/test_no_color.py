"""Without colours (NO_COLOR) the place of the cursor is seen all the same, on every kind of page and box."""

from __future__ import annotations

import pytest

from postroom.core.database import Location
from postroom.tui.app import PostroomApp


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
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TEXTUAL_THEME", "ansi-dark")
    app = PostroomApp(demo_firm, poll=0.05, first_page=page, few_colours=True)
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.reads:
            await pilot.pause(0.01)
        await pilot.press(*keys)
        await pilot.pause()
        assert stands_out(app, under_cursor)
        assert not stands_out(app, elsewhere)


def stands_out(app: PostroomApp, text: str) -> bool:
    """Whether the text is drawn reversed or underlined."""
    for strip in app.screen._compositor.render_strips():
        place, end = strip.text.find(text), 0
        for segment in strip if place >= 0 else ():
            end += len(segment.text)
            if place < end:
                return bool(segment.style and (segment.style.reverse or segment.style.underline))
    pytest.fail(f"{text} is not on the screen")
