"""Posted documents on paper: what stands there, exactly, page by page, in A4 and letter, original and copy."""

from __future__ import annotations

import io
import itertools
import secrets
from decimal import Decimal
from typing import Any

import builders
import pytest
from builders import document, item_line
from pypdf import PdfReader

from postroom.core import database as engine
from postroom.core import setups
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound
from postroom.core.kinds import Area, DocumentType, LineType
from postroom.core.posting import post
from postroom.core.printing import paper, rendering
from postroom.core.printing.paper import Paper
from postroom.core.printing.reports import REPORTS, Report
from postroom.core.tables.ledgers import PostedDocument
from postroom.core.tables.setup import Currency


def posted(type_: DocumentType, *lines: dict[str, Any], **fields: Any) -> dict[str, str]:
    """Post a document of these lines; the posted numbers by report."""
    id_ = document(type_, lines, **fields)
    with engine.transaction():
        made = post.write(post.prepare(id_, user="ann", posting_id=secrets.token_hex(8)))
    return {Report(ref.area, ref.kind).name: ref.no for ref in made}


def on_paper(report: str, no: str, **options: Any) -> Paper:
    return paper.read(REPORTS[report], no, **options)


def pages_of(made: Paper) -> list[str]:
    """The text of each page of the PDF."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(rendering.pdf(made))).pages]


@pytest.fixture
def trade(firm: Location) -> Location:
    builders.party(Area.SALES, "C1", address="12 Long Lane", post_code="8000", city="Århus", country_code="DK")
    builders.party(Area.PURCHASE, "V1")
    builders.item("I1", unit="PCS")
    return firm


@pytest.fixture
def sqlite_trade(sqlite_firm: Location) -> Location:
    builders.party(Area.SALES, "C1")
    builders.item("I1", unit="PCS")
    return sqlite_firm


def test_an_invoice_bears_exact_amounts_discounts_and_its_vat_specification(trade: Location) -> None:
    invoice = posted(
        DocumentType.SALES_ORDER,
        item_line("I1", 1000, "1234.5", line_discount_percent=Decimal(10)),
        item_line("I1", 3, "0.335", vat="VAT10", price_per_quantity=Decimal(100), description="Nails"),
        {"type": LineType.COMMENT, "description": "In two parts"},
        invoice_discount_amount=Decimal("10"),
        external_document_no="PO-1",
    )["sales-invoice"]
    told = on_paper("sales-invoice", invoice).content
    first, second, comment = told["lines"]
    assert (first["quantity"], first["unit"], first["unit_price"]) == ("1,000", "PCS", "1,234.50")
    assert (first["discount"], first["vat_rate"], first["amount"]) == ("10%", "25%", "1,111,050.00")
    assert (second["unit_price"], second["price_per_quantity"], second["amount"]) == ("0.335", "100", "0.01")
    assert comment == {"type": "comment", "no": "", "description": "In two parts", "carried": "1,111,050.01"}
    row = PostedDocument.get(no=invoice)
    totals = told["totals"]
    assert (totals["lines"], totals["invoice_discount"]) == ("1,111,050.01", "10.00")
    assert totals["amount"] == f"{row.amount:,.2f}" == "1,111,040.01"
    assert totals["amount_including_vat"] == f"{row.amount_including_vat:,.2f}"
    assert [(group["group"], group["rate"]) for group in told["vat"]] == [("VAT25", "25%"), ("VAT10", "10%")]
    assert sum(Decimal(group["amount"].replace(",", "")) for group in told["vat"]) == row.vat_amount
    (page,) = pages_of(on_paper("sales-invoice", invoice))
    for text in ("12 Long Lane", "8000 Århus", f"Invoice {invoice}", "PO-1", "1,111,050.00", totals["amount"], "COPY"):
        assert (text in page) == (text != "COPY"), page


def test_every_report_can_be_printed(trade: Location) -> None:
    numbers: dict[str, str] = {}
    for type_ in (
        DocumentType.PURCHASE_ORDER,
        DocumentType.SALES_ORDER,
        DocumentType.SALES_RETURN_ORDER,
        DocumentType.PURCHASE_RETURN_ORDER,
    ):
        numbers |= posted(type_, item_line("I1", 2, 70))
    assert set(numbers) == set(REPORTS)
    for report, no in numbers.items():
        (page,) = pages_of(on_paper(report, no))
        assert no in page
        assert ("VAT Specification" in page) == ("invoice" in report or "memo" in report), report


def test_prices_including_vat_add_up_to_the_total(trade: Location) -> None:
    invoice = posted(
        DocumentType.SALES_INVOICE,
        item_line("I1", 1, "9.99"),
        item_line("I1", 1, "9.99"),
        prices_including_vat=True,
        invoice_discount_amount=Decimal("0.99"),
    )["sales-invoice"]
    told = on_paper("sales-invoice", invoice).content
    assert told["lines"][-1]["carried"] == told["totals"]["amount_including_vat"] == "18.99"
    (page,) = pages_of(on_paper("sales-invoice", invoice))
    assert "include VAT" in page


def test_reverse_charge_and_a_foreign_currency_say_so(trade: Location) -> None:
    builders.party(Area.SALES, "C2", group="UNION")
    Currency.create(code="JPY", amount_rounding_precision="1", unit_amount_rounding_precision="1")
    invoice = posted(
        DocumentType.SALES_INVOICE,
        item_line("I1", 1, 5000),
        party_no="C2",
        currency_code="JPY",
        currency_factor=Decimal("0.0061"),
    )["sales-invoice"]
    (page,) = pages_of(on_paper("sales-invoice", invoice))
    assert "Reverse charge" in page
    assert "1 JPY = 0.0061 EUR" in page
    assert on_paper("sales-invoice", invoice).content["totals"]["amount"] == "5,000"


@pytest.mark.parametrize("lines", [1, 40, 200])
def test_what_one_page_carries_forward_the_next_one_brings_forward(sqlite_trade: Location, lines: int) -> None:
    invoice = posted(
        DocumentType.SALES_INVOICE,
        *(item_line("I1", 1, f"{number}.25", description=f"Thing {number}") for number in range(1, lines + 1)),
    )["sales-invoice"]
    made = on_paper("sales-invoice", invoice)
    pages = pages_of(made)
    assert (len(pages) > 1) == (lines > 30)
    text = "\n".join(pages)
    assert all(f"Thing {number}" in text for number in range(1, lines + 1))
    for number, (page, following) in enumerate(itertools.pairwise(pages), 1):
        assert f"Page {number} of {len(pages)}" in page
        if "Carried forward" in page:
            last = max(int(word) for word in _after(page, "Thing "))
            carried = made.content["lines"][last - 1]["carried"]
            assert page.split("Carried forward")[1].split()[0] == carried
            assert following.split("Brought forward")[1].split()[0] == carried
    assert "Carried forward" not in pages[-1]
    assert made.content["lines"][-1]["carried"] == made.content["totals"]["amount"]


def _after(text: str, word: str) -> list[str]:
    return [part.split()[0] for part in text.split(word)[1:]]


def test_a_copy_is_marked_on_every_page(sqlite_trade: Location) -> None:
    invoice = posted(DocumentType.SALES_INVOICE, *[item_line("I1", 1, 10)] * 60)["sales-invoice"]
    copy = on_paper("sales-invoice", invoice, copy_no=2)
    assert copy.name == f"Sales Invoice {invoice} Copy 2"
    pages = pages_of(copy)
    assert len(pages) > 1
    assert all("COPY" in page.replace(" ", "") for page in pages)


@pytest.mark.parametrize(("size", "width"), [("A4", 595), ("Letter", 612)])
def test_the_paper_is_that_of_company_information_and_bears_what_it_says(
    sqlite_trade: Location, size: str, width: int
) -> None:
    setups.change(
        {
            "company.paper_size": size,
            "company.name": "Cronus Ltd.",
            "company.iban": "GB33 BUKB 2020",
            "company.vat_registration_no": "GB777",
        },
        user=current_user(),
    )
    invoice = posted(DocumentType.SALES_INVOICE, item_line("I1", 1, 10))["sales-invoice"]
    (page,) = PdfReader(io.BytesIO(rendering.pdf(on_paper("sales-invoice", invoice)))).pages
    assert round(page.mediabox.width) == width
    for text in ("Cronus Ltd.", "IBAN GB33 BUKB 2020", "VAT Reg. No. GB777"):
        assert text in page.extract_text()


def test_long_wide_and_hostile_texts_stay_texts(sqlite_trade: Location) -> None:
    hostile = '#panic("x") *bold* $x$ @preview \x1b[31m \\ "'
    invoice = posted(
        DocumentType.SALES_INVOICE,
        item_line("I1", 1, "9999999", description="x" * 250),
        item_line("I1", 1, 1, description="\n".join("ab" for _ in range(80))),
        item_line("I1", 1, 1, description=hostile),
        item_line("I1", 1, 1, description="Łódź Ærø Ελλάδα Київ 東京 שלום"),
    )["sales-invoice"]
    text = "\n".join(pages_of(on_paper("sales-invoice", invoice)))
    assert '#panic("x")' in text
    assert "\\e[31m" in text
    assert "\x1b" not in text
    assert text.count("ab") >= 80
    assert "Łódź Ærø Ελλάδα Київ" in text
    assert "".join(text.split()).count("x" * 200) == 1


def test_a_document_that_is_not_there_is_named(sqlite_trade: Location) -> None:
    with pytest.raises(NotFound, match="Sales Invoice 999"):
        on_paper("sales-invoice", "999")
