"""The checks of a posting, each by itself: every reason why a document cannot be posted, in words and with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from postroom.core import numbering
from postroom.core.errors import Problem
from postroom.core.kinds import Area, LineType, VatType
from postroom.core.money import LARGEST, ZERO, round_to, write
from postroom.core.posting import accounts, blocked, quantities, stock
from postroom.core.posting.accounts import LineAccounts
from postroom.core.posting.amounts import Amounts, VatGroup
from postroom.core.posting.source import Source, SourceLine
from postroom.core.posting.steps import Step
from postroom.core.posting_setup import PostingSetup, VatPair
from postroom.core.statements import query


def find_problems(
    document: Source,
    setup: PostingSetup,
    step: Step,
    amounts: Amounts,
    line_accounts: list[LineAccounts],
    *,
    user: str,
    corrects: bool,
) -> tuple[Problem, ...]:
    """All checks, in the order in which a clerk reads the document: header, lines, totals.

    Of a posting in parts, those of what it does: of the lines that it ships or invoices.
    """
    return (
        *_header(document, setup, step, user, corrects),
        *series(document, setup, step),
        *_lines(document, setup, step, line_accounts),
        *_vat(document, setup, step, amounts),
        *_totals(document, amounts),
        *stock_shortages(document, step),
    )


def _header(document: Source, setup: PostingSetup, step: Step, user: str, corrects: bool) -> Iterator[Problem]:
    record, area = document.record, document.area
    yield from _party(document, setup, step)
    yield from posting_date(document, setup, user)
    if setup.areas[area].external_no_mandatory and not document.external_document_no:
        yield Problem(
            "external_document_no_missing",
            "External Document No. is blank.",
            record,
            field="external_document_no",
            hint="Fill it in, or clear Ext. Doc. No. Mandatory in Sales & Receivables Setup.",
        )
    if area is Area.PURCHASE and step.invoices:
        yield from _vendor_document_no(document, setup, mandatory=not corrects)
    yield from _currency(document, setup)


def _party(document: Source, setup: PostingSetup, step: Step) -> Iterator[Problem]:
    yield from blocked.party(document, step)
    if document.party is None:
        return
    where = f"{document.area.party_title} Posting Group {document.party.posting_group}".rstrip()
    problem = accounts.problem_with(
        accounts.party_account(document, setup),
        setup,
        record=document.record,
        line=None,
        field="Receivables Account" if document.area is Area.SALES else "Payables Account",
        where=where,
    )
    title = document.area.party_title
    if problem and not document.party.posting_group:
        yield replace(
            problem,
            message=f"{title} {document.party_no} has no {title} Posting Group.",
            hint=f"Choose a {title} Posting Group on {title} {document.party_no}.",
        )
    elif problem:
        yield problem


def posting_date(document: Source, setup: PostingSetup, user: str) -> Iterator[Problem]:
    """Whether the user may post on the document's posting date."""
    day = document.posting_date
    if day is None:
        yield Problem(
            "posting_date_missing", "Posting Date is blank.", document.record, field="posting_date", hint="Fill it in."
        )
        return
    first, last = setup.allowed_dates(user)
    if (first is not None and day < first) or (last is not None and day > last):
        allowed = f"from {first or 'any date'} to {last or 'any date'}"
        yield Problem(
            "posting_date_not_allowed",
            f"Posting Date {day} is outside the allowed range ({allowed}).",
            document.record,
            field="posting_date",
            value=str(day),
            hint="Change the posting date, or Allow Posting From and To in General Ledger Setup or User Setup.",
        )


def _currency(document: Source, setup: PostingSetup) -> Iterator[Problem]:
    code = document.currency_code
    if code and code not in setup.currencies:
        yield Problem(
            "currency_unknown",
            f"Currency {code} does not exist.",
            document.record,
            field="currency_code",
            value=code,
            hint="Choose a currency that exists, or leave it blank for the local currency.",
        )
    elif code and document.currency_factor <= 0:
        yield Problem(
            "currency_factor_missing",
            f"The document has no Currency Factor for {code}.",
            document.record,
            field="currency_factor",
            value=write(document.currency_factor),
            hint=f"Enter it, or give {code} an exchange rate for the posting date and choose the currency again.",
        )


def _vendor_document_no(document: Source, setup: PostingSetup, *, mandatory: bool) -> Iterator[Problem]:
    number = document.vendor_document_no
    if not number:
        if mandatory and setup.areas[Area.PURCHASE].vendor_no_mandatory:
            yield Problem(
                "vendor_document_no_missing",
                "Vendor Document No. is blank.",
                document.record,
                field="vendor_document_no",
                hint="Fill in the number on the vendor's document.",
            )
        return
    used = query(
        "SELECT no FROM posted_document"
        " WHERE area = 'purchase' AND party_no = ? AND kind = ? AND vendor_document_no = ?",
        (document.party_no, document.type.money_kind.value, number),
    )
    if used:
        yield vendor_document_no_used(document, used[0][0])


def vendor_document_no_used(document: Source, posted_no: str = "") -> Problem:
    """The problem of a vendor's document that has been posted before."""
    where = f" by posted {document.type.money_kind.title.lower()} {posted_no}" if posted_no else ""
    return Problem(
        "vendor_document_no_used",
        f"Vendor Document No. {document.vendor_document_no} of vendor {document.party_no} is already used{where}.",
        document.record,
        field="vendor_document_no",
        value=document.vendor_document_no,
        hint="Check whether the vendor's document was entered twice, or correct the number.",
    )


def series(document: Source, setup: PostingSetup, step: Step) -> Iterator[Problem]:
    """Whether the series of the posted documents give numbers, also where several draw from one."""
    area = setup.areas[document.area]
    drawn: dict[str, int] = {}
    for kind in step.kinds(document.type):
        code = area.series[kind]
        drawn[code] = drawn.get(code, 0) + 1
        problem = numbering.problem_with(code, setup.series.get(code, ()), document.posting_date, drawn[code])
        if problem:
            field = f"Posted {kind.title} Nos."
            yield Problem(
                problem.code,
                f"{field} in {area.title}: {problem.message}",
                document.record,
                None,
                field,
                problem.value,
                problem.hint,
            )


def _lines(document: Source, setup: PostingSetup, step: Step, line_accounts: list[LineAccounts]) -> Iterator[Problem]:
    if not (step.ships or step.invoices):
        yield quantities.nothing_to_post(document)
    for index, (line, found) in enumerate(zip(document.lines, line_accounts, strict=True)):
        if line.type is LineType.COMMENT:
            continue
        if not step.is_whole:
            yield from quantities.problems_with(document, line, step.ship[index], step.invoice[index])
        if _is_posted(step, index):
            yield from _line(document, line, found, setup)


def _is_posted(step: Step, index: int) -> bool:
    """Whether a posting is about the line with this index."""
    return step.is_whole or bool(step.ship[index] or step.invoice[index])


def _line(document: Source, line: SourceLine, found: LineAccounts, setup: PostingSetup) -> Iterator[Problem]:
    record, number = document.record, line.line_no
    if not line.no:
        yield Problem(
            "line_no_missing",
            "The line names no item, account or charge.",
            record,
            number,
            "no",
            "",
            "Fill in No., or make it a comment.",
        )
        return
    if line.price_per_quantity <= 0:
        yield Problem(
            "price_per_quantity_invalid",
            "Price per Quantity must be greater than 0.",
            record,
            number,
            "price_per_quantity",
            write(line.price_per_quantity),
            "Use 1 where the price is for one unit.",
        )
    if line.type is LineType.ITEM:
        yield from _item_line(document, line, found, setup)
    elif line.type is LineType.GL_ACCOUNT:
        problem = accounts.problem_with(
            found.revenue, setup, record=record, line=number, field="no", where="the line", direct=True
        )
        if problem:
            yield problem
    else:
        yield from _charge_line(document, line, found, setup)


def _item_line(document: Source, line: SourceLine, found: LineAccounts, setup: PostingSetup) -> Iterator[Problem]:
    record, number = document.record, line.line_no
    yield from blocked.item(document, line)
    if document.party is None or line.item is None:
        return
    business, product = document.party.general_business_group, line.item.general_product_group
    if found is accounts.NO_ACCOUNTS:
        yield Problem(
            "general_posting_setup_missing",
            f"General Posting Setup has no pair {business or '(blank)'} x {product or '(blank)'}.",
            record,
            number,
            "general_product_group",
            product,
            f"Add the pair, or correct the groups of {document.party_no} and item {line.no}.",
        )
        return
    where = f"General Posting Setup {business} x {product}"
    for field, account_no in accounts.needed(document, line, found):
        problem = accounts.problem_with(account_no, setup, record=record, line=number, field=field, where=where)
        if problem:
            yield problem
    problem = accounts.problem_with(
        found.stock,
        setup,
        record=record,
        line=number,
        field="Stock Account",
        where=f"Inventory Posting Group {line.item.inventory_group}".rstrip(),
    )
    if problem:
        yield problem


def _charge_line(document: Source, line: SourceLine, found: LineAccounts, setup: PostingSetup) -> Iterator[Problem]:
    if line.no not in setup.charges and not found.revenue:
        yield Problem(
            "charge_unknown",
            f"Charge {line.no} does not exist.",
            document.record,
            line.line_no,
            "no",
            line.no,
            "Choose a charge that exists.",
        )
        return
    problem = accounts.problem_with(
        found.revenue, setup, record=document.record, line=line.line_no, field="Account No.", where=f"Charge {line.no}"
    )
    if problem:
        yield problem


def _vat(document: Source, setup: PostingSetup, step: Step, amounts: Amounts) -> Iterator[Problem]:
    if document.party is None:
        return
    business = document.party.vat_business_group
    first_lines: dict[str, int] = {}
    for index, line in enumerate(document.lines):
        if line.type is not LineType.COMMENT and _is_posted(step, index):
            first_lines.setdefault(line.vat_group, line.line_no)
    groups = {group.product_group: group for group in amounts.groups}
    for product_group, number in first_lines.items():
        pair = setup.vat.get((business, product_group))
        if pair is None:
            yield Problem(
                "vat_posting_setup_missing",
                f"VAT Posting Setup has no pair {business or '(blank)'} x {product_group or '(blank)'}.",
                document.record,
                number,
                "vat_group",
                product_group,
                f"Add the pair, or correct the VAT groups of {document.party_no} and of the line.",
            )
            continue
        group = groups.get(product_group)
        if group is None:
            continue
        where = f"VAT Posting Setup {business} x {product_group}"
        for field, account_no in vat_accounts_needed(document, group.vat_lcy, group.reverse_vat_lcy, pair):
            problem = accounts.problem_with(
                account_no, setup, record=document.record, line=number, field=field, where=where
            )
            if problem:
                yield problem
        yield from _vat_difference(document, setup, number, group)


def vat_accounts_needed(document: Source, vat: Decimal, reverse_vat: Decimal, pair: VatPair) -> list[tuple[str, str]]:
    """The (field, account) pairs that a VAT group's amounts need."""
    if vat:
        if document.area is Area.SALES:
            return [("Sales VAT Account", pair.sales_account)]
        return [("Purchase VAT Account", pair.purchase_account)]
    if reverse_vat and pair.type is VatType.REVERSE_CHARGE and document.area is Area.PURCHASE:
        return [
            ("Purchase VAT Account", pair.purchase_account),
            ("Reverse Chrg. VAT Account", pair.reverse_charge_account),
        ]
    return []


def _vat_difference(document: Source, setup: PostingSetup, line: int, group: VatGroup) -> Iterator[Problem]:
    declared, computed, own = group.vat, group.computed, group.pair.type is VatType.NORMAL
    if declared == computed:
        return
    area = setup.areas[document.area]
    step = setup.precision_of(document.currency_code)
    allowed = area.max_vat_difference if own else ZERO
    if abs(declared - computed) > allowed:
        yield Problem(
            "vat_difference_too_large",
            f"The declared VAT {write(declared)} differs from the computed {write(computed)}"
            f" by more than {write(allowed)}.",
            document.record,
            line,
            "vat_amount",
            write(declared),
            f"Correct it, or raise Max. VAT Difference Allowed in {area.title}."
            if own
            else f"Clear it: {group.pair.type.value} lines bear no VAT on the document itself.",
        )
    elif declared != round_to(declared, step):
        yield Problem(
            "vat_amount_too_fine",
            f"The declared VAT {write(declared)} is finer than {write(step)}, the Amount Rounding Precision.",
            document.record,
            line,
            "vat_amount",
            write(declared),
            f"Declare {write(round_to(declared, step))}, the amount on the vendor's document.",
        )


def _totals(document: Source, amounts: Amounts) -> Iterator[Problem]:
    if amounts.gross < 0:
        yield Problem(
            "total_negative",
            f"The document's total is {write(amounts.gross)}; it may not be negative.",
            document.record,
            field="amount_including_vat",
            value=write(amounts.gross),
            hint="Turn the document into its opposite (a credit memo or an invoice), or correct the lines.",
        )
    largest = _largest(amounts)
    if largest >= LARGEST:
        yield Problem(
            "amount_too_large",
            "The document's amounts or quantities add up to more than 13 digits before the point.",
            document.record,
            field="amount",
            value=write(largest),
            hint="Check quantities, prices and discounts, or split the document.",
        )


def _largest(amounts: Amounts) -> Decimal:
    """The largest sum that an account, a ledger or a posted row might have to hold: all lines, without their signs."""
    lines, groups = amounts.lines, amounts.groups
    return max(
        sum((abs(line.line.quantity) for line in lines), ZERO),
        sum((abs(line.line_amount) + abs(line.line_discount) + abs(line.invoice_discount) for line in lines), ZERO),
        sum((abs(line.net_lcy) + abs(line.line_discount_lcy) + abs(line.invoice_discount_lcy) for line in lines), ZERO),
        sum((abs(group.base) + abs(group.vat) for group in groups), ZERO),
        sum((abs(group.base_lcy) + abs(group.vat_lcy) for group in groups), ZERO),
    )


def stock_shortages(document: Source, step: Step) -> Iterator[Problem]:
    """Whether there is enough of the items that prevent negative stock."""
    guarded = {line.no for line, ship in zip(document.lines, step.ship, strict=True) if ship and stock.is_guarded(line)}
    if guarded:
        yield from stock.shortages(document, step.ship, stock.read(sorted(guarded)))
