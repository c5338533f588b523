"""A layout and what stands on the paper, made one PDF by Typst.

Layouts are `.typ` files. One of the same name in the folder POSTROOM_LAYOUTS takes the place of ours. Typst brings its
own fonts for Latin, Greek and Cyrillic; what they lack is taken from the fonts of the host.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from postroom.core.errors import Refused
from postroom.core.printing.paper import Paper

if TYPE_CHECKING:
    import typst

LAYOUTS = Path(__file__).with_name("layouts")
DOCUMENT, TEST_PAGE = "document", "test-page"
Format = Literal["pdf", "png", "svg"]


def pdf(paper: Paper) -> bytes:
    """A posted document as PDF. Raises Refused where a layout of the user's own cannot be set."""
    return rendered(DOCUMENT, paper.content)[0]


def rendered(layout: str, content: Mapping[str, Any], form: Format = "pdf", *, dots: int = 144) -> list[bytes]:
    """What a layout makes of its content: one PDF, or one picture per page with so many dots an inch."""
    import typst  # large: only what prints loads it

    file = layout_file(layout)
    try:
        made = _compiler().compile(
            str(file),
            root=str(file.parent),
            format=form,
            ppi=float(dots),
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
        )
    except typst.TypstError as error:
        raise Refused(
            f"The layout {file.name} cannot be set: {error}",
            code="layout_broken",
            record=f"Layout {layout}",
            field="layout",
            value=str(file),
            hint="Correct the layout in POSTROOM_LAYOUTS, or take it away from there.",
        ) from error
    return made if isinstance(made, list) else [made or b""]


def layout_file(layout: str) -> Path:
    """The user's own layout if there is one, else ours."""
    folder = os.environ.get("POSTROOM_LAYOUTS", "")
    own = Path(folder, f"{layout}.typ").absolute()
    return own if folder and own.is_file() else LAYOUTS / f"{layout}.typ"


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """Made once: the search for fonts costs more than a page."""
    import typst

    return typst.Compiler()
