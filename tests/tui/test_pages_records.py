"""Master records and users: lists and cards, new ones, fields changed and refused, and what ledgers say of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import builders
import jobs
import pytest
from screens import SIZES, is_on, terminal
from textual.widgets import Input

from postroom.core import masters, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.kinds import Area
from postroom.core.masters import KINDS
from postroom.tui.pages.records import RecordCard, RecordsPage, key_of
from postroom.tui.pages.users import UserCard

Size = tuple[int, int]


def record(slug: str, key: str) -> dict[str, Any]:
    """A record as it stands now."""
    (found,) = [row for row in masters.list_records(slug) if key_of(KINDS[slug], row) == key]
    return found


NEW = [
    pytest.param("customer", "C77", "name", "Copper & Kettle", None, "Copper & Kettle", marks=pytest.mark.full),
    ("customer", "C77", "payment_days", "30", "soon", 30),
    pytest.param("vendor", "V77", "city", "Aarhus", None, "Aarhus", marks=pytest.mark.full),
    ("item", "I77", "unit_price", "12.50", "dear", Decimal("12.50")),
    ("gl-account", "7777", "name", "Sundry", None, "Sundry"),
    pytest.param("charge", "FREIGHT7", "description", "By sea", None, "By sea", marks=pytest.mark.full),
    pytest.param(
        "general-business-group", "ISLES", "description", "The isles", None, "The isles", marks=pytest.mark.full
    ),
    pytest.param("inventory-group", "TOYS", "description", "Toys", None, "Toys", marks=pytest.mark.full),
    pytest.param(
        "customer-posting-group", "ISLES", "description", "The isles", None, "The isles", marks=pytest.mark.full
    ),
    ("number-series", "S-7", "description", "Sevens", None, "Sevens"),
    ("currency", "CHF", "description", "Swiss franc", None, "Swiss franc"),
]
"""Of each kind a key that is new, a field, what is typed, something that is refused, and what is stored then."""


@pytest.mark.parametrize(("kind", "key", "field", "text", "wrong", "stored"), NEW)
async def test_a_record_is_made_opens_as_a_card_and_is_filled_in(
    sqlite_firm: Location, kind: str, key: str, field: str, text: str, wrong: str | None, stored: object
) -> None:
    title = KINDS[kind].title
    async with terminal(sqlite_firm, page=kind) as screen:
        await screen.press("ctrl+n")
        await screen.sees(f"New {title}")
        await screen.press("enter")
        await screen.sees("is blank")
        await screen.fills_in(key)
        await is_on(screen, RecordCard)
        await screen.sees(f"{title} {key}")
        await screen.at_field(field)
        await screen.press("f2")
        if wrong is not None:
            await screen.fills_in(wrong)
            await screen.sees(wrong, "Leave as it is")
        await screen.fills_in(text)
        await screen.until(lambda: record(kind, key)[field] == stored)
        await screen.sees_no("Leave as it is")
        await screen.press("escape", "n")
        await screen.fills_in(key)
        await screen.sees("exists already")


@pytest.mark.parametrize(
    ("kind", "wrong", "said", "key", "field", "text"),
    [
        ("exchange-rate", "CHF x 2026-01-01", "CHF", "USD x 2026-02-01", "factor", "6.85"),
        ("exchange-rate", "USD", "It has 2 parts", "USD x 2026-02-01", "factor", "6.85"),
        ("number-series-line", "NONE x 2027-01-01", "NONE", "S-INV x 2027-01-01", "starting_no", "INV27001"),
        ("general-posting-setup", "HOME x NONE", "NONE", "ABROAD x PARTS", "sales_account", "6100"),
    ],
)
async def test_a_record_whose_key_names_others_is_made_of_those_that_there_are(
    demo_firm: Location, kind: str, wrong: str, said: str, key: str, field: str, text: str
) -> None:
    before = len(masters.list_records(kind))
    async with terminal(demo_firm, page=kind) as screen:
        await screen.press("n")
        await screen.fills_in(wrong)
        await screen.sees(said, "Leave as it is")
        assert len(masters.list_records(kind)) == before
        await screen.fills_in(key)
        if any(one.is_required for one in KINDS[kind].fields):
            await screen.sees(next(one.caption for one in KINDS[kind].fields if one.is_required))
            await screen.press("enter")
            await screen.until(lambda: "blank" in screen.read or "is missing" in screen.read)
            assert len(masters.list_records(kind)) == before
            await screen.fills_in(text)
            await is_on(screen, RecordCard)
        else:
            await is_on(screen, RecordCard)
            await screen.changes(field, text)
        await screen.until(lambda: str(record(kind, key)[field]).startswith(text))


@pytest.mark.parametrize("size", SIZES)
async def test_a_field_of_yes_and_no_is_turned_and_one_of_choices_is_chosen(sqlite_firm: Location, size: Size) -> None:
    builders.party(Area.SALES)
    builders.item()
    async with terminal(sqlite_firm, size, "customer") as screen:
        await screen.sees("1 customer", "Name of C1")
        await screen.press("enter")
        await is_on(screen, RecordCard)
        await screen.at_field("blocked")
        await screen.press("space")
        await screen.hears("Blocked is not a field of Yes and No; Enter edits it.")
        await screen.press("enter")
        await screen.sees("Ship", "Invoice", "All")
        await screen.press("down", "down", "enter")
        await screen.until(lambda: record("customer", "C1")["blocked"] == "Invoice")
        await screen.press("escape")
        await screen.goes_to("items")
        await screen.is_on("item")
        await screen.press("enter")
        await is_on(screen, RecordCard)
        await screen.at_field("prevent_negative")
        await screen.press("space")
        await screen.until(lambda: record("item", "I1")["prevent_negative"] is True)
        await screen.until(lambda: "[x] Yes" in screen.line("Prevent Negative Inventory"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_group_is_chosen_among_those_that_there_are_by_a_part_of_its_name(
    sqlite_firm: Location, size: Size
) -> None:
    builders.party(Area.SALES)
    async with terminal(sqlite_firm, size, "customer") as screen:
        await screen.press("enter")
        await is_on(screen, RecordCard)
        await screen.at_field("general_business_group")
        await screen.sees("Enter shows every Gen. Business Posting Group.")
        await screen.press("enter")
        await screen.sees("(blank)", "ABROAD")
        await screen.type("abro")
        await screen.press("enter")
        await screen.until(lambda: record("customer", "C1")["general_business_group"] == "ABROAD")
        await screen.press("enter")
        await screen.answers("(blank)", "escape")
        assert record("customer", "C1")["general_business_group"] == "ABROAD"


async def test_an_account_that_postings_move_may_not_allow_direct_posting(sqlite_firm: Location) -> None:
    account = next(row["account_no"] for row in masters.list_records("customer-posting-group"))
    async with terminal(sqlite_firm, page="gl-account") as screen:
        await screen.press("slash")
        await screen.fills_in(f"no={account}")
        await screen.sees("1 account")
        await screen.press("enter")
        await is_on(screen, RecordCard)
        await screen.at_field("direct_posting")
        await screen.press("space")
        await screen.sees("Not done", account)
        assert record("gl-account", account)["direct_posting"] is False


@pytest.mark.parametrize(
    ("kind", "no", "ledger"),
    [
        ("customer", "C1", "Customer Ledger Entries"),
        ("item", "I1", "Item Ledger Entries"),
        ("gl-account", "", "G/L Entries"),
    ],
)
async def test_the_ledger_entries_of_a_record_are_a_key_away_in_list_and_card(
    sqlite_firm: Location, kind: str, no: str, ledger: str
) -> None:
    jobs.queued()
    jobs.run_all()
    no = no or next(
        row["account_no"] for row in masters.list_records("customer-posting-group") if row["code"] == "HOME"
    )
    async with terminal(sqlite_firm, page=kind) as screen:
        await screen.press("slash")
        await screen.fills_in(f"no={no}")
        await screen.until(lambda: len(screen.list.table.keys) == 1)
        await screen.press("l")
        await screen.sees(ledger, "1 entry", f"_no='{no}'")
        await screen.press("escape", "enter")
        await is_on(screen, RecordCard)
        await screen.press("l")
        await screen.sees(ledger, "1 entry", f"_no='{no}'")


async def test_without_setup_accounts_stay_as_they_are_and_without_post_customers_do(sqlite_firm: Location) -> None:
    builders.party(Area.SALES)
    builders.take_away("may_setup")
    users.set_user(current_user(), {"may_post": "false"}, user="boss")
    async with terminal(sqlite_firm, page="gl-account") as screen:
        await screen.press("n")
        await screen.fills_in("7777")
        await screen.sees("lacks the permission set Setup")
        await screen.press("escape")
        await screen.goes_to("customers")
        await screen.is_on("customer")
        await screen.press("enter")
        await is_on(screen, RecordCard)
        await screen.changes("name", "Other")
        await screen.sees("lacks the permission set Post")
    assert record("customer", "C1")["name"] == "Name of C1"
    assert not [row for row in masters.list_records("gl-account") if row["no"] == "7777"]


async def test_records_are_deleted_after_a_question_that_names_them_and_what_is_used_stays(
    sqlite_firm: Location,
) -> None:
    jobs.invoices()
    builders.party(Area.SALES, "C9", name="Typed in error")
    builders.party(Area.SALES, "C99")
    async with terminal(sqlite_firm, page="customer") as screen:
        await screen.sees("3 customers")
        await screen.press("G", "k", "D")
        await screen.answers("Delete customer C9? Typed in error", "escape")
        assert len(masters.list_records("customer")) == 3
        await screen.press("D")
        await screen.answers("Delete customer C9?", "y")
        await screen.sees("2 customers")
        await screen.press("asterisk", "D")
        await screen.answers("Delete 2 customers? C1, C99", "y")
        await screen.sees("1 done, 1 not", "names it in Customer No.", "Change or delete that document first.")
        await screen.press("escape")
        await screen.sees("1 customer", "Name of C1")


async def test_a_record_that_goes_while_its_card_is_open_is_said(sqlite_firm: Location) -> None:
    party = builders.party(Area.SALES)
    async with terminal(sqlite_firm, page="customer") as screen:
        await screen.press("enter")
        await is_on(screen, RecordCard)
        party.delete_instance()
        await screen.hears("Customer C1 does not exist.")
        await screen.sees("Customers", "There is none yet. Ctrl+N makes one.")
        await screen.press("enter")
        await screen.hears("Card: There is no record under the cursor.")


async def test_a_name_like_markup_and_escapes_shows_as_text(sqlite_firm: Location) -> None:
    builders.party(Area.SALES, name="[bold]A[/x] \x1b[31m")
    async with terminal(sqlite_firm, page="customer") as screen:
        await screen.sees("[bold]A[/x] \\e[31m")
        await screen.press("enter")
        await screen.sees("Customer C1   [bold]A[/x] \\e[31m")


@pytest.mark.parametrize("size", SIZES)
async def test_a_user_is_named_given_sets_and_dates_and_crossed_dates_are_refused(
    sqlite_firm: Location, size: Size
) -> None:
    async with terminal(sqlite_firm, size, "user-setup") as screen:
        await screen.sees("1 user")
        await screen.press("ctrl+n")
        await screen.press("enter")
        await screen.sees("is not a user name")
        await screen.fills_in("ann")
        await is_on(screen, UserCard)
        await screen.sees("User ann", "Permission Sets")
        await screen.at_field("job_queue_admin")
        await screen.press("space")
        await screen.until(lambda: users.show("ann").job_queue_admin)
        await screen.changes("allow_posting_from", "tomorrow")
        await screen.sees("tomorrow", "Leave as it is")
        await screen.fills_in("2026-03-01")
        await screen.until(lambda: str(users.show("ann").allow_posting_from) == "2026-03-01")
        await screen.changes("allow_posting_to", "2026-02-01")
        await screen.sees("is later than Allow Posting To")
        await screen.fills_in("2026-03-31")
        await screen.until(lambda: str(users.show("ann").allow_posting_to) == "2026-03-31")
        await screen.press("escape")
        await screen.press("g")
        await screen.sees("2 users", "Posting dates: 2026-03-01 to 2026-03-31")
        await screen.press("enter")
        await is_on(screen, UserCard)


async def test_the_last_one_with_setup_keeps_it(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="user-setup") as screen:
        await screen.press("enter")
        await is_on(screen, UserCard)
        await screen.at_field("may_setup")
        await screen.press("space")
        await screen.sees("Not done", "Nobody would have the permission set Setup any more.")
        assert users.show(current_user()).may_setup


async def test_prices_have_the_decimals_of_the_local_currency_and_quantities_and_rates_what_they_need(
    demo_firm: Location,
) -> None:
    (lantern,) = masters.list_records("item", "no=1000")
    async with terminal(demo_firm, page="item") as screen:
        await screen.sees("Storm lantern, brass")
        assert screen.line("Storm lantern, brass").split()[-3:] == [f"{lantern['stock_on_hand']:.0f}", "PCS", "64.00"]
        await screen.sees("Unit Cost: 31.50")
        await screen.goes_to("VAT posting setup")
        await screen.until(lambda: screen.line("VAT25").split()[-1] == "0")


@pytest.mark.parametrize("kind", list(KINDS))
def test_no_caption_of_a_list_is_cut(kind: str) -> None:
    columns = RecordsPage(kind, kind).columns()
    assert [column.caption for column in columns if 0 < column.width < len(column.caption)] == []


async def test_a_text_that_is_too_long_is_quoted_in_part_by_the_error(sqlite_firm: Location) -> None:
    builders.party(Area.SALES)
    async with terminal(sqlite_firm, page="customer") as screen:
        await screen.press("enter")
        await screen.at_field("address")
        await screen.press("enter")
        await screen.until(lambda: isinstance(screen.app.focused, Input))
        assert isinstance(screen.app.focused, Input)
        screen.app.focused.value = "abcdefghij" * 50
        await screen.press("enter")
        await screen.sees("Address: abcdefghijabcdefghijabcdefghijabcdefghi… is too long: at most")
