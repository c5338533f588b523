"""Job Queue Categories: made, renamed with all that names them, deleted when nothing does."""

from __future__ import annotations

import pytest
from jobs import ANN, assert_verified, changes, claimed, queue_invoice, row, wait_entry

from postroom.core import setups
from postroom.core.company import current_user
from postroom.core.errors import NotFound, NotPermitted, PostroomError, Refused
from postroom.core.jobs import categories, claims, entries, queues, runs
from postroom.core.jobs.categories import CategoryView
from postroom.core.kinds import EntryStatus
from postroom.core.tables.setup import Company, PurchasesSetup, SalesSetup
from postroom.core.tables.work import JobQueueCategory

pytestmark = pytest.mark.usefixtures("firm")


def codes() -> list[str]:
    return [one.code for one in categories.list_categories()]


def test_categories_are_listed_with_how_many_entries_bear_them() -> None:
    before = codes()
    assert before == sorted(before)
    assert {"SALESPOST", "PURCHPOST"} <= set(before)
    assert categories.add("SLOW", "Slow ones", user=current_user()) == CategoryView("SLOW", "Slow ones", 0)
    for _ in range(2):
        wait_entry(category_code="SLOW")
    assert CategoryView("SLOW", "Slow ones", 2) in categories.list_categories()
    assert changes("Job Queue Category") == [(current_user(), "Insert", "", "", "")]


@pytest.mark.parametrize("bad", ["", "   ", "X" * 200])
def test_a_code_that_is_none_is_refused(bad: str) -> None:
    before = codes()
    with pytest.raises(PostroomError) as refused:
        categories.add(bad, user=current_user())
    assert (refused.value.problems[0].code, refused.value.problems[0].field) == ("bad_value", "code")
    with pytest.raises(PostroomError):
        categories.rename("SALESPOST", bad, user=current_user())
    assert codes() == before


def test_a_category_is_described_anew_and_the_change_is_kept() -> None:
    categories.add("SLOW", "Slow ones", user=current_user())
    assert categories.describe("SLOW", " Very slow ", user=current_user()).description == "Very slow"
    assert changes("Job Queue Category")[-1] == (*(current_user(), "Modify", "Description", "Slow ones", "Very slow"),)
    with pytest.raises(NotFound):
        categories.describe("NOWHERE", "x", user=current_user())
    with pytest.raises(NotPermitted):
        categories.describe("SLOW", "x", user="bob")


def test_a_description_that_cannot_be_kept_is_refused() -> None:
    for act in (
        lambda: categories.add("SLOW", "x" * 251, user=current_user()),
        lambda: categories.describe("SALESPOST", "x" * 251, user=current_user()),
    ):
        with pytest.raises(PostroomError) as refused:
            act()
        assert refused.value.problems[0].field == "description"
    assert "SLOW" not in codes()


def test_a_renamed_category_takes_entries_and_setups_along() -> None:
    running, waiting, failed = queue_invoice(), queue_invoice(), queue_invoice()
    other = wait_entry(category_code="PURCHPOST")
    claim = claimed()
    assert claim.entry_no == running.entry_no
    entries.set_on_hold([failed.entry_no], user=ANN)
    version = Company.get_by_id(1).setup_version
    assert categories.rename("SALESPOST", "SALES", user=current_user()) == CategoryView("SALES", view("SALES"), 3)
    assert "SALESPOST" not in codes()
    assert {row(one.id).category_code for one in (running, waiting, failed)} == {"SALES"}
    assert row(other.id).category_code == "PURCHPOST"
    assert SalesSetup.get_by_id(1).job_queue_category_code == "SALES"
    assert PurchasesSetup.get_by_id(1).job_queue_category_code == "PURCHPOST"
    assert Company.get_by_id(1).setup_version > version
    assert row(running.id).status is EntryStatus.IN_PROCESS
    assert changes("Job Queue Category") == [(current_user(), "Rename", "Code", "SALESPOST", "SALES")]
    assert row(queue_invoice().id).category_code == "SALES"
    runs.run(claim)
    assert_verified()


def test_a_renamed_category_is_still_taken_by_the_job_queues_that_name_it() -> None:
    queues.change("PPPOST", {"category_filter": "PURCHPOST|'salespost'|SALES*"}, user=current_user())
    categories.rename("SALESPOST", "SALES&MORE", user=current_user())
    assert queues.show("SPPOST").category_filter == "'SALES&MORE'"
    assert queues.show("PPPOST").category_filter == "PURCHPOST|'SALES&MORE'|SALES*"
    assert queues.show("DEFAULT").category_filter == "<>'SALES&MORE'&<>PURCHPOST&<>PRINT*"
    assert (current_user(), "Modify", "Job Queue Category Filter", "SALESPOST", "'SALES&MORE'") in changes("Job Queue")
    queue_invoice()
    runs.run(claimed())
    assert_verified()


def view(code: str) -> str:
    """The description of a category."""
    (found,) = (one.description for one in categories.list_categories() if one.code == code)
    return found


def test_a_renamed_category_still_runs_one_entry_at_a_time() -> None:
    for _ in range(2):
        wait_entry(category_code="SALESPOST")
    claim = claimed()
    categories.rename("SALESPOST", "SALES", user=current_user())
    assert claims.claim_next(claims.Worker("host", 1, "start", "one")) is None
    runs.run(claim)
    assert claimed().category_code == "SALES"


def test_two_categories_are_never_made_one() -> None:
    for refuse in (
        lambda: categories.rename("SALESPOST", "PURCHPOST", user=current_user()),
        lambda: categories.add("SALESPOST", user=current_user()),
    ):
        with pytest.raises(Refused) as refused:
            refuse()
        assert refused.value.problems[0].code == "category_exists"
    assert SalesSetup.get_by_id(1).job_queue_category_code == "SALESPOST"


def test_a_used_category_is_not_deleted_and_the_refusal_says_by_what_it_is_used() -> None:
    with pytest.raises(Refused, match="used by Sales & Receivables Setup") as refused:
        categories.delete("SALESPOST", user=current_user())
    assert refused.value.problems[0].code == "category_used"
    with pytest.raises(Refused, match="Purchases & Payables Setup"):
        categories.delete("PURCHPOST", user=current_user())
    categories.add("SLOW", user=current_user())
    entry = wait_entry(category_code="SLOW")
    with pytest.raises(Refused, match="used by 1 job queue entry"):
        categories.delete("SLOW", user=current_user())
    entries.delete([entry.entry_no], user=ANN)
    categories.delete("SLOW", user=current_user())
    assert "SLOW" not in codes()
    assert changes("Job Queue Category")[-1][1] == "Delete"


def test_a_category_that_setup_no_longer_names_can_go() -> None:
    (key,) = (
        field.key
        for field in setups.list_fields()
        if field.key.startswith("sales") and field.key.endswith("job_queue_category_code")
    )
    setups.change({key: ""}, user=current_user())
    categories.delete("SALESPOST", user=current_user())
    assert JobQueueCategory.get_or_none(JobQueueCategory.code == "SALESPOST") is None


def test_categories_need_job_queue_admin_and_a_name_that_exists() -> None:
    for refused in (
        lambda: categories.add("SLOW", user=ANN),
        lambda: categories.rename("SALESPOST", "SALES", user=ANN),
        lambda: categories.delete("SALESPOST", user=ANN),
    ):
        with pytest.raises(NotPermitted):
            refused()
    for missing in (
        lambda: categories.rename("SALESPOTS", "SALES", user=current_user()),
        lambda: categories.delete("SALESPOTS", user=current_user()),
    ):
        with pytest.raises(NotFound, match="no job queue category SALESPOTS") as not_found:
            missing()
        assert "SALESPOST" in not_found.value.problems[0].hint
    assert "SALESPOST" in codes()
