"""The line in which a list's filter is typed, and what stands below it of the filter language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

from textual.binding import Binding, BindingType

from postroom.core.errors import PostroomError
from postroom.core.filters import UnknownField
from postroom.tui.widgets.text_line import TextLine

FILTER_SIGNS = ".. range   | or   & and   <> not   < > >=   * any   ? one character   '' blank"
"""The signs of the filter language in a line of 80 columns; the keys of the page say more."""


class FilterLine(TextLine):
    """The line; the page over the list closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back to the list", show=False)]

    def action_leave(self) -> None:
        cast(Any, self.screen).close_filter()


def fields_told_by(read: Callable[[str], object]) -> tuple[str, ...]:
    """The fields of a list, which it tells when it is filtered by one that it has not; none if it cannot be read."""
    try:
        read("which-fields=?")
    except UnknownField as error:
        return error.fields
    except PostroomError:  # it is told when a filter is taken
        pass
    return ()
