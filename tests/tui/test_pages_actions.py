"""The table of actions: each can be done where it is offered, and no key means two things."""

from __future__ import annotations

from collections import Counter

import pytest

from postroom.core.kinds import DocumentType
from postroom.tui.actions import ACTIONS, actions_of, shown_key
from postroom.tui.pages import directory
from postroom.tui.pages.document import DocumentCard
from postroom.tui.pages.document_lines import LineCard, LinesPage
from postroom.tui.pages.entries import EntryCard
from postroom.tui.pages.inbox import ReportCard
from postroom.tui.pages.ledgers import NavigateCard, PostedCard
from postroom.tui.pages.list_page import ListPage
from postroom.tui.pages.log_entries import LogCard
from postroom.tui.pages.page import Page
from postroom.tui.pages.preview import PreviewCard
from postroom.tui.pages.printers import PrinterCard
from postroom.tui.pages.queues import QueueCard
from postroom.tui.pages.records import LedgerRecordCard, RecordCard, RecordsPage
from postroom.tui.pages.users import UserCard
from postroom.tui.widgets.key_line import MOST_KEYS, MOST_KEYS_WIDE, that_fit
from postroom.tui.widgets.keyed_table import laid_out

CARDS = (DocumentCard, LinesPage, LineCard, EntryCard, NavigateCard, PostedCard, LogCard, QueueCard)
PAGES = (
    *dict.fromkeys(directory.page_class(entry) for entry in directory.PAGES),
    *(*CARDS, RecordCard, LedgerRecordCard, UserCard, PrinterCard, ReportCard, PreviewCard),
)


def actions_of_page(page: type[Page]) -> list[str]:
    return [action.id for action in ACTIONS if action.page in page.ACTIONS_OF and action.id not in page.WITHOUT]


@pytest.mark.parametrize("page", PAGES)
def test_each_action_of_a_page_has_the_method_that_does_it(page: type[Page]) -> None:
    missing = [id_ for id_ in actions_of_page(page) if not hasattr(page, by_id(id_).method)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_no_key_means_two_things_on_a_page(page: type[Page]) -> None:
    keys = Counter(key for id_ in actions_of_page(page) for key in by_id(id_).keys.split(","))
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_action_is_bound_under_its_own_id(page: type[Page]) -> None:
    bound = {binding.id for binding in page.BINDINGS}  # type: ignore[union-attr]
    assert set(actions_of_page(page)) == bound


def test_every_action_belongs_to_some_page() -> None:
    offered = {id_ for page in PAGES for id_ in actions_of_page(page)}
    assert [action.id for action in ACTIONS if action.id not in offered] == []


def test_dangerous_actions_lie_on_capitals() -> None:
    assert [action.id for action in ACTIONS if action.dangerous and not action.keys.split(",")[0].isupper()] == []


def test_keys_are_shown_as_people_read_them() -> None:
    assert [
        shown_key(key)
        for key in ("ctrl+p", "f5", "slash", "G", "question_mark", "right_square_bracket", "left_square_bracket")
    ] == [*("Ctrl+P", "F5", "/", "G", "?", "]", "[")]


def by_id(id_: str):  # type: ignore[no-untyped-def]
    return next(action for action in ACTIONS if action.id == id_)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("page", PAGES)
def test_the_footer_has_at_most_seven_keys_where_it_is_narrow_and_always_the_search(
    page: type[Page], columns: int
) -> None:
    shown = that_fit(tuple(action for action in actions_of(*page.ACTIONS_OF) if action.id not in page.WITHOUT), columns)
    assert 1 <= len(shown) <= (MOST_KEYS if columns == 80 else MOST_KEYS_WIDE)
    assert "anywhere.search" in [action.id for action in shown]


def lists() -> dict[str, ListPage]:
    """The lists by address. Those of master data are left out: what has no room there stands below the list."""
    pages: dict[str, ListPage] = {"lines": LinesPage(1, DocumentType.SALES_ORDER)}
    for entry in directory.PAGES:
        kind = directory.page_class(entry)
        if issubclass(kind, ListPage) and not issubclass(kind, RecordsPage):
            page = directory.make(entry.address)
            assert isinstance(page, ListPage)
            pages[entry.address] = page
    return pages


@pytest.mark.parametrize("address", lists())
def test_a_wider_terminal_never_shows_less_of_a_list(address: str) -> None:
    """What is shown at 80 columns, such as Job Queue Status, makes no room for what comes with more."""
    columns = lists()[address].columns()
    lacking = {}
    for width in range(80, 201):
        wanted = [column for column in columns if width >= column.from_width]
        shown = {column.id for column, _ in laid_out(wanted, width - 4)}  # mark and scrollbar
        lacking[width] = [column.id for column in columns if not column.from_width and column.id not in shown]
    assert {width: ids for width, ids in lacking.items() if ids} == {}
