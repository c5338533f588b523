"""The demo company: alike each time, of all eight types, and failing exactly where it is meant to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

import pytest

from postroom.core import company, demo, documents, masters, verify
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotPermitted, Refused
from postroom.core.jobs import background
from postroom.core.jobs.background import PostRequest
from postroom.core.kinds import DocumentType, LineType
from postroom.core.tables.ledgers import GlRegister
from postroom.core.tables.trade import Document, DocumentLine


def post_everything() -> dict[str, list[str]]:
    """Post all documents in their order; the codes of the problems of those that fail, by number."""
    ids = [document.id for document in documents.list_documents()]
    results = background.post(ids, PostRequest(mode="now"), user=current_user())
    assert {result.result for result in results} == {"posted", "failed"}
    return {result.no: [problem.code for problem in result.errors] for result in results if result.errors}


def test_exactly_the_designed_documents_fail_each_for_its_one_reason_and_all_invariants_hold(firm: Location) -> None:
    demo.fill(user=current_user())
    all_documents = len(documents.list_documents())
    assert post_everything() == {no: [code] for no, code in demo.EXPECTED_FAILURES.items()}
    assert {document.no for document in documents.list_documents()} == set(demo.EXPECTED_FAILURES)
    assert GlRegister.select().count() == 1 + all_documents - len(demo.EXPECTED_FAILURES)
    assert [check for check in verify.verify().checks if not check.ok] == []


def test_all_of_them_can_be_queued_whatever_is_wrong_with_them(firm: Location) -> None:
    demo.fill(user=current_user())
    ids = [document.id for document in documents.list_documents()]
    results = background.post(ids, PostRequest(queue_anyway=True), user=current_user())
    assert {result.result for result in results} == {"queued"}


@pytest.mark.parametrize("precision", ["1", "0.0001"])
def test_the_same_documents_fail_with_another_amount_precision(
    make_sqlite: Callable[..., Location], precision: str
) -> None:
    company.open_company(make_sqlite(precision))
    demo.fill(user=current_user())
    assert post_everything() == {no: [code] for no, code in demo.EXPECTED_FAILURES.items()}


def test_a_dozen_documents_fail_for_a_dozen_different_reasons() -> None:
    assert len(demo.EXPECTED_FAILURES) >= 12
    assert len(set(demo.EXPECTED_FAILURES.values())) >= 12


def test_it_has_documents_of_all_types_with_every_kind_of_line_and_term(firm: Location) -> None:
    demo.fill(user=current_user())
    listed = documents.list_documents()
    assert 75 <= len(listed) <= 90
    assert set(Counter(document.type for document in listed)) == set(DocumentType)
    assert {line.type for line in DocumentLine.select()} == set(LineType)
    for condition in (
        Document.prices_including_vat,
        Document.invoice_discount_amount > 0,
        Document.currency_code != "",
    ):
        assert Document.select().where(condition).exists()
    for condition in (
        DocumentLine.line_discount_percent > 0,
        DocumentLine.line_discount_amount > 0,
        DocumentLine.price_per_quantity > 1,
        DocumentLine.quantity < 0,
    ):
        assert DocumentLine.select().where(condition).exists()
    assert all(document.amount for document in listed)
    assert {row["general_business_group"] for row in masters.list_records("customer")} == {"HOME", "UNION", "ABROAD"}
    assert (len(masters.list_records("customer")), len(masters.list_records("vendor"))) == (20, 15)
    assert len(masters.list_records("item", "stock_on_hand>0")) >= 29


def test_two_demo_companies_are_alike(make: Callable[..., Location]) -> None:
    seen = []
    for _ in range(2):
        company.open_company(make())
        demo.fill(user=current_user())
        seen.append([asdict(documents.show(document.id)) for document in documents.list_documents()])
        company.close()
    assert seen[0] == seen[1]


def test_the_next_number_goes_on_after_the_demo_documents(firm: Location) -> None:
    demo.fill(user=current_user())
    numbers = {document.no for document in documents.list_documents()}
    assert documents.new("sales-invoice", user=current_user()).no not in numbers


def test_filling_takes_less_than_a_second(sqlite_firm: Location) -> None:
    started = time.process_time()
    demo.fill(user=current_user())
    assert time.process_time() - started < 1


def test_it_goes_into_a_new_company_only_and_needs_setup(firm: Location) -> None:
    with pytest.raises(NotPermitted):
        demo.fill(user="ann")
    demo.fill(user=current_user())
    with pytest.raises(Refused, match="not empty"):
        demo.fill(user=current_user())
