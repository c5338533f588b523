"""Posting register, trial balance and batch result: exact, balanced, narrowed, on paper and as text."""

from __future__ import annotations

import io
import secrets
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import builders
import pytest
from builders import document, item_line
from jobs import run_all
from pypdf import PdfReader

from postroom.core import database as engine
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, Refused, UsageError
from postroom.core.jobs import background, batches, entries
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import Area, DocumentType, ReportOutput
from postroom.core.posting import post
from postroom.core.printing import inbox, listings, print_jobs, printers, rendering, selections
from postroom.core.printing.listings import HEADING, LINE, TOTAL
from postroom.core.printing.reports import BATCH_RESULT, LISTINGS, POSTING_REGISTER, TRIAL_BALANCE, Listing
from postroom.core.tables.ledgers import GlEntry
from postroom.core.tables.trade import Party
from postroom.core.tables.work import JobQueueEntry


def posted(day: date, price: Any = 100, type_: DocumentType = DocumentType.SALES_INVOICE) -> None:
    id_ = document(type_, [item_line("I1", 1, price)], posting_date=day)
    with engine.transaction():
        post.write(post.prepare(id_, user="ann", posting_id=secrets.token_hex(8)))


@pytest.fixture
def trade(firm: Location) -> Location:
    builders.party(Area.SALES, "C1")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1")
    return firm


def rows(listing: Listing, about: str, style: str = LINE) -> list[list[str]]:
    content = listings.read(listing, about).content
    return [row["cells"] for row in content["rows"] if row["style"] == style]


def number(cell: str) -> Decimal:
    return Decimal(cell.replace(",", "") or "0")


def test_a_posting_register_has_every_entry_and_each_register_balances(trade: Location) -> None:
    posted(date(2026, 3, 2))
    posted(date(2026, 3, 3), "1234.56", DocumentType.PURCHASE_INVOICE)
    told = rows(POSTING_REGISTER, "")
    assert len(told) == GlEntry.select().count()
    assert ["Invoice", "125.00"] in [[row[0].split()[0], row[3]] for row in told]
    assert sum(number(row[3]) - number(row[4]) for row in told) == 0
    first, second, all_ = rows(POSTING_REGISTER, "", TOTAL)
    assert first[3:] == ["125.00", "125.00"]
    assert number(all_[3]) == number(first[3]) + number(second[3])
    assert all(row[3] == row[4] for row in (first, second, all_))
    (heading, _) = rows(POSTING_REGISTER, "", HEADING)
    assert heading == ["Register 1  2026-03-02  SALES  ann"]


@pytest.mark.parametrize(
    ("about", "count"), [("2", 1), ("2..", 2), ("1|3", 2), ("posting_date=2026-03-02..2026-03-03", 2)]
)
def test_a_posting_register_is_narrowed_by_a_filter(trade: Location, about: str, count: int) -> None:
    for day in (2, 3, 4):
        posted(date(2026, 3, day))
    assert len(rows(POSTING_REGISTER, about, HEADING)) == count


def test_a_trial_balance_tells_net_change_and_balance_and_its_sides_agree(trade: Location) -> None:
    posted(date(2026, 2, 27))
    posted(date(2026, 3, 2))
    posted(date(2026, 3, 9))
    told = {row[0]: row[2:] for row in rows(TRIAL_BALANCE, "2026-03-01..2026-03-05")}
    receivables = GlEntry.get(GlEntry.amount == Decimal(125)).account_no
    assert told[receivables] == ["125.00", "", "250.00", ""]
    (total,) = rows(TRIAL_BALANCE, "2026-03-01..2026-03-05", TOTAL)
    assert total == ["", "Total", "125.00", "125.00", "250.00", "250.00"]
    whole = {row[0]: number(row[4]) - number(row[5]) for row in rows(TRIAL_BALANCE, "")}
    assert whole == builders.balances()


def test_what_a_listing_cannot_be_about_is_refused_before_it_is_queued(trade: Location) -> None:
    posted(date(2026, 3, 2))
    for listing, about, error, words in (
        (TRIAL_BALANCE, "March", UsageError, "March is not a period"),
        (TRIAL_BALANCE, "2026-03-05..2026-03-01", UsageError, "ends before it begins"),
        (TRIAL_BALANCE, "..2020-01-01", Refused, "No account has a balance"),
        (POSTING_REGISTER, "99", Refused, "no register 99"),
        (POSTING_REGISTER, "no=(", UsageError, r"\("),
        (POSTING_REGISTER, "colour=red", UsageError, "colour"),
        (BATCH_RESULT, "", UsageError, "one batch no"),
        (BATCH_RESULT, "9" * 30, UsageError, "one batch no"),
        (BATCH_RESULT, "7", NotFound, "no batch 7"),
    ):
        with pytest.raises(error, match=words) as refused:
            print_jobs.print_listing(listing, about, user=current_user())
        assert refused.value.problems[0].hint
    assert not JobQueueEntry.select().exists()


def test_a_listing_that_nobody_could_read_is_refused(trade: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    posted(date(2026, 3, 2))
    monkeypatch.setattr(listings, "LARGEST", 2)
    with pytest.raises(Refused, match="more than 2 lines"):
        listings.read(POSTING_REGISTER, "")


def test_a_batch_result_tells_what_became_of_each_document(trade: Location) -> None:
    builders.party(Area.SALES, "C2", name="Blocked & Sons")
    ids = [document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 10)], no=f"B{place}") for place in (1, 2)]
    ids.append(document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 10)], "C2", no="B3"))
    background.post(ids, PostRequest(mode="queue"), user=current_user())
    (batch,) = batches.list_batches()
    Party.update(blocked="All").where(Party.no == "C2").execute()
    held = JobQueueEntry.get(JobQueueEntry.record_no == "B2")
    entries.set_on_hold([held.id], user=current_user())
    run_all()
    about = str(batch.no)
    told = {row[1]: (row[2], row[3]) for row in rows(BATCH_RESULT, about)}
    assert set(told) == {"B1", "B2", "B3"}
    assert told["B1"][1].startswith("Shipment ")
    assert "Invoice " in told["B1"][1]
    assert "on hold" in told["B2"][1].lower()
    assert told["B3"][0] == "Blocked & Sons"
    assert "C2 is blocked" in told["B3"][1]
    facts = {fact["name"]: fact["value"] for fact in listings.read(BATCH_RESULT, about).content["facts"]}
    assert facts["Result"] == "3 documents: 1 posted, 1 in error, 1 to go"


def test_a_batch_result_tells_the_documents_that_share_a_number_apart(trade: Location) -> None:
    kinds = (DocumentType.SALES_INVOICE, DocumentType.PURCHASE_INVOICE)
    ids = [document(kind, [item_line("I1", 1, 10)], no="SAME") for kind in kinds]
    background.post(ids, PostRequest(mode="queue"), user=current_user())
    (batch,) = batches.list_batches()
    names = {kind: Party.get(Party.area == kind.area).name for kind in kinds}
    assert len(set(names.values())) == 2
    assert {row[0]: row[2] for row in rows(BATCH_RESULT, str(batch.no))} == {kind.title: names[kind] for kind in kinds}


def test_a_listing_comes_into_the_inbox_with_its_text_and_on_its_printer(trade: Location, tmp_path: Path) -> None:
    posted(date(2026, 3, 2))
    user = current_user()
    first = print_jobs.print_listing(TRIAL_BALANCE, "..2026-03-31", user=user)
    (ran,) = entries.run_once([first], user=user)
    assert ran.errors == ()
    (report,) = inbox.list_reports(user=user)
    assert report.description == "Trial Balance ..2026-03-31"
    assert inbox.listing_of(report.id, user=user) == listings.read(TRIAL_BALANCE, "..2026-03-31").content
    printers.add("FILES", {"folder": str(tmp_path)}, user=user)
    selections.select("FILES", report=TRIAL_BALANCE.name, user=user)
    second = print_jobs.print_listing(TRIAL_BALANCE, "..2026-03-31", user=user, output=ReportOutput.PRINT)
    assert entries.run_once([second], user=user)[0].errors == ()
    (file,) = tmp_path.glob("*.pdf")
    assert file.name == "trial-balance-..2026-03-31.pdf"


def test_every_listing_on_paper_says_what_its_text_says(trade: Location) -> None:
    for day in range(1, 29):
        posted(date(2026, 3, day))
    for listing, about in ((POSTING_REGISTER, ""), (TRIAL_BALANCE, "..")):
        made = listings.read(listing, about)
        pages = PdfReader(io.BytesIO(rendering.pdf(made))).pages
        on_paper = "".join("".join(page.extract_text().split()) for page in pages)
        for row in made.content["rows"]:
            for cell in row["cells"]:
                assert "".join(cell.replace("\u200b", "").split()) in on_paper
        assert f"Page1of{len(pages)}" in on_paper


def test_every_listing_has_a_sample(firm: Location) -> None:
    for listing in LISTINGS.values():
        assert rendering.pdf(listings.sample(listing)).startswith(b"%PDF")
