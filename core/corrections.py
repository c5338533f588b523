"""Which posted documents correct or cancel which, for those who look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from postroom.core.kinds import CORRECTED
from postroom.core.statements import in_parts, marks, query

Row = dict[str, Any]


def told(documents: Sequence[Row]) -> Sequence[Row]:
    """Posted documents, each told `corrected_by`, the nos. of what corrects it, and `cancelled_by`, or blank."""
    found: dict[tuple[str, str, str], list[tuple[str, bool]]] = {}
    for part in in_parts(dict.fromkeys(row["no"] for row in documents)):
        for area, kind, corrects_no, no, cancels in query(
            "SELECT area, kind, corrects_no, no, cancels FROM posted_document"
            f" WHERE kind IN ('invoice', 'credit_memo') AND corrects_no IN ({marks(len(part))}) ORDER BY id",
            part,
        ):
            found.setdefault((area, kind, corrects_no), []).append((no, bool(cancels)))
    for row in documents:
        kind = CORRECTED.get(row["kind"])
        mine = found.get((row["area"].value, kind.value, row["no"]), []) if kind is not None else []
        row["corrected_by"] = [no for no, _ in mine]
        row["cancelled_by"] = next((no for no, cancels in mine if cancels), "")
    return documents
