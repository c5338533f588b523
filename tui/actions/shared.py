"""Actions that many pages have: everywhere, on lists, on cards."""

from __future__ import annotations

from postroom.tui.actions.base import Action, Situation, is_connected


def _with_filter(situation: Situation) -> str:
    return "" if situation.has_filter else "There is no filter."


def _back(situation: Situation) -> str:
    return "This is the first page; q quits." if situation.is_first_page else ""


ACTIONS: tuple[Action, ...] = (
    Action("anywhere.search", "Search for a Page or an Action", "colon,ctrl+p", "Type a part of its name.", "Search"),
    Action("anywhere.help", "Keys of This Page", "question_mark,f1", "Every key of this page.", "Keys"),
    Action("anywhere.back", "Back", "escape", "To the page before.", possible=_back),
    Action(
        "anywhere.copy", "Copy", "y", "The row, the marked rows or the field, to the terminal's clipboard (OSC 52)."
    ),
    Action("anywhere.copy-to-file", "Copy to a File", "Y", "All that match as CSV; of a card its text."),
    Action("anywhere.refresh", "Refresh", "f5", "Read the page again now."),
    Action("anywhere.pause", "Pause or Resume Updating", "P", "While paused, pages stay as they are until F5."),
    Action("anywhere.poll", "Poll Interval", "I", "How often pages are read again; kept for the next time."),
    Action("anywhere.suspend", "Suspend", "ctrl+z", "Back to the shell; `fg` comes back here."),
    Action("anywhere.quit", "Quit", "q", "Consumers go on; what `postroom demo` started ends.", "Quit", wide=True),
    Action(
        "list.filter",
        "Filter",
        "slash,f3",
        "status=Error category=SALES* word: fields by NAV's filter language.",
        "Filter",
    ),
    Action("list.clear-filter", "Clear the Filter", "backslash", "Show everything again.", possible=_with_filter),
    Action("list.sort", "Sort", "z", "Choose a column, up or down. It is kept for the next time."),
    Action("list.mark", "Mark", "space", "Mark or unmark the row; actions take all marked rows.", "Mark", wide=True),
    Action("list.mark-all", "Mark All That Match", "asterisk", "Mark every row that the filter lets through."),
    Action("list.unmark-all", "Unmark All", "u", "No row is marked any more."),
    Action(
        "form.edit",
        "Edit",
        "enter,f2",
        "Change the field, turn it on or off, or fold the FastTab.",
        "Edit",
        possible=is_connected,
    ),
    Action(
        "form.toggle",
        "On or Off",
        "space",
        "Turn the field on or off, or fold the FastTab.",
        "On/Off",
        possible=is_connected,
    ),
    Action("form.fold-all", "Fold or Unfold All FastTabs", "f", "Every FastTab at once.", "Fold", wide=True),
    Action("form.next-field", "Next Field", "j,down", "", motion=True),
    Action("form.previous-field", "Previous Field", "k,up", "", motion=True),
    Action("form.first-field", "First Field", "g,home", "", motion=True),
    Action("form.last-field", "Last Field", "G,end", "", motion=True),
    Action("form.next-tab", "Next FastTab", "right_square_bracket", "", motion=True),
    Action("form.previous-tab", "Previous FastTab", "left_square_bracket", "", motion=True),
    Action("card.fold", "Fold or Unfold", "space", "Fold or unfold the FastTab; Tab goes to the next.", "Fold"),
    Action("card.down", "Down", "j,down", "", motion=True),
    Action("card.up", "Up", "k,up", "", motion=True),
    Action("card.next-tab", "Next FastTab", "right_square_bracket", "", motion=True),
    Action("card.previous-tab", "Previous FastTab", "left_square_bracket", "", motion=True),
    Action("card.first-line", "To the Top", "g,home", "", motion=True),
    Action("card.last-line", "To the End", "G,end", "", motion=True),
    Action("list.down", "Next Row", "j,down", "", motion=True),
    Action("list.up", "Previous Row", "k,up", "", motion=True),
    Action("list.half-page-down", "Half a Page Down", "ctrl+d", "", motion=True),
    Action("list.half-page-up", "Half a Page Up", "ctrl+u", "", motion=True),
    Action("list.first-row", "First Row", "g,home", "", motion=True),
    Action("list.last-row", "Last Row", "G,end", "", motion=True),
)
