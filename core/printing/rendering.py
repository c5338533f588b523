"""A layout and what stands on the paper, made one PDF by Typst.

Layouts are Typst sources: the company's own where it has imported one (`layouts`), else those beside this room. They
read no other file but those. Typst brings its own fonts for Latin, Greek and Cyrillic; what they lack is taken from the
fonts of the host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from postroom.core.errors import Refused
from postroom.core.printing import layouts
from postroom.core.printing.layouts import Source
from postroom.core.printing.paper import Paper

if TYPE_CHECKING:
    import typst

Format = Literal["pdf", "png", "svg"]

_FIRST_PLACE = re.compile(r"┌─ \S*?\.typ:(\d+):(\d+)")


def pdf(paper: Paper) -> bytes:
    """A report as PDF. Raises Refused where a layout of the company's own cannot be set."""
    return rendered(layouts.in_force(paper.report.name), paper.content)[0]


def rendered(source: Source, content: Mapping[str, Any], form: Format = "pdf", *, dots: int = 144) -> list[bytes]:
    """What a layout makes of its content: one PDF, or one picture per page with so many dots an inch.

    Raises Refused, which names the layout's line, where it cannot be set.
    """
    import typst  # large: only what prints loads it

    try:
        made = _compiler().compile(
            source.text.encode(),
            root=str(layouts.STANDARD),
            format=form,
            ppi=float(dots),
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
        )
    except typst.TypstError as error:
        raise _broken(source, error) from error
    return made if isinstance(made, list) else [made or b""]


def _broken(source: Source, error: typst.TypstError) -> Refused:
    """Where the layout is wrong, and why: `document.typ, line 12, column 4: unknown variable: foo`."""
    place = _FIRST_PLACE.search(error.diagnostic)
    where = f", line {place[1]}, column {int(place[2]) + 1}" if place else ""
    hints = "".join(f" {hint[:1].upper()}{hint[1:]}." for hint in error.hints)
    return Refused(
        f"The layout cannot be set. {source.name}.typ{where}: {error.message}.",
        code="layout_broken",
        record=f"Layout {source.name}",
        field="source",
        value=f"{source.name}.typ:{place[1]}" if place else f"{source.name}.typ",
        hint=f"Correct the layout and import it again, or delete it: then the standard layout holds.{hints}",
    )


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    """Made once: the search for fonts costs more than a page."""
    import typst

    return typst.Compiler()
