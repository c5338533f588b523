"""The setup windows on the screen: fields are turned, chosen and typed by keyboard, and follow what others change."""

from __future__ import annotations

import os
import pwd

import pytest
from screens import SIZES, terminal

from postroom.core import company, setups
from postroom.core.database import Location
from postroom.core.users import Permission, set_user

USER = "tester"


@pytest.fixture
def firm_path(sqlite_firm: Location, monkeypatch: pytest.MonkeyPatch) -> Location:
    account = pwd.struct_passwd((USER, "x", os.getuid(), os.getgid(), "", "/", "/bin/sh"))
    monkeypatch.setattr("pwd.getpwuid", lambda _: account)
    set_user(USER, {"may_setup": "true"}, user=company_creator())
    return sqlite_firm


def company_creator() -> str:
    from postroom.core.tables.setup import Company

    return str(Company.get_by_id(1).created_by)


def value_of(key: str) -> str:
    return next(field.value for field in setups.list_fields() if field.key == key)


@pytest.mark.parametrize("size", SIZES)
async def test_the_search_finds_the_setup_and_post_documents_via_job_queue_is_ticked_by_keyboard(
    firm_path: Location, size: tuple[int, int]
) -> None:
    async with terminal(firm_path, size) as screen:
        await screen.goes_to("sales setup")
        await screen.sees("Sales & Receivables Setup", "- General", "+ Background Posting")
        await screen.press("right_square_bracket", "enter")
        await screen.sees("- Background Posting", "Post Documents via Job Queue")
        assert "[ ] No" in screen.line("Post Documents via Job Queue ")
        await screen.press("j", "space")
        await screen.until(lambda: "[x] Yes" in screen.line("Post Documents via Job Queue "))
        assert value_of("sales.post_documents_via_job_queue") == "true"


async def test_a_field_that_turns_another_says_so_and_shows_both(firm_path: Location) -> None:
    async with terminal(firm_path, (120, 40), "sales-setup") as screen:
        await goes_to_field(screen, "post_and_print_with_job_queue")
        await screen.press("enter")
        await screen.sees("Post Documents via Job Queue is now Yes.")
        await screen.until(lambda: "[x] Yes" in screen.line("Post Documents via Job Queue "))
        assert "[x] Yes" in screen.line("Post & Print with Job Queue ")


async def goes_to_field(screen, name: str) -> None:  # type: ignore[no-untyped-def]
    await screen.press("f")
    for _ in range(40):
        if screen.app.focused is not None and screen.app.focused.id == f"field-sales-{name}":
            return
        await screen.press("j")
    pytest.fail(f"no field {name}")


async def test_a_category_is_chosen_from_those_there_are(firm_path: Location) -> None:
    async with terminal(firm_path, page="sales-setup") as screen:
        await goes_to_field(screen, "job_queue_category_code")
        await screen.press("f2")
        await screen.sees("(blank)", "PURCHPOST", "SALESPOST")
        await screen.press("up", "up", "up", "enter")
        await screen.until(lambda: "(blank)" in screen.line("Job Queue Category Code "))
        assert value_of("sales.job_queue_category_code") == ""


async def test_a_wrong_value_is_refused_where_it_was_typed_and_can_be_mended(firm_path: Location) -> None:
    async with terminal(firm_path, page="sales-setup") as screen:
        await goes_to_field(screen, "priority_for_post")
        await screen.press("enter")
        await screen.sees("Leave as it is")
        await screen.type("-5")
        await screen.press("enter")
        await screen.sees("-5 is too")
        assert value_of("sales.priority_for_post") == "1000"
        await screen.press("backspace", "backspace")
        await screen.type("7")
        await screen.press("enter")
        await screen.sees_no("Leave as it is")
        await screen.until(lambda: " 7" in screen.line("Priority for Post ."))
        assert value_of("sales.priority_for_post") == "7"


async def test_what_another_user_changes_comes_without_a_key(firm_path: Location) -> None:
    async with terminal(firm_path, page="sales-setup") as screen:
        assert "[ ] No" in screen.line("Calc. Inv. Discount")
        setups.change({"sales.calc_inv_discount": "true"}, user=company_creator())
        await screen.until(lambda: "[x] Yes" in screen.line("Calc. Inv. Discount"))


async def test_without_the_permission_nothing_changes_and_it_is_said(firm_path: Location) -> None:
    set_user(USER, {"may_setup": "false"}, user=company_creator())
    async with terminal(firm_path, page="sales-setup") as screen:
        await screen.press("space")
        await screen.sees("Not done", Permission.SETUP.value)
        await screen.press("escape")
        await screen.sees_no("Not done")
        assert value_of("sales.ext_doc_no_mandatory") == "false"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("address", "field"), [("purchases-setup", "Vendor Doc. No. Mandatory"), ("ledger-setup", "Allow Posting From")]
)
async def test_the_other_two_windows_are_cards_too(
    firm_path: Location, address: str, field: str, size: tuple[int, int]
) -> None:
    async with terminal(firm_path, size, address) as screen:
        await screen.sees(field)


async def test_every_field_of_a_window_stands_on_its_card(firm_path: Location) -> None:
    async with terminal(firm_path, (120, 50), "sales-setup") as screen:
        await screen.press("f")
        await screen.sees(*(field.caption for field in setups.FIELDS.values() if field.key.startswith("sales.")))


async def test_folded_tabs_stay_folded_when_one_comes_back(firm_path: Location) -> None:
    async with terminal(firm_path) as screen:
        await screen.goes_to("sales setup")
        await screen.sees("- General")
        await screen.press("right_square_bracket", "enter")
        await screen.sees("- Background Posting")
        await screen.press("escape")
        await screen.sees("Job Queue Entries")
        await screen.goes_to("sales setup")
        await screen.sees("- Background Posting")


async def test_a_company_named_like_markup_and_escapes_shows_as_text(firm_path: Location) -> None:
    company.close()
    from postroom.core.tables.base import database
    from postroom.core.tables.setup import Company

    database.connect(reuse_if_open=True)
    Company.update(name="[bold]A[/x]\x1b[31m").execute()
    async with terminal(firm_path, page="sales-setup") as screen:
        await screen.sees("[bold]A[/x]\\e[31m")


async def test_the_cursor_of_a_form_ends_at_its_ends_and_goes_by_fasttabs_both_ways(firm_path: Location) -> None:
    def place() -> str:
        focused = screen.app.focused
        assert focused is not None
        return str(getattr(focused, "label", focused.id))

    async with terminal(firm_path, page="sales-setup") as screen:
        first = place()
        assert first.startswith("field-")
        await screen.press("G", "j")
        last = place()
        await screen.press("j", "right_square_bracket")
        assert place() == last
        await screen.press("g")
        assert place() == first
        await screen.press("k")
        assert place() == "General"
        await screen.press("k", "left_square_bracket")
        assert place() == "General"
        await screen.press("right_square_bracket")
        assert place() != "General"
        await screen.press("left_square_bracket")
        assert place() == "General"
        await screen.press("question_mark")
        await screen.sees("Keys of Sales & Receivables Setup")
        await screen.press("G", "k", "k")
        await screen.sees("] Next FastTab", "[ Previous FastTab")
