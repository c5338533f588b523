"""What follows a document's dates when a posting or a batch replaces them: the due date, the currency factor."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import builders
import pytest
from builders import DAY, document, item_line

from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import background
from postroom.core.jobs.background import DocumentResult, PostRequest
from postroom.core.kinds import Area, DocumentType
from postroom.core.tables.ledgers import PartyLedgerEntry, PostedDocument
from postroom.core.tables.setup import Company, Currency, ExchangeRate
from postroom.core.tables.trade import Document

D = Decimal
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
DATES = {"posting_date": MAY, "replace_posting_date": True, "replace_document_date": True}


@pytest.fixture
def trade(firm: Location) -> Location:
    """A customer with terms of 30 days, an item, and dollars: 0.80 from March on, 0.90 from the middle of April."""
    builders.party(Area.SALES, payment_days=30)
    builders.item()
    Currency.create(code="USD")
    ExchangeRate.create(currency_code="USD", starting_date=date(2026, 3, 1), factor=D("0.8"))
    ExchangeRate.create(currency_code="USD", starting_date=date(2026, 4, 15), factor=D("0.9"))
    Company.update(setup_version=Company.setup_version + 1).execute()
    return firm


def invoice(**fields: Any) -> int:
    """An invoice in dollars at the rate of its day, due by the customer's terms."""
    fields = {"currency_code": "USD", "currency_factor": D("0.8"), "due_date": DAY + timedelta(30), **fields}
    return document(DocumentType.SALES_INVOICE, [item_line()], **fields)


def post(document_id: int, **request: Any) -> DocumentResult:
    (result,) = background.post([document_id], PostRequest(**request), user=current_user())
    return result


def terms_of(document_id: int) -> tuple[date, date, date, Decimal]:
    found = Document.get_by_id(document_id)
    return found.posting_date, found.document_date, found.due_date, found.currency_factor


def test_the_due_date_and_the_rate_follow_the_dates_that_a_queued_document_gets(trade: Location) -> None:
    made = invoice()
    assert post(made, mode="queue", **DATES).result == "queued"
    assert terms_of(made) == (MAY, MAY, date(2026, 5, 31), D("0.9"))


def test_what_was_typed_instead_stays(trade: Location) -> None:
    easter = date(2026, 4, 5)
    made = invoice(currency_factor=D("0.77"), due_date=easter)
    post(made, mode="queue", **DATES)
    assert terms_of(made) == (MAY, MAY, easter, D("0.77"))


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        ("replace_posting_date", (MAY, DAY, APRIL, D("0.9"))),
        ("replace_document_date", (DAY, MAY, date(2026, 5, 31), D("0.8"))),
    ],
)
def test_each_date_takes_along_what_comes_of_it_alone(trade: Location, replaced: str, expected: object) -> None:
    made = invoice()
    post(made, mode="queue", posting_date=MAY, **{replaced: True})
    assert terms_of(made) == expected


def test_a_posting_in_the_session_books_at_the_rate_of_the_new_date(trade: Location) -> None:
    result = post(invoice(), mode="now", **DATES)
    posted = PostedDocument.get(PostedDocument.no == result.posted[-1].no)
    assert (posted.posting_date, posted.due_date, posted.currency_factor) == (MAY, date(2026, 5, 31), D("0.9"))
    entry = PartyLedgerEntry.get()
    assert (entry.amount, entry.amount_lcy, entry.due_date) == (D(125), D("112.50"), date(2026, 5, 31))


@pytest.mark.parametrize("mode", ["now", "queue"])
def test_a_date_without_a_rate_is_refused_and_the_document_stays_as_it_was(trade: Location, mode: str) -> None:
    made = invoice()
    before = terms_of(made)
    early = {**DATES, "posting_date": date(2026, 2, 1)}
    result = post(made, mode=mode, **early)
    (problem,) = result.errors
    assert (result.result, problem.code, problem.field) == ("refused", "currency_invalid", "currency_factor")
    assert problem.message == "Currency USD has no exchange rate on 2026-02-01."
    assert terms_of(made) == before
    assert post(made, check_only=True, **early).result == "failed"
    local = invoice(currency_code="", currency_factor=D(1))
    assert post(local, mode="queue", **early).result == "queued"


def test_a_check_sees_the_dates_that_the_posting_would_get_and_keeps_none(trade: Location) -> None:
    made = invoice(posting_date=None)
    before = Document.get_by_id(made).version
    assert [problem.code for problem in post(made, check_only=True).errors] == ["posting_date_missing"]
    assert post(made, check_only=True, posting_date=MAY, replace_posting_date=True).result == "checked"
    assert Document.get_by_id(made).version == before
