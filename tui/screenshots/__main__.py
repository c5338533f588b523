"""Draws every picture, at every size: `python -m postroom.tui.screenshots [FOLDER]`, which `make screenshots` runs."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import track

from postroom.tui.screenshots import drawing, gallery, stage

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
IN_README = ("role-centre-120x40", "job-queue-entries-120x40")


def main(folder: Path) -> int:
    """Draw everything into `folder`, and take away pictures of what is no longer there; 1 if one cannot be drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, str] = {}
    failures = []
    wanted = [(picture, size) for size in drawing.SIZES for picture in gallery.PICTURES]
    with tempfile.TemporaryDirectory() as scratch, stage.staged(Path(scratch) / "demo.db") as location:
        for picture, size in track(wanted, "Pictures", console=Console(stderr=True)):
            try:
                drawn[drawing.file_name(picture, size)] = drawing.draw(location, picture, size)
            except drawing.NotDrawn as error:
                failures.append(str(error))
    if failures:
        Console(stderr=True).print(*failures, sep="\n\n", markup=False, highlight=False)
        return 1
    for file_name, text in drawn.items():
        (folder / file_name).write_text(text, encoding="utf-8")
    for name in IN_README:
        (folder / f"{name}.png").write_bytes(drawing.as_png(folder / f"{name}.svg"))
    kept = {*drawn, *(f"{name}.png" for name in IN_README)}
    for file in folder.iterdir():
        if file.suffix in (".svg", ".png") and file.name not in kept:
            file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
