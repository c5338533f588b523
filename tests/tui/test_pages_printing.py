"""The pages of printing: printers and their selections, the Report Inbox, posted documents printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import builders
import pytest
from jobs import here
from printing_by_hand import file_printer, posted_invoice, print_entry, print_job
from screens import SIZES, Terminal, terminal

from postroom.core import setups, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.jobs import claims, runs
from postroom.core.kinds import Area, DocumentType
from postroom.core.printing import inbox, print_jobs, printers, selections
from postroom.core.tables.work import JobQueueEntry, PrintJob

Size = tuple[int, int]


def me() -> str:
    return current_user()


def print_next() -> None:
    """Let a print worker claim and run one entry."""
    claim = claims.claim_next(replace(here(), prints=True))
    assert claim is not None
    runs.run(claim)


def codes() -> list[str]:
    return [view.code for view in printers.list_printers()]


def selected() -> list[tuple[str, str, str]]:
    return [(view.user, view.report, view.printer) for view in selections.list_selections()]


def reports() -> list[str]:
    return [view.description for view in inbox.list_reports(user=me())]


async def closes(screen: Terminal, box: str) -> None:
    """Close a box that tells something."""
    await screen.sees(box)
    await screen.press("escape")
    await screen.sees_no("Esc Close")


@pytest.mark.parametrize("size", SIZES)
async def test_the_printers_show_where_they_print_whether_they_respond_and_what_waits(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    file_printer("FILES", tmp_path / "prints")
    printers.add("STORE", {"type": "CUPS", "cups_queue": "Store_Laser", "description": "At the door"}, user=me())
    print_entry("STORE")
    printers.failed("STORE", "it has no paper")
    async with terminal(sqlite_firm, size) as screen:
        await screen.goes_to("printers")
        await screen.sees("2 printers", "FILES", "Store_Laser")
        assert "Ready" in screen.line("FILES")
        assert "Not responding" in screen.line("Store_Laser")
        assert " 1 " in screen.line("Store_Laser")
        assert ("At the door" in screen.line("Store_Laser")) == (size[0] >= 110)
        await screen.press("j")
        await screen.sees("1 print job not printed", "Not responding since", "it has no paper")
        printers.responded("STORE")
        await screen.until(lambda: "Ready" in screen.line("Store_Laser"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_printer_is_made_by_keyboard_and_what_is_refused_is_mended_where_it_was_typed(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    file_printer("FILES", tmp_path / "prints")
    async with terminal(sqlite_firm, size, "printers") as screen:
        await screen.press("ctrl+n")
        await screen.sees("New Printer")
        await screen.type("FILES")
        await screen.press("enter")
        await screen.sees("There is a printer FILES already.")
        await screen.type("2")
        await screen.press("enter")
        await screen.sees("File", "CUPS")
        await screen.press("enter")
        await screen.sees("The whole path of a folder")
        await screen.type("prints")
        await screen.press("enter")
        await screen.sees("is not a whole path")
        await screen.press("home", *("delete" for _ in "prints"))
        await screen.type("/srv/print")
        await screen.press("enter")
        await screen.sees("Printer FILES2", "Folder", "/srv/print")
        assert codes() == ["FILES", "FILES2"]
        assert printers.show("FILES2").folder == "/srv/print"


@pytest.mark.parametrize("keys", [("escape",), ("X", "enter", "escape"), ("X", "enter", "enter", "escape")])
async def test_a_new_printer_can_be_left_at_each_question(sqlite_firm: Location, keys: tuple[str, ...]) -> None:
    async with terminal(sqlite_firm, page="printers") as screen:
        await screen.press("ctrl+n")
        for key in keys:
            await screen.sees("Leave as it is")
            await screen.press(key)
            await screen.pilot.pause(0.05)
        await screen.sees_no("Leave as it is")
        assert codes() == []


async def test_what_waits_for_a_jammed_printer_goes_to_another(sqlite_firm: Location, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    printers.add("JAM", {"type": "CUPS", "cups_queue": "Jam"}, user=me())
    waiting = [print_entry("JAM") for _ in range(3)]
    async with terminal(sqlite_firm, page="printers") as screen:
        await screen.sees("JAM")
        await screen.press("j", "m")
        await screen.sees("Move 3 print jobs to", "Report Inbox", "FILES")
        await screen.press("down", "enter")
        await screen.hears("3 print jobs moved from JAM to FILES.")
    assert {print_job(entry).printer_code for entry in waiting} == {"FILES"}


@pytest.mark.parametrize("size", SIZES)
async def test_a_printers_fields_are_changed_on_its_card(sqlite_firm: Location, size: Size, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    async with terminal(sqlite_firm, size, "printers") as screen:
        await screen.sees("FILES")
        await screen.press("enter")
        await screen.sees("Printer FILES", "0:05", "Timeout")
        await screen.press("j", "enter")
        await screen.sees("Fill in CUPS Queue")  # the choice of the type: its help stands below the form
        await screen.press("down", "enter")
        await closes(screen, "needs a CUPS Queue")
        await screen.press("j", "j", "enter")
        await screen.type("Store_Laser")
        await screen.press("enter")
        await screen.until(lambda: "Store_Laser" in screen.line("CUPS Queue"))
        await screen.press("k", "k", "enter")
        await screen.press("down", "enter")
        await screen.until(lambda: "CUPS" in screen.line("Type "))
        await screen.press("G", "k", "k", "enter")
    view = printers.show("FILES")
    assert (view.type, view.cups_queue) == ("CUPS", "Store_Laser")


@pytest.mark.parametrize("size", SIZES)
async def test_a_test_page_is_printed_from_list_and_card_and_a_failure_says_what_to_do(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    prints = file_printer("FILES", tmp_path / "prints")
    printers.add("GONE", {"folder": str(tmp_path / "gone")}, user=me())
    async with terminal(sqlite_firm, size, "printers") as screen:
        await screen.sees("GONE")
        await screen.press("t")
        await screen.hears("Written to")
        await screen.press("enter")
        await screen.sees("Printer FILES")
        await screen.press("t")
        await screen.until(lambda: len(list(prints.glob("test-page-*.pdf"))) == 2)
        await screen.press("escape")
        await screen.sees("2 printers")
        await screen.press("j", "t")
        await screen.sees("The printer needs a person", "test it again")
        await closes(screen, "refused")
        await screen.until(lambda: "Not responding" in screen.line("GONE"))


@pytest.mark.parametrize("size", SIZES)
async def test_the_print_jobs_of_a_printer_are_a_key_away(sqlite_firm: Location, size: Size, tmp_path: Path) -> None:
    file_printer("FILES", tmp_path / "prints")
    print_entry("FILES")
    print_entry()
    async with terminal(sqlite_firm, size, "printers") as screen:
        await screen.sees("FILES")
        await screen.press("l")
        await screen.sees("Job Queue Entries", "1 entry", "category='PRINT-FILES'")


@pytest.mark.parametrize("size", SIZES)
async def test_printers_are_deleted_after_a_question_and_each_that_is_used_says_so(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    for code in ("A", "B", "C"):
        file_printer(code, tmp_path / code)
    selections.select("B", user=me())
    async with terminal(sqlite_firm, size, "printers") as screen:
        await screen.sees("3 printers")
        await screen.press("D")
        await screen.sees("Delete printer A?")
        await screen.press("n")
        await screen.sees_no("Delete printer A?")
        await screen.press("asterisk", "D")
        await screen.sees("Delete 3 printers?")
        await screen.press("y")
        await screen.sees("2 done, 1 not", "The printer is used by 1 printer selection.")
        await closes(screen, "Delete")
        await screen.sees("1 printer", "1 marked")
        assert codes() == ["B"]
        selections.delete(user=me())
        await screen.press("enter")
        await screen.sees("Printer B", "Timeout")
        await screen.press("D", "y")
        await screen.sees("There is no printer yet.")
        assert codes() == []


async def test_without_job_queue_admin_printers_stay_as_they_are(
    sqlite_firm: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_printer("FILES", tmp_path / "prints")
    users.set_user(me(), {"job_queue_admin": "false"}, user=me())
    async with terminal(sqlite_firm, page="printers") as screen:
        await screen.sees("FILES")
        await screen.press("ctrl+n")
        await screen.type("X")
        await screen.press("enter")
        await screen.sees("lacks the permission set Job Queue Admin")
        await screen.press("escape", "D", "y")
        await screen.sees("lacks the permission set Job Queue Admin")
    assert codes() == ["FILES"]


async def test_a_printer_named_like_markup_and_escapes_shows_as_text(sqlite_firm: Location, tmp_path: Path) -> None:
    printers.add("[b]X[/y]", {"folder": str(tmp_path), "description": "[red]\x1b[31m"}, user=me())
    async with terminal(sqlite_firm, (120, 40), "printers") as screen:
        await screen.sees("[b]X[/y]", "[red]\\e[31m")
        await screen.press("enter")
        await screen.sees("Printer [b]X[/y]", "[red]\\e[31m")


@pytest.mark.parametrize("size", SIZES)
async def test_a_printer_is_selected_for_a_user_and_a_report_from_lists(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    file_printer("FILES", tmp_path / "prints")
    users.set_user("ann", {}, user=me())
    async with terminal(sqlite_firm, size) as screen:
        await screen.goes_to("printer selections")
        await screen.sees("No printer is selected")
        await screen.press("ctrl+n")
        await screen.sees("(any user)", "Another user")
        await screen.type("ann")
        await screen.press("enter")
        await screen.sees("(any report)", "Sales Credit Memo")
        await screen.type("sales ship")
        await screen.press("enter")
        await screen.until(lambda: "FILES" in screen.shown)
        await screen.press("enter")
        await screen.sees("1 selection", "Sales Shipment")
        assert selected() == [("ann", "sales-shipment", "FILES")]
        await screen.press("ctrl+n")
        await screen.sees("Another user")
        await screen.type("another")
        await screen.press("enter")
        await screen.sees("As the system or the database knows the user")
        await screen.type("bob")
        await screen.press("enter")
        await screen.sees("(any report)", "Sales Credit Memo")
        await screen.press("enter")
        await screen.sees("Printer", "FILES")
        await screen.press("enter")
        await screen.sees("2 selections", "bob")
        assert selected() == [("ann", "sales-shipment", "FILES"), ("bob", "", "FILES")]


@pytest.mark.parametrize("size", SIZES)
async def test_a_selections_printer_is_changed_and_selections_are_deleted_after_a_question(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    file_printer("FILES", tmp_path / "prints")
    file_printer("STORE", tmp_path / "store")
    selections.select("FILES", user=me())
    selections.select("FILES", for_user="ann", report="sales-invoice", user=me())
    async with terminal(sqlite_firm, size, "printer-selections") as screen:
        await screen.sees("2 selections", "(any user)", "ann", "Sales Invoice")
        await screen.press("enter")
        await screen.until(lambda: "STORE" in screen.shown)
        await screen.type("store")
        await screen.press("enter")
        await screen.until(lambda: "STORE" in screen.line("(any user)"))
        await screen.press("D")
        await screen.sees("Delete the selection for (any user), (any report)?")
        await screen.press("n")
        await screen.sees_no("Delete the selection")
        assert len(selected()) == 2
        await screen.press("asterisk", "D")
        await screen.sees("Delete 2 selections?")
        await screen.press("y")
        await screen.sees("No printer is selected")
        assert selected() == []


async def test_without_a_printer_nothing_can_be_selected_and_it_is_said(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, page="printer-selections") as screen:
        await screen.press("ctrl+n")
        await screen.sees("(any user)")
        await screen.press("enter")
        await screen.sees("(any report)", "Sales Credit Memo")
        await screen.press("enter")
        await screen.hears("There is no printer yet")
        assert selected() == []


@pytest.mark.parametrize("size", SIZES)
async def test_the_report_inbox_shows_ones_own_reports_and_opening_one_marks_it_read(
    sqlite_firm: Location, size: Size
) -> None:
    no = posted_invoice()
    print_entry(no=no)
    print_next()
    inbox.put(me(), "Something else", "", b"%PDF")
    inbox.put("ann", "Not mine", "", b"%PDF")
    async with terminal(sqlite_firm, size) as screen:
        await screen.goes_to("report inbox")
        await screen.sees("2 reports", "2 unread", f"Sales Invoice {no}")
        assert "Not mine" not in screen.shown
        assert "new" in screen.line(f"Sales Invoice {no}")
        await screen.press("j", "enter")
        await screen.sees("- Report", "- General", f"Sales Invoice {no}", "Customer/Vendor")
        await screen.press("escape")
        await screen.sees("1 unread")
        assert "new" not in screen.line(f"Sales Invoice {no}")
        await screen.press("k", "enter")
        await screen.sees("- Report", "Something else")
        assert "General" not in screen.shown
    assert [view.is_read for view in inbox.list_reports(user=me())] == [True, True]


@pytest.mark.parametrize("size", SIZES)
async def test_the_lines_and_the_vat_of_a_report_stand_on_its_card(sqlite_firm: Location, size: Size) -> None:
    print_entry(no=posted_invoice())
    print_next()
    async with terminal(sqlite_firm, size, "report-inbox") as screen:
        await screen.sees("1 report")
        await screen.press("enter")
        await screen.sees("- Report")
        await screen.press(*("j" for _ in range(40)))
        await screen.sees("- Lines", "Quantity", "VAT25", "25.00")


@pytest.mark.parametrize("on_card", [False, True])
async def test_a_report_is_given_to_the_desktops_pdf_program(
    sqlite_firm: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_card: bool
) -> None:
    program = tmp_path / "xdg-open"
    program.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/part && mv {tmp_path}/part {tmp_path}/seen-$(basename "$1")\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    inbox.put(me(), "Sales Invoice 1", "1", b"%PDF-1")
    async with terminal(sqlite_firm, (80, 24), "report-inbox") as screen:
        await screen.sees("1 report")
        if on_card:
            await screen.press("enter")
            await screen.sees("- Report")
        await screen.press("o")
        await screen.until((tmp_path / "seen-sales-invoice-1.pdf").exists)
        await screen.hears("sales-invoice-1.pdf")
    assert (tmp_path / "seen-sales-invoice-1.pdf").read_bytes() == b"%PDF-1"
    assert [view.is_read for view in inbox.list_reports(user=me())] == [True]


async def test_without_a_desktop_a_report_is_saved_instead(
    sqlite_firm: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    inbox.put(me(), "Sales Invoice 1", "1", b"%PDF-1")
    async with terminal(sqlite_firm, (80, 24), "report-inbox") as screen:
        await screen.sees("1 report")
        await screen.press("o")
        await screen.hears("there is no desktop")
        await screen.sees("Save Sales Invoice 1")


@pytest.mark.parametrize("size", SIZES)
async def test_a_report_is_saved_where_one_says_and_never_over_another(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    inbox.put(me(), "Sales Invoice 1", "1", b"%PDF-1")
    (tmp_path / "a.pdf").write_bytes(b"mine")
    async with terminal(sqlite_firm, size, "report-inbox") as screen:
        await screen.sees("1 report")
        await screen.press("s")
        await screen.sees("Save Sales Invoice 1", "A folder, or the path of a new file")
        await screen.press("home", "ctrl+k")
        await screen.type(str(tmp_path / "a.pdf"))
        await screen.press("enter")
        await screen.sees("exists already. Name another.")
        await screen.press(*("backspace" for _ in "a.pdf"))
        await screen.press("enter")
        await screen.hears("sales-invoice-1.pdf")
        assert (tmp_path / "sales-invoice-1.pdf").read_bytes() == b"%PDF-1"
        assert (tmp_path / "a.pdf").read_bytes() == b"mine"
        await screen.sees_no("unread")
        await screen.press("enter")
        await screen.sees("- Report")
        await screen.press("s")
        await screen.sees("Save Sales Invoice 1", f"{tmp_path.name}/")
        await screen.press("end", "slash")
        await screen.type("b.pdf")
        await screen.press("enter")
        await screen.until((tmp_path / "b.pdf").exists)


@pytest.mark.parametrize("size", SIZES)
async def test_marked_reports_are_saved_into_a_folder_with_a_result_for_each(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    for number in (1, 2):
        inbox.put(me(), f"Sales Invoice {number}", str(number), b"%PDF")
    (tmp_path / "sales-invoice-2.pdf").touch()
    async with terminal(sqlite_firm, size, "report-inbox") as screen:
        await screen.sees("2 reports")
        await screen.press("asterisk", "s")
        await screen.sees("Save 2 reports")
        await screen.press("home", "ctrl+k")
        await screen.type(str(tmp_path / "none"))
        await screen.press("enter")
        await screen.sees("is not a folder; 2 reports need one.")
        await screen.press(*("backspace" for _ in "/none"))
        await screen.press("enter")
        await screen.sees("1 done, 1 not", "Sales Invoice 2 refused", "exists already")
        await closes(screen, "Save")
        await screen.sees("1 marked")
        assert (tmp_path / "sales-invoice-1.pdf").read_bytes() == b"%PDF"


@pytest.mark.parametrize("size", SIZES)
async def test_reports_are_deleted_after_a_question_the_marked_ones_all_that_match_or_all(
    sqlite_firm: Location, size: Size
) -> None:
    for name in ("A 1", "A 2", "B 1", "B 2", "B 3"):
        inbox.put(me(), name, "", b"%PDF")
    inbox.put("ann", "Not mine", "", b"%PDF")
    async with terminal(sqlite_firm, size, "report-inbox") as screen:
        await screen.sees("5 reports")
        await screen.press("D")
        await screen.sees("Delete B 3?")
        await screen.press("n")
        await screen.sees_no("Delete B 3?")
        await screen.press("space", "space", "D")
        await screen.sees("Delete 2 reports?")
        await screen.press("y")
        await screen.sees("3 reports")
        assert reports() == ["B 1", "A 2", "A 1"]
        await screen.press("slash")
        await screen.type("description=A*")
        await screen.press("enter")
        await screen.sees("2 reports")
        await screen.press("Z")
        await screen.sees("Delete all 2 reports that the filter lets through?")
        await screen.press("y")
        await screen.sees("Nothing matches the filter")
        assert reports() == ["B 1"]
        await screen.press("backslash")
        await screen.sees("1 report")
        await screen.press("enter")
        await screen.sees("- Report")
        await screen.press("D", "y")
        await screen.sees("No report.")
        assert reports() == []
    assert len(inbox.list_reports(user="ann")) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("on_card", [False, True], ids=["list", "card"])
async def test_a_posted_document_is_printed_where_one_says(
    sqlite_firm: Location, size: Size, tmp_path: Path, on_card: bool
) -> None:
    no = posted_invoice()
    file_printer("FILES", tmp_path / "prints")
    selections.select("FILES", user=me())
    async with terminal(sqlite_firm, size, "posted-documents") as screen:
        await screen.sees(no)
        if on_card:
            await screen.press("enter")
            await screen.sees("- General")
        await screen.press("p")
        await screen.sees(f"Print {no}", "As the setup says", "PDF (Report Inbox)")
        await screen.press("escape")
        await screen.sees_no("As the setup says")
        assert not PrintJob.select().exists()
        await screen.press("p")
        await screen.sees("As the setup says")
        await screen.press("down", "down", "enter")
        await screen.hears(f"Sales Invoice {no}: original queued for printer FILES.")
        (job,) = PrintJob.select()
        assert (job.document_no, job.printer_code, job.copy_no) == (no, "FILES", 0)
        await screen.press("l")
        await screen.sees("Job Queue Entries", f"record_no='{no}'", "1 entry")


@pytest.mark.parametrize("size", SIZES)
async def test_marked_documents_are_printed_with_a_result_for_each(sqlite_firm: Location, size: Size) -> None:
    numbers = [posted_invoice() for _ in range(3)]
    async with terminal(sqlite_firm, size, "posted-documents") as screen:
        await screen.sees(*numbers)
        await screen.press("asterisk", "p")
        await screen.sees("Print 6 documents")
        await screen.press("enter")
        await screen.hears("6 documents: original queued for the Report Inbox.")
        await screen.sees_no("marked")
        assert PrintJob.select().count() == 6
        users.set_user(me(), {"may_post": "false"}, user=me())
        await screen.press("space", "space", "p")
        await screen.sees("Print 2 documents")
        await screen.press("enter")
        await screen.sees("0 done, 2 not", "refused", "lacks the permission set Post")
        await closes(screen, "Print")
        await screen.sees("2 marked")
        assert PrintJob.select().count() == 6


@pytest.mark.parametrize("size", SIZES)
async def test_the_detail_tells_how_the_print_jobs_stand_and_why(
    sqlite_firm: Location, size: Size, tmp_path: Path
) -> None:
    no = posted_invoice()
    printers.add("GONE", {"folder": str(tmp_path / "gone")}, user=me())
    print_entry(no=no)
    async with terminal(sqlite_firm, size, "posted-documents") as screen:
        await screen.sees(f"Posted Sales Invoice {no}", f"Original in the Report Inbox of {me()}: Waiting")
        print_next()
        await screen.sees(f"Original in the Report Inbox of {me()}: Printed")
        selections.select("GONE", user=me())
        print_jobs.print_posted(no, user=me(), output=print_jobs.ReportOutput.PRINT)
        print_next()
        await screen.sees("Copy 1 on GONE: Error", "cannot be written")
        assert ("Original in the Report Inbox" in screen.shown) == (size[1] >= 40)
        await screen.press("enter")
        await screen.sees("- General")
        await screen.press("right_square_bracket", "right_square_bracket", "right_square_bracket")
        await screen.press(*("j" for _ in range(50)))
        await screen.sees("- Print Jobs", "Copy 1 on GONE: Error", "Make the folder")


@pytest.mark.parametrize(
    ("state", "told"),
    [("", "deleted before it was printed"), ("Printing", "may have been printed"), ("Printed", "Printed")],
)
async def test_a_print_job_whose_entry_is_gone_says_what_is_known_of_it(
    sqlite_firm: Location, state: str, told: str
) -> None:
    print_entry(no=posted_invoice())
    PrintJob.update(state=state).execute()
    JobQueueEntry.delete().execute()
    async with terminal(sqlite_firm, (120, 40), "posted-documents") as screen:
        await screen.sees(told)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["shift+f9", "f21", "i"])
async def test_post_and_print_posts_here_and_lays_the_report_into_the_inbox(
    sqlite_firm: Location, size: Size, key: str
) -> None:
    builders.party(Area.SALES)
    builders.item()
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no="INV1")
    async with terminal(sqlite_firm, size) as screen:
        await screen.goes_to("sales invoices")
        await screen.sees("INV1")
        if key == "i":
            await screen.press("enter")
            await screen.sees("Sales Invoice INV1", "Lines")
        await screen.press(key)
        await screen.hears("Sales Invoice INV1: posted as")
        (report,) = reports()
        assert report.startswith("Sales Invoice ")


async def test_post_and_print_of_a_document_queued_against_the_check_is_printed_all_the_same(
    sqlite_firm: Location,
) -> None:
    builders.party(Area.SALES, blocked="All")
    builders.item()
    builders.document(DocumentType.SALES_INVOICE, [builders.item_line()], no="INV1")
    setups.change({"sales.post_and_print_with_job_queue": "true"}, user=me())
    async with terminal(sqlite_firm, page="sales-invoice") as screen:
        await screen.sees("INV1")
        await screen.press("shift+f9")
        await screen.sees("would not post now. Queue it anyway?")
        await screen.press("y")
        await screen.hears("Sales Invoice INV1: queued")
        (entry,) = JobQueueEntry.select()
        assert '"print": true' in entry.parameters


async def test_the_keys_of_a_page_name_a_key_that_terminals_send_in_two_ways_once(sqlite_firm: Location) -> None:
    async with terminal(sqlite_firm, (120, 40), "sales-invoice") as screen:
        await screen.press("question_mark")
        await screen.sees("Shift+F9  i ", "Post and Print")
        assert "F21" not in screen.shown
