"""Posted documents against their own lines, against their ledger entries, and against the documents they came from.

Comparisons go by register and kind: a posting is one register and leaves at most one document of each kind in it.
"""

from __future__ import annotations

from postroom.core.kinds import VatType
from postroom.core.verify.accounts import OPENING
from postroom.core.verify.finding import Finding, differing, examined, offenders, posted_title, shown, source_title

MONEY = "kind IN ('invoice', 'credit_memo')"
GOODS = "kind NOT IN ('invoice', 'credit_memo')"
DEBIT = "CASE WHEN (d.area = 'sales') = (d.kind = 'invoice') THEN 1 ELSE -1 END"
"""+1 where the party's entry is a debit."""
INTO_STOCK = "CASE WHEN d.kind IN ('receipt', 'return_receipt') THEN 1 ELSE -1 END"
REVERSE = f"= '{VatType.REVERSE_CHARGE.value}'"
LINES = "posted_line l JOIN posted_document d ON d.id = l.posted_document_id"


def lines_equal_headers() -> Finding:
    """The lines of each posted document add up to its amount, VAT, amount including VAT, and amount in LCY."""
    sums = ", ".join(f"SUM({side}_{name}) AS {side}_{name}" for side in ("header", "line") for name in _WORTH)
    headers = ", ".join((*(f"{name} AS header_{name}" for name in _WORTH), *(f"0 AS line_{name}" for name in _WORTH)))
    lines = ", ".join((*("0" for _ in _WORTH), *_WORTH))
    wrong = " OR ".join(f"SUM(header_{name}) <> SUM(line_{name})" for name in _WORTH)
    return examined("posted_document", "posted_line") + offenders(
        "SELECT COALESCE(d.area, ''), COALESCE(d.kind, ''), COALESCE(d.no, ''),"
        f" {', '.join(f'apart.{side}_{name}' for side in ('header', 'line') for name in _WORTH)}"
        f" FROM (SELECT document_id, {sums} FROM (SELECT id AS document_id, {headers} FROM posted_document"
        f" UNION ALL SELECT posted_document_id, {lines} FROM posted_line) AS sides GROUP BY document_id"
        f" HAVING {wrong} OR SUM(header_amount_including_vat) <> SUM(header_amount) + SUM(header_vat_amount)) AS apart"
        " LEFT JOIN posted_document d ON d.id = apart.document_id",
        _header_sentence,
    )


_WORTH = ("amount", "vat_amount", "amount_including_vat", "amount_lcy")


def _header_sentence(area: str, kind: str, no: str, *numbers: int) -> str:
    title = posted_title(kind, no, area) if no else "A posted document that is gone"
    for name, header, lines in zip(
        ("amount", "VAT amount", "amount including VAT", "amount in LCY"), numbers[:4], numbers[4:], strict=True
    ):
        if header != lines:
            return f"{title}: its {name} is {shown(header)}, its lines add up to {shown(lines)}."
    amount, vat, gross, _ = numbers[:4]
    return f"{title}: {shown(amount)} and VAT {shown(vat)} do not make {shown(gross)}."


def headers_equal_party_ledger() -> Finding:
    """Each posted invoice and credit memo has one customer or vendor ledger entry, of its party, over its whole amount.

    In LCY the entry is the document's amount and its VAT entries.
    """
    return examined("party_ledger_entry") + offenders(
        "SELECT register_no, kind, MIN(no), MAX(no), SUM(own) AS documents, SUM(amount) AS apart, SUM(lcy) AS lcy_apart"
        f" FROM (SELECT d.register_no, d.kind, d.no, d.area, d.party_no, d.currency_code, 1 AS own,"
        f" {DEBIT} * d.amount_including_vat AS amount, {DEBIT} * d.amount_lcy AS lcy"
        f" FROM posted_document d WHERE d.{MONEY}"
        " UNION ALL SELECT register_no, document_kind, document_no, area, party_no, currency_code, -1,"
        " -amount, -amount_lcy FROM party_ledger_entry"
        " UNION ALL SELECT register_no, document_kind, document_no, area, NULL, NULL, 0, 0, -amount FROM vat_entry"
        ") AS sides GROUP BY register_no, kind"
        " HAVING SUM(own) <> 0 OR SUM(amount) <> 0 OR SUM(lcy) <> 0 OR MIN(no) <> MAX(no) OR MIN(area) <> MAX(area)"
        " OR MIN(party_no) <> MAX(party_no) OR MIN(currency_code) <> MAX(currency_code)",
        _party_sentence,
    )


def _party_sentence(register_no: int, kind: str, no: str, other: str, own: int, apart: int, lcy: int) -> str:
    title = f"{posted_title(kind, no)} (register {register_no})"
    if no != other:
        return f"{title}: its ledger entries name document {other} as well."
    if own:
        return f"{title}: " + (
            "it has no customer or vendor ledger entry." if own > 0 else "it has a ledger entry too many."
        )
    if apart:
        return f"{title}: its customer or vendor ledger entry is {shown(abs(apart))} away from the document's amount."
    if lcy:
        return f"{title}: amount, VAT entries and ledger entry are {shown(abs(lcy))} apart in LCY."
    return f"{title}: its ledger entry is of another customer, vendor, currency or area."


def balance_in_gl() -> Finding:
    """The G/L entries of each posted document add up to 0, and each belongs to a document of the same posting."""
    unbalanced = offenders(
        "SELECT register_no, document_kind, document_no, SUM(amount) FROM gl_entry"
        " GROUP BY register_no, document_kind, document_no HAVING SUM(amount) <> 0",
        lambda register, kind, no, amount: (
            f"{posted_title(kind, no)} (register {register}): its G/L entries are out of balance by {shown(amount)}."
        ),
    )
    strays = Finding()
    for table, where, title in (
        ("gl_entry", "", "G/L entries"),
        ("value_entry", " WHERE line_no <= 0", "value adjustments"),
    ):
        strays += offenders(
            "SELECT e.register_no, e.document_kind, e.document_no FROM"
            f" (SELECT DISTINCT register_no, document_kind, document_no FROM {table}{where}) AS e"
            " LEFT JOIN posted_document d ON d.no = e.document_no AND d.kind = e.document_kind"
            " AND d.register_no = e.register_no"
            f" WHERE d.id IS NULL AND NOT (e.document_no = 'OPENING' AND e.register_no IN {OPENING})",
            lambda register, kind, no, title=title: (
                f"Register {register} holds {title} of {posted_title(kind, no)}, which it did not post."
            ),
        )
    return examined("gl_entry") + unbalanced + strays


def lines_equal_vat_entries() -> Finding:
    """Per document and VAT group: base and VAT of its lines equal its VAT entries.

    A line keeps its VAT in the document's currency, so for a foreign one the VAT in LCY is compared by document, with
    the party's ledger entry. A reverse-charge purchase has two entries per group, which add up to 0.
    """
    keys = "register_no, kind, business_group, product_group"
    line = "SELECT d.register_no, d.kind, l.vat_business_group AS business_group, l.vat_product_group AS product_group"
    entry = (
        "SELECT e.register_no, e.document_kind AS kind, e.vat_business_group AS business_group,"
        " e.vat_product_group AS product_group"
    )
    reverse = f"(d.area = 'purchase' AND l.vat_type {REVERSE})"
    net = offenders(
        f"SELECT {keys}, SUM(base) AS base_apart, SUM(vat) AS vat_apart, MAX(is_foreign) AS is_foreign FROM ("
        f"{line}, CASE WHEN {reverse} THEN 0 ELSE {DEBIT} * l.amount_lcy END AS base,"
        f" {DEBIT} * l.vat_amount AS vat, CASE WHEN d.currency_code = '' THEN 0 ELSE 1 END AS is_foreign"
        f" FROM {LINES} WHERE l.type <> 'comment' AND d.{MONEY}"
        f" UNION ALL {entry}, e.base, e.amount, 0 FROM vat_entry e"
        f") AS sides GROUP BY {keys} HAVING SUM(base) <> 0 OR (MAX(is_foreign) = 0 AND SUM(vat) <> 0)",
        lambda register, kind, business, product, base, vat, is_foreign: (
            f"A posted {posted_title(kind, '')[7:].lower()} of register {register}, VAT {business} {product}:"
            f" lines and VAT entries are {shown(abs(base))} apart in base"
            + (f" and {shown(abs(vat))} in VAT." if not is_foreign else ".")
        ),
    )
    both = offenders(
        f"SELECT {keys}, SUM(base) AS base, SUM(entered) AS entered FROM ("
        f"{line}, l.amount_lcy AS base, 0 AS entered FROM {LINES} WHERE l.type <> 'comment' AND d.{MONEY} AND {reverse}"
        f" UNION ALL {entry}, 0, ABS(e.base) FROM vat_entry e WHERE e.area = 'purchase' AND e.type {REVERSE}"
        f") AS sides GROUP BY {keys} HAVING 2 * ABS(SUM(base)) <> SUM(entered)",
        lambda register, kind, business, product, base, entered: (
            f"A posted {posted_title(kind, '')[7:].lower()} of register {register}, reverse charge"
            f" {business} {product}:"
            f" its lines' base is {shown(base)}, its two VAT entries' bases add up to {shown(entered)}."
        ),
    )
    return examined("vat_entry", "posted_line") + net + both


def lines_equal_item_ledger() -> Finding:
    """Each item line of a posted shipment or receipt moved its quantity in the item ledger, and nothing else did."""
    return examined("item_ledger_entry", "posted_line") + offenders(
        differing(
            (
                "SELECT d.register_no, d.kind, l.line_no, l.no AS item_no,"
                f" {INTO_STOCK} * l.quantity AS amount FROM {LINES} WHERE l.type = 'item' AND d.{GOODS}",
                "SELECT register_no, document_kind AS kind, line_no, item_no, quantity AS amount FROM item_ledger_entry"
                f" WHERE NOT (document_no = 'OPENING' AND register_no IN {OPENING})",
            ),
            ("register_no", "kind", "line_no", "item_no"),
        ),
        lambda register, kind, line_no, item_no, wanted, moved: (
            f"{posted_title(kind, '')} of register {register}, line {line_no}, item {item_no}: the line moves"
            f" {shown(wanted)} pieces, the item ledger {shown(moved)}."
        ),
    )


def lines_equal_value_entries() -> Finding:
    """The cost of each goods line is its value entry's; each document's value entries are on its stock accounts."""
    lines = offenders(
        differing(
            (
                f"SELECT d.register_no, d.kind, l.line_no, l.no AS item_no, l.cost_amount AS amount"
                f" FROM {LINES} WHERE l.type = 'item' AND d.{GOODS}",
                "SELECT register_no, document_kind AS kind, line_no, item_no, ABS(cost_amount) AS amount"
                " FROM value_entry WHERE line_no > 0"
                f" AND NOT (document_no = 'OPENING' AND register_no IN {OPENING})",
            ),
            ("register_no", "kind", "line_no", "item_no"),
        ),
        lambda register, kind, line_no, item_no, wanted, entered: (
            f"{posted_title(kind, '')} of register {register}, line {line_no}, item {item_no}: the line costs"
            f" {shown(wanted)}, its value entry is {shown(entered)}."
        ),
    )
    accounts = offenders(
        differing(
            (
                "SELECT register_no, document_kind AS kind, stock_account AS account_no, cost_amount AS amount"
                " FROM value_entry",
                "SELECT register_no, document_kind AS kind, account_no, amount FROM gl_entry"
                " WHERE account_no IN (SELECT DISTINCT stock_account FROM value_entry)",
            ),
            ("register_no", "kind", "account_no"),
        ),
        lambda register, kind, account, valued, posted: (
            f"{posted_title(kind, '')} of register {register}: its value entries are {shown(valued)},"
            f" its G/L entries on stock account {account} {shown(posted)}."
        ),
    )
    return examined("value_entry", "posted_line") + lines + accounts


def headers_bear_their_posting() -> Finding:
    """Each posted header bears the id of its posting, as its register does, and no other of its kind bears it."""
    strays = offenders(
        "SELECT d.area, d.kind, d.no, d.posting_id, d.register_no, r.no FROM posted_document d"
        " LEFT JOIN gl_register r ON r.no = d.register_no"
        " WHERE d.posting_id = '' OR r.no IS NULL OR r.posting_id <> d.posting_id",
        lambda area, kind, no, posting_id, register, there: (
            f"{posted_title(kind, no, area)} "
            + (
                "bears no posting id."
                if not posting_id
                else f"names register {register}, which does not exist."
                if there is None
                else f"bears another posting id than its register {register}."
            )
        ),
    )
    twins = offenders(
        "SELECT posting_id, kind, MIN(no), MAX(no), COUNT(*) FROM posted_document WHERE posting_id <> ''"
        " GROUP BY posting_id, kind HAVING COUNT(*) > 1",
        lambda posting_id, kind, first, last, count: (
            f"{count} documents of one kind bear the posting id {posting_id}, {posted_title(kind, first)} and {last}."
        ),
    )
    return examined("posted_document") + strays + twins


def logs_name_their_documents() -> Finding:
    """The log entry of a posting is Success and names the document; a posting that succeeded has posted something."""
    wrong = offenders(
        "SELECT DISTINCT l.entry_no, l.status, l.record_type, l.record_no, d.area, d.kind, d.no, d.source_type,"
        " d.source_no FROM job_queue_log_entry l JOIN posted_document d ON d.posting_id = l.posting_id"
        " WHERE l.posting_id <> ''"
        " AND (l.status <> 'Success' OR l.record_type <> d.source_type OR l.record_no <> d.source_no)",
        lambda entry_no, status, type_, no, area, kind, posted_no, source_type, source_no: (
            f"Log entry {entry_no} made {posted_title(kind, posted_no, area)}, "
            + (
                f"but is {status}."
                if status != "Success"
                else f"but names {source_title(type_, no)} instead of {source_title(source_type, source_no)}."
            )
        ),
    )
    lost = offenders(
        "SELECT l.entry_no, l.record_type, l.record_no FROM job_queue_log_entry l"
        " LEFT JOIN posted_document d ON d.posting_id = l.posting_id"
        " WHERE l.job = 'post-document' AND l.status = 'Success' AND d.id IS NULL",
        lambda entry_no, type_, no: (
            f"Log entry {entry_no} says that {source_title(type_, no)} was posted, but no posted document came of it."
        ),
    )
    return examined("job_queue_log_entry") + wrong + lost
