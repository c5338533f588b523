"""Layouts of the company's own: imported once they can be set, in force, and named where they break."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import builders
import pytest
from builders import document, item_line
from pypdf import PdfReader

from postroom.core import database as engine
from postroom.core import users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, Refused, UsageError
from postroom.core.kinds import Area, DocumentType
from postroom.core.posting import post
from postroom.core.printing import layouts, own_layouts, paper, rendering
from postroom.core.printing.reports import REPORTS
from postroom.core.tables.setup import ChangeLogEntry

OWN = b"#let data = json(bytes(sys.inputs.data))\nRechnung #data.no"


@pytest.fixture
def invoice(firm: Location) -> str:
    """The no. of a posted sales invoice."""
    builders.party(Area.SALES, "C1")
    builders.item("I1")
    id_ = document(DocumentType.SALES_INVOICE, [item_line("I1", 1, 10)])
    with engine.transaction():
        made = post.write(post.prepare(id_, user="ann", posting_id=secrets.token_hex(8)))
    return made[1].no


def text_of(report: str, no: str) -> str:
    pdf = rendering.pdf(paper.read(REPORTS[report], no))
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def imported(name: str, source: bytes = OWN) -> None:
    own_layouts.import_layout(name, source, user=current_user())


def test_a_layout_of_ones_own_takes_the_place_of_the_standard_one_until_it_is_deleted(invoice: str) -> None:
    imported("document")
    assert text_of("sales-invoice", invoice) == f"Rechnung {invoice}"
    own_layouts.delete("document", user=current_user())
    assert "Rechnung" not in text_of("sales-invoice", invoice)
    kept = [(row.action, row.record, row.old_value, row.new_value) for row in ChangeLogEntry.select()]
    assert kept[-2:] == [("Insert", "document", "", "2 lines"), ("Delete", "document", "2 lines", "")]


def test_a_layout_for_one_report_stands_before_the_one_for_all_documents(invoice: str) -> None:
    imported("document", b"All documents")
    imported("sales-invoice", b"Sales invoices only")
    assert text_of("sales-invoice", invoice) == "Sales invoices only"
    assert layouts.in_force("sales-shipment").text == "All documents"
    used = {view.name: (view.used, view.is_own) for view in own_layouts.list_layouts()}
    assert used["sales-invoice"] == ("sales-invoice", True)
    assert used["sales-shipment"] == ("document", True)
    assert used["listing"] == ("listing", False)


def test_every_standard_layout_can_be_imported_as_it_was_exported(firm: Location) -> None:
    for name in layouts.NAMES:
        imported(name, own_layouts.export(name, standard=True).text.encode())
    assert all(view.is_own and view.used == view.name for view in own_layouts.list_layouts())


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        (b"#let a = 1\n#let b = (\n", 2, "unclosed delimiter"),
        (b"Fine\n\n#nothing", 3, "unknown variable: nothing"),
        (b'#let data = json(bytes(sys.inputs.data))\n#data.at("colour")', 2, "colour"),
        (b'#read("/../rendering.py")', 1, "escape"),
        (b'#read("../rendering.py")', 1, "escape"),
    ],
)
def test_a_layout_that_cannot_be_set_is_refused_with_its_line_and_the_one_before_holds(
    firm: Location, source: bytes, line: int, words: str
) -> None:
    imported("document")
    with pytest.raises(Refused) as refused:
        imported("document", source)
    (problem,) = refused.value.problems
    assert (problem.code, problem.record) == ("layout_broken", "Layout document")
    assert f"document.typ, line {line}," in problem.message
    assert words in problem.message
    assert layouts.in_force("document").text == OWN.decode()


def test_a_layout_that_breaks_on_one_document_names_its_line_and_goes_on_with_others(invoice: str) -> None:
    source = f'#let data = json(bytes(sys.inputs.data))\n#if data.no == "{invoice}" [#nothing] else [fine]'
    imported("sales-invoice", source.encode())
    with pytest.raises(Refused, match=r"sales-invoice\.typ, line 2, column \d+: unknown variable: nothing"):
        text_of("sales-invoice", invoice)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not UTF-8: line 1"),
        (b"a\n\xe9", "line 2"),
        (b"a\x00", "no text"),
        (b"a" * 1_000_001, "1,000,001"),
    ],
)
def test_what_is_no_layout_is_refused(sqlite_firm: Location, content: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        imported("document", content)


def test_an_unknown_name_is_refused_with_what_was_meant(sqlite_firm: Location) -> None:
    with pytest.raises(UsageError) as refused:
        imported("sales-invoce")
    assert refused.value.problems[0].hint == "Did you mean sales-invoice or purchase-invoice or sales-shipment?"
    with pytest.raises(NotFound, match="no layout document of its own"):
        own_layouts.delete("document", user=current_user())


def test_who_may_not_change_the_setup_imports_no_layout(sqlite_firm: Location, tmp_path: Path) -> None:
    users.set_user("bo", {"may_setup": "false"}, user=current_user())
    with pytest.raises(NotPermitted):
        own_layouts.import_layout("document", OWN, user="bo")
    with pytest.raises(NotPermitted):
        own_layouts.delete("document", user="bo")
