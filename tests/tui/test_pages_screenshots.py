"""The pictures of the pages are drawn from the demo company, and alike each time."""

from __future__ import annotations

from pathlib import Path

from postroom.tui import screenshots


def test_every_page_is_drawn_at_both_sizes_with_its_data(tmp_path: Path) -> None:
    screenshots.main(tmp_path)
    drawn = {path.name: path.read_text(encoding="utf-8").replace("&#160;", " ") for path in tmp_path.iterdir()}
    assert len(drawn) == len(screenshots.PAGES) * len(screenshots.SIZES)
    for name, picture in drawn.items():
        assert "Consumer running, 2 workers" in picture, name
        assert "S-ORD10" in picture or "Post Documents via Job Queue" in picture, name
