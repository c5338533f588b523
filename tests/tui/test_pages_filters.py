"""The filter language where it is typed: what the line says of it, and what it refuses."""

from __future__ import annotations

import pytest
from screens import terminal

from postroom.core.database import Location
from postroom.tui.pages import directory
from postroom.tui.pages.list_page import ListPage

LISTS = [entry.address for entry in directory.PAGES if issubclass(directory.page_class(entry), ListPage)]


async def test_the_line_in_which_a_filter_is_typed_tells_the_signs_and_the_fields_of_the_page(
    demo_firm: Location,
) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await screen.sees("22 documents")
        await screen.press("slash")
        await screen.sees(".. range", "| or", "& and", "<> not", "'' blank", "Fields: amount", "posting_date")
        await screen.fills_in("no=S-INV1001..S-INV1003")
        await screen.sees("3 documents")
        await screen.sees_no(".. range", "Fields:")


@pytest.mark.parametrize("address", [pytest.param(one, marks=pytest.mark.full) for one in LISTS])
async def test_every_list_tells_its_fields(demo_firm: Location, address: str) -> None:
    async with terminal(demo_firm, page=address) as screen:
        await screen.until(lambda: not screen.page.awaits)
        fields = await screen.list.filter_fields()
        await screen.press("slash")
        await screen.sees(f"Fields: {' '.join(fields)}")


async def test_a_value_that_no_closed_list_has_and_a_missing_one_are_refused_with_what_to_type(
    demo_firm: Location,
) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await screen.sees("22 documents")
        await screen.press("slash")
        await screen.fills_in("status=Opn")
        await screen.hears("There is no status Opn. It is one of Open, Released.")
        await screen.fills_in("status= Open")
        await screen.hears("a value must follow status=. Write status=VALUE without a blank between")
        await screen.fills_in("job_queue_status=''")
        await screen.sees("22 documents", "Filter: job_queue_status=''")


async def test_the_keys_of_a_list_tell_the_filter_language(demo_firm: Location) -> None:
    async with terminal(demo_firm, page="sales-invoice") as screen:
        await screen.press("question_mark")
        await screen.sees("Esc Close")
        await screen.press("G")
        await screen.sees("status=Open|Released", "One or the other.", "amount>1000 freight", "Esc Close")
