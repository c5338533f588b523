"""Printers and outputs: folders, CUPS queues for real, the Report Inbox, and which printer a report goes to."""

from __future__ import annotations

import io
import os
import resource
import signal
import threading
from pathlib import Path

import pytest
from consumer_process import until
from print_system import PrintSystem, told
from printing_by_hand import posted_invoice
from pypdf import PdfReader

from postroom.core import users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, PrinterFailed, Refused, UsageError
from postroom.core.jobs import categories
from postroom.core.kinds import PostedKind
from postroom.core.printing import cups, folder, inbox, layouts, printers, rendering, selections
from postroom.core.tables.setup import ChangeLogEntry
from postroom.core.tables.work import InboxReport, JobQueueCategory, Printer

PDF = b"%PDF-1.7 a page\n%%EOF\n"


def me() -> str:
    return current_user()


def test_a_file_is_there_at_once_and_whole_and_never_over_another(tmp_path: Path) -> None:
    paths = [folder.put(str(tmp_path), "sales-invoice-103001", content) for content in (PDF, b"second", b"third")]
    assert [path.name for path in paths] == [
        "sales-invoice-103001.pdf",
        "sales-invoice-103001-2.pdf",
        "sales-invoice-103001-3.pdf",
    ]
    assert [path.read_bytes() for path in paths] == [PDF, b"second", b"third"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_system_without_links_gets_its_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert [folder.put(str(tmp_path), "a", text).read_bytes() for text in (PDF, b"2")] == [PDF, b"2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.pdf", "a.pdf"]


@pytest.mark.parametrize("no", ["../../etc/passwd", "/tmp/x", "..", ".hidden", "a/b\\c", "", "Ø 1\n2\x00"])
def test_no_document_no_leads_out_of_the_folder(tmp_path: Path, no: str) -> None:
    name = folder.file_name("sales-invoice", no)
    assert "/" not in name
    inside = tmp_path / "inside"
    inside.mkdir()
    assert folder.put(str(inside), name, PDF).resolve().parent == inside
    assert folder.file_name(no)[0] not in ".-"


def test_a_folder_that_is_not_there_is_told_and_nothing_left(tmp_path: Path) -> None:
    with pytest.raises(PrinterFailed, match="cannot be written: No such file"):
        folder.put(str(tmp_path / "gone"), "a", PDF)
    assert list(tmp_path.iterdir()) == []


def test_a_printer_comes_with_its_category_and_goes_with_it(firm: Location) -> None:
    made = printers.add("STORE", {"type": "cups", "cups_queue": "Store_Laser", "timeout": "2m"}, user=me())
    assert (made.type, made.cups_queue, made.timeout, made.category, made.state) == (
        *("CUPS", "Store_Laser", 120, "PRINT-STORE", "Ready"),
    )
    assert JobQueueCategory.get_by_id("PRINT-STORE").description == "Print jobs for STORE"
    with pytest.raises(Refused, match="belongs to printer STORE"):
        categories.delete("PRINT-STORE", user=me())
    with pytest.raises(Refused, match="belongs to the Report Inbox"):
        categories.rename("PRINT-PDF", "X", user=me())
    printers.failed("STORE", "It has no paper.")
    assert printers.show("STORE").state == "Not responding"
    changed = printers.change("STORE", {"description": "By the door"}, user=me())
    assert (changed.state, changed.last_message) == ("Ready", ""), "a Ready printer says nothing of an old failure"
    printers.delete("STORE", user=me())
    assert printers.list_printers() == []
    assert JobQueueCategory.get_or_none(JobQueueCategory.code == "PRINT-STORE") is None
    logged = [(row.action, row.field) for row in ChangeLogEntry.select().where(ChangeLogEntry.kind == "Printer")]
    assert logged == [("Insert", ""), ("Modify", "Description"), ("Delete", "")]


@pytest.mark.parametrize(
    ("code", "fields", "field"),
    [
        ("STORE", {"folder": "print"}, "folder"),
        ("STORE", {"type": "CUPS"}, "cups_queue"),
        ("STORE", {"type": "CUPS", "cups_queue": "-x"}, "cups_queue"),
        ("STORE", {"type": "CUPS", "cups_queue": "a b"}, "cups_queue"),
        ("STORE", {"type": "Fax", "folder": "/tmp"}, "type"),
        ("STORE", {"folder": "/tmp", "timeout": "0"}, "timeout"),
        ("STORE", {"folder": "/tmp", "colour": "1"}, "colour"),
        ("pdf", {"folder": "/tmp"}, "code"),
        ("A_CODE_TOO_LONG", {"folder": "/tmp"}, "code"),
    ],
)
def test_a_bad_printer_is_refused_by_field(
    sqlite_firm: Location, code: str, fields: dict[str, str], field: str
) -> None:
    with pytest.raises(UsageError) as refused:
        printers.add(code, fields, user=me())
    assert [problem.field for problem in refused.value.problems] == [field]
    assert Printer.select().count() == 0


@pytest.mark.parametrize(
    ("type_", "field", "caption"), [("File", "folder", "Folder"), ("CUPS", "cups_queue", "CUPS Queue")]
)
def test_a_printer_without_its_place_is_refused_by_the_name_on_screen_and_the_field(
    firm: Location, type_: str, field: str, caption: str
) -> None:
    places = {"folder": "/tmp"} if type_ == "CUPS" else {"type": "CUPS", "cups_queue": "Laser"}
    printers.add("STORE", places, user=me())
    with pytest.raises(UsageError) as refused:
        printers.change("STORE", {"type": type_, "description": "New"}, user=me())
    (problem,) = refused.value.problems
    assert problem.message == f"A printer of the type {type_} needs a {caption}."
    assert (problem.record, problem.field, problem.hint) == ("Printer STORE", field, f"Fill in {caption} ({field}=…).")
    view = printers.show("STORE")
    assert (view.type == type_, view.description) == (False, "")


def test_a_code_is_free_or_says_what_adding_it_would_say(firm: Location) -> None:
    assert printers.free_code("STORE", user=me()) == "STORE"
    assert printers.list_printers() == []
    printers.add("STORE", {"folder": "/tmp"}, user=me())
    for act in (
        lambda: printers.free_code("STORE", user=me()),
        lambda: printers.add("STORE", {"folder": "/srv"}, user=me()),
    ):
        with pytest.raises(Refused, match="There is a printer STORE already") as refused:
            act()
        assert refused.value.problems[0].record == "Printer STORE"
    assert printers.show("STORE").folder == "/tmp"


@pytest.mark.parametrize("code", ["", "pdf", "PDF", "A_CODE_TOO_LONG"])
def test_a_bad_code_is_refused_before_the_other_fields_are_asked_for(sqlite_firm: Location, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        printers.free_code(code, user=me())
    assert [problem.field for problem in refused.value.problems] == ["code"]


def test_printers_need_the_job_queue_admin(sqlite_firm: Location) -> None:
    for act in (
        lambda: printers.free_code("A", user="ann"),
        lambda: printers.add("A", {"folder": "/tmp"}, user="ann"),
        lambda: printers.change("A", {}, user="ann"),
        lambda: printers.delete("A", user="ann"),
        lambda: selections.select("A", user="ann"),
        lambda: selections.delete(user="ann"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_the_most_specific_selection_wins(firm: Location) -> None:
    for code in ("ALL", "ANNS", "BILLS", "ANNSBILLS"):
        printers.add(code, {"folder": "/tmp"}, user=me())
    assert selections.choose("ann", "sales-invoice") == ""
    selections.select("ALL", user=me())
    selections.select("ANNS", for_user="ann", user=me())
    assert selections.choose("ann", "sales-invoice") == "ANNS"
    selections.select("BILLS", report="sales-invoice", user=me())
    assert selections.choose("ann", "sales-invoice") == "BILLS"
    selections.select("ANNSBILLS", for_user="ann", report="sales-invoice", user=me())
    assert selections.choose("ann", "sales-invoice") == "ANNSBILLS"
    assert selections.choose("ann", "sales-shipment") == "ANNS"
    assert selections.choose("bob", "sales-shipment") == "ALL"
    with pytest.raises(Refused, match=r"1 printer selection\."):
        printers.delete("ALL", user=me())
    selections.delete(user=me())
    assert selections.choose("bob", "sales-shipment") == ""
    with pytest.raises(NotFound):
        selections.delete(user=me())
    with pytest.raises(UsageError, match="sales-invoce"):
        selections.select("ALL", report="sales-invoce", user=me())
    with pytest.raises(NotFound):
        selections.select("NONE", user=me())


@pytest.mark.parametrize(
    ("description", "document_no", "name"),
    [
        ("Sales Credit Memo S-CR+ 7 Copy 2", "S-CR+ 7", "sales-credit-memo-S-CR_7-copy-2.pdf"),
        ("Trial Balance 2026-03-31", "", "trial-balance-2026-03-31.pdf"),
    ],
)
def test_a_report_saved_from_the_inbox_is_named_as_one_printed_to_a_folder(
    sqlite_firm: Location, description: str, document_no: str, name: str
) -> None:
    assert inbox.open_report(inbox.put(me(), description, document_no, PDF), user=me())[0] == name


def test_an_inbox_is_its_users_own(firm: Location, tmp_path: Path) -> None:
    mine = inbox.put(me(), "Sales Invoice 103001", "103001", PDF)
    other = inbox.put("ann", "Sales Invoice 103002", "103002", PDF)
    (view,) = inbox.list_reports(user=me())
    assert (view.id, view.description, view.is_read, view.size) == (mine, "Sales Invoice 103001", False, len(PDF))
    assert inbox.count_unread(me()) == 1
    saved = inbox.save(mine, tmp_path, user=me())
    assert (saved.name, saved.read_bytes()) == ("sales-invoice-103001.pdf", PDF)
    with pytest.raises(Refused, match="exists already"):
        inbox.save(mine, tmp_path, user=me())
    assert inbox.count_unread(me()) == 0
    assert [one.id for one in inbox.list_reports("is_read=true", user=me())] == [mine]
    for act in (lambda: inbox.open_report(other, user=me()), lambda: inbox.delete([mine, other], user=me())):
        with pytest.raises(NotFound, match=f"report {other}"):
            act()
    assert inbox.delete([mine], user=me()) == 1
    assert [row.id for row in InboxReport.select()] == [other]


def test_one_report_is_shown_to_its_user_alone_and_stays_unread(firm: Location) -> None:
    mine = inbox.put(me(), "Sales Invoice 1", "1", PDF)
    other = inbox.put("ann", "Sales Invoice 2", "2", PDF)
    view = inbox.show(mine, user=me())
    assert [view] == inbox.list_reports(user=me())
    assert not inbox.show(mine, user=me()).is_read
    for id_ in (other, 99):
        with pytest.raises(NotFound, match=f"no report {id_} in the Report Inbox of {me()}") as missing:
            inbox.show(id_, user=me())
        assert missing.value.problems[0].value == str(id_)


def test_a_report_leads_to_the_posted_document_that_it_shows(firm: Location) -> None:
    no = posted_invoice()
    for description in (f"Sales Invoice {no}", f"Sales Invoice {no} COPY 2"):
        document = inbox.document_of(inbox.show(inbox.put(me(), description, no, PDF), user=me()))
        assert document is not None
        assert (document["no"], document["kind"], len(document["lines"])) == (no, PostedKind.INVOICE, 1)
    for description, other in (
        ("Test Report", ""),
        (f"Purchase Invoice {no}", no),
        ("Sales Invoice 9", "9"),
        ("Sales Invoice O'Hara*", "O'Hara*"),
    ):
        assert inbox.document_of(inbox.show(inbox.put(me(), description, other, PDF), user=me())) is None


def test_a_report_is_saved_nowhere_where_it_cannot_be_and_leaves_nothing_behind(firm: Location, tmp_path: Path) -> None:
    id_ = inbox.put(me(), "Sales Invoice 1", "1", PDF)
    place = tmp_path / "reports"
    place.mkdir()
    (place / "a file").write_bytes(b"mine")
    for target, said in (
        (place / "a file", "exists already"),
        (place / "none" / "a.pdf", "cannot be written: No such file or directory"),
        (place / "a file" / "a.pdf", "cannot be written: Not a directory"),
        (place / ("x" * 300), "cannot be written: File name too long"),
    ):
        with pytest.raises(Refused, match=said) as refused:
            inbox.save(id_, target, user=me())
        (problem,) = refused.value.problems
        assert problem.value == str(target)
        assert "Name another" in problem.hint
    assert [path.read_bytes() for path in place.iterdir()] == [b"mine"]


def test_a_report_that_does_not_fit_on_the_disk_is_not_left_there_in_part(
    sqlite_firm: Location, tmp_path: Path
) -> None:
    id_ = inbox.put(me(), "Sales Invoice 1", "1", PDF * 10_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "reports").mkdir()
    inbox.open_report(id_, user=me())
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(Refused, match="cannot be written: File too large"):
            inbox.save(id_, tmp_path / "reports", user=me())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_test_page_on_a_file_printer_says_where_it_is_or_what_is_wrong(firm: Location, tmp_path: Path) -> None:
    printers.add("FILES", {"folder": str(tmp_path)}, user=me())
    assert "test-page-FILES.pdf" in printers.test("FILES", user=me())
    assert (tmp_path / "test-page-FILES.pdf").read_bytes().startswith(b"%PDF")
    printers.change("FILES", {"folder": str(tmp_path / "gone")}, user=me())
    with pytest.raises(PrinterFailed, match="needs a person: there is no folder"):
        printers.test("FILES", user=me())
    assert printers.show("FILES").state == "Not responding"
    (tmp_path / "gone").mkdir()
    printers.test("FILES", user=me())
    assert printers.show("FILES").state == "Ready"


def test_who_may_only_look_tests_no_printer(sqlite_firm: Location) -> None:
    users.set_user("ann", {"may_post": "false"}, user=me())
    with pytest.raises(NotPermitted):
        printers.test("FILES", user="ann")


def page() -> bytes:
    """A page that can really be printed."""
    company = {"name": "Cronus Ltd.", "paper_size": "A4"}
    return rendering.rendered(
        layouts.in_force(layouts.TEST_PAGE), {"company": company, "printer": "LASER", "now": "2026-03-02"}
    )[0]


def test_cups_prints_and_the_paper_is_what_was_sent(print_system: PrintSystem) -> None:
    cups.send(print_system.queue, "Faktura Ø 1", page(), media="A4", seconds=30)
    (printed,) = until(print_system.printed)
    assert "Test Page" in PdfReader(io.BytesIO(printed)).pages[0].extract_text()
    assert not cups.look(print_system.queue).is_closed


def test_a_cups_printer_without_paper_says_so_and_the_job_is_taken_back(print_system: PrintSystem) -> None:
    print_system.jam()
    with pytest.raises(PrinterFailed, match=r"within 2 seconds: .*it has no paper"):
        cups.send(print_system.queue, "Invoice", page(), media="A4", seconds=2)
    assert print_system.waiting() == []


def test_a_job_that_somebody_else_cancels_is_told(print_system: PrintSystem) -> None:
    print_system.jam()

    def cancel() -> None:
        told("cancel", until(print_system.waiting)[0])

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(PrinterFailed, match="cancelled in the print system"):
        cups.send(print_system.queue, "Invoice", page(), media="A4", seconds=30)
    thread.join()


def test_a_stopped_or_rejecting_or_unknown_queue_is_named(print_system: PrintSystem) -> None:
    told("cupsdisable", "-r", "Out of order", print_system.queue)
    state = cups.look(print_system.queue)
    assert state.is_closed
    assert "Out of order" in state.words
    assert "it is stopped" in state.words
    with pytest.raises(PrinterFailed, match="Out of order"):
        cups.send(print_system.queue, "Invoice", page(), media="A4", seconds=1)
    assert print_system.waiting() == []
    told("cupsreject", "-r", "On holiday", print_system.queue)
    assert "it takes no jobs" in cups.look(print_system.queue).words
    with pytest.raises(PrinterFailed, match="does not take the job"):
        cups.send(print_system.queue, "Invoice", page(), media="A4", seconds=1)
    with pytest.raises(PrinterFailed, match="no queue nobody_has_this"):
        cups.send("nobody_has_this", "Invoice", page(), media="A4", seconds=30)


def test_a_print_system_that_does_not_run_is_named(print_system: PrintSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUPS_SERVER", "localhost:9")
    with pytest.raises(PrinterFailed, match="is not running"):
        cups.send(print_system.queue, "Invoice", page(), media="A4", seconds=1)
