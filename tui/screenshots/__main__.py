"""Draws every picture, at every size: `python -m postroom.tui.screenshots [FOLDER]`, which `make screenshots` runs."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from postroom.tui.screenshots import drawing, gallery, stage

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
IN_README = ("role-centre-120x40", "job-queue-entries-120x40")


def main(folder: Path) -> None:
    """Draw everything into `folder`, and take away pictures of what is no longer there."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as scratch, stage.staged(Path(scratch) / "demo.db") as location:
        drawing.draw_all(location, gallery.PICTURES, drawing.SIZES, drawn.__setitem__)
    for name, picture in drawn.items():
        (folder / name).write_text(picture, encoding="utf-8")
    for name in IN_README:
        (folder / f"{name}.png").write_bytes(drawing.as_png(folder / f"{name}.svg"))
    wanted = {*drawn, *(f"{name}.png" for name in IN_README)}
    for file in folder.iterdir():
        if file.suffix in (".svg", ".png") and file.name not in wanted:
            file.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
