"""A screen as SVG: small, without fonts from elsewhere, readable again as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

CELL, LINE, EDGE = 12, 24, 12
"""Width and height of a character, and the width of the edge around the screen."""
FONTS = "'DejaVu Sans Mono','Cascadia Mono',Consolas,Menlo,monospace"
PAPER, INK = "#161a20", "#d4d8de"
_RUN = re.compile(r"\S+(?: \S+)*")
_TEXT = re.compile(r'<text x="(\d+)" y="(\d+)"[^>]* class="(\w+)">([^<]*)</text>')


def drawn(lines: Sequence[Iterable[Segment]], width: int) -> str:
    """The lines of a screen as a picture."""
    classes: dict[str, str] = {}
    boxes: list[str] = []
    texts: list[str] = []
    for row, line in enumerate(lines):
        column = 0
        for text, style, background in _merged(line):
            cells = cell_len(text)
            if background != PAPER:
                box = f'<rect x="{_x(column)}" y="{EDGE + row * LINE}" width="{cells * CELL}" height="{LINE}"'
                boxes.append(f'{box} fill="{background}"/>')
            for run in _RUN.finditer(text):
                name = classes.setdefault(style, f"s{len(classes)}")
                x = _x(column + cell_len(text[: run.start()]))
                y = EDGE + row * LINE + LINE - 6
                long = cell_len(run[0]) * CELL
                texts.append(f'<text x="{x}" y="{y}" textLength="{long}" class="{name}">{escape(run[0], False)}</text>')
            column += cells
    wide, high = 2 * EDGE + width * CELL, 2 * EDGE + len(lines) * LINE
    styles = "".join(f".{name}{{{style}}}" for style, name in classes.items())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">',
            f"<style>text{{font:20px {FONTS};white-space:pre}}{styles}</style>",
            f'<rect width="{wide}" height="{high}" rx="8" fill="{PAPER}"/>',
            *boxes,
            *texts,
            "</svg>\n",
        ]
    )


def read(picture: str) -> list[str]:
    """The lines of a picture's screen as text."""
    return ["".join(text for _, text in line).rstrip() for line in _read(picture)]


def inked(picture: str) -> list[str]:
    """The same with how each text is drawn, to tell pictures apart that differ in that alone."""
    styles = dict(re.findall(r"\.(s\d+)\{([^}]*)\}", picture))
    lines = ["".join(f"{text}<{styles[name]}>" if name else text for name, text in line) for line in _read(picture)]
    return [*lines, *re.findall(r"<rect [^>]*>", picture)]


def _read(picture: str) -> list[list[tuple[str, str]]]:
    """Per line the texts with the names of their styles, blanks between them without one."""
    found: dict[int, list[tuple[str, str]]] = {}
    ends: dict[int, int] = {}
    for x, y, name, text in _TEXT.findall(picture):
        row, column = (int(y) - EDGE) // LINE, (int(x) - EDGE) // CELL
        line = found.setdefault(row, [])
        line += [("", " " * (column - ends.get(row, 0))), (name, unescape(text))]
        ends[row] = column + cell_len(unescape(text))
    return [found.get(row, []) for row in range(max(found, default=-1) + 1)]


def _x(column: int) -> int:
    return EDGE + column * CELL


@dataclass
class _Piece:
    text: str
    style: str
    background: str


def _merged(line: Iterable[Segment]) -> list[tuple[str, str, str]]:
    """Text, style and background of each stretch that is drawn alike."""
    pieces: list[_Piece] = []
    for segment in line:
        style, background = _drawn_as(segment.style or Style.null())
        if pieces and (pieces[-1].style, pieces[-1].background) == (style, background):
            pieces[-1].text += segment.text
        else:
            pieces.append(_Piece(segment.text, style, background))
    return [(piece.text, piece.style, piece.background) for piece in pieces]


def _drawn_as(style: Style) -> tuple[str, str]:
    """What CSS says of a text in the style, and the colour behind it."""
    ink, paper = _colour(style.color, INK), _colour(style.bgcolor, PAPER)
    if style.reverse:
        ink, paper = paper, ink
    said = [f"fill:{ink}"]
    if style.bold:
        said.append("font-weight:bold")
    if style.italic:
        said.append("font-style:italic")
    if style.dim:
        said.append("opacity:.6")
    lines = [name for name, has in (("underline", style.underline), ("line-through", style.strike)) if has]
    if lines:
        said.append(f"text-decoration:{' '.join(lines)}")
    return ";".join(said), paper


def _colour(colour: Color | None, otherwise: str) -> str:
    return otherwise if colour is None or colour.is_default else str(colour.get_truecolor().hex)
