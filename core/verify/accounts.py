"""Sub-ledgers against their accounts: customers, vendors, VAT, stock; and the stock on hand against its ledgers."""

from __future__ import annotations

from postroom.core.kinds import Area
from postroom.core.statements import query
from postroom.core.verify.finding import Finding, differing, examined, offenders, shown

OPENING = "(SELECT no FROM gl_register WHERE source_code = 'OPENING')"
"""The registers of the opening stock, which has no posted document."""


def customer_ledger() -> Finding:
    """Each receivables account equals the customer ledger entries that bear it."""
    return _party_ledger(Area.SALES)


def vendor_ledger() -> Finding:
    """Each payables account equals the vendor ledger entries that bear it."""
    return _party_ledger(Area.PURCHASE)


def _party_ledger(area: Area) -> Finding:
    """Entries of both areas count, because nothing forbids one account for customers and vendors."""
    named = _accounts(
        "SELECT account_no FROM party_posting_group WHERE area = ? AND account_no <> ''"
        " UNION SELECT account_no FROM party_ledger_entry WHERE area = ?",
        (area.value, area.value),
    )
    ((rows,),) = query("SELECT COUNT(*) FROM party_ledger_entry WHERE area = ?", (area.value,))
    ledger = _sums("SELECT account_no, SUM(amount_lcy) FROM party_ledger_entry GROUP BY account_no")
    return Finding(rows) + _against_gl(named, ledger, f"the {area.party_title.lower()} ledger")


def vat_entries() -> Finding:
    """Each VAT account equals the VAT entries that bear it."""
    named = _accounts(
        "SELECT sales_vat_account FROM vat_posting_setup WHERE sales_vat_account <> ''"
        " UNION SELECT purchase_vat_account FROM vat_posting_setup WHERE purchase_vat_account <> ''"
        " UNION SELECT reverse_charge_account FROM vat_posting_setup WHERE reverse_charge_account <> ''"
        " UNION SELECT account_no FROM vat_entry"
    )
    ledger = _sums("SELECT account_no, SUM(amount) FROM vat_entry GROUP BY account_no")
    return examined("vat_entry") + _against_gl(named, ledger, "its VAT entries")


def stock_accounts() -> Finding:
    """Each stock account equals the value entries that bear it."""
    named = _accounts(
        "SELECT stock_account FROM inventory_group WHERE stock_account <> ''"
        " UNION SELECT stock_account FROM value_entry"
    )
    ledger = _sums("SELECT stock_account, SUM(cost_amount) FROM value_entry GROUP BY stock_account")
    return examined("value_entry") + _against_gl(named, ledger, "its value entries")


def received_not_invoiced() -> Finding:
    """The accounts of goods received not invoiced hold what open purchase orders have received and not yet invoiced."""
    named = _accounts(
        "SELECT received_not_invoiced_account FROM general_posting_setup WHERE received_not_invoiced_account <> ''"
        " UNION SELECT received_account FROM posted_line WHERE received_account <> ''"
    )
    ((lines, open_value),) = query(
        "SELECT COUNT(*), COALESCE(SUM(l.goods_value - l.goods_value_invoiced), 0) FROM document_line l"
        " JOIN document d ON d.id = l.document_id WHERE d.type LIKE 'purchase%'"
    )
    balances = _sums("SELECT account_no, SUM(amount) FROM gl_entry GROUP BY account_no")
    balance = sum(balances.get(no, 0) for no in named)
    if balance == -int(open_value):
        return Finding(lines)
    return Finding(
        lines,
        1,
        (
            f"Goods received not invoiced (G/L account {', '.join(named)}) stand at {shown(balance)},"
            f" the orders' lines at {shown(-int(open_value))}.",
        ),
    )


def _accounts(sql: str, parameters: tuple[str, ...] = ()) -> list[str]:
    return sorted(no for (no,) in query(sql, parameters))


def _sums(sql: str) -> dict[str, int]:
    return {account: int(amount) for account, amount in query(sql)}


def _against_gl(named: list[str], ledger: dict[str, int], title: str) -> Finding:
    """Compare accounts with what a ledger holds of them; each that differs is one offender."""
    balances = _sums("SELECT account_no, SUM(amount) FROM gl_entry GROUP BY account_no")
    wrong = [
        f"G/L account {no} stands at {shown(balances.get(no, 0))}, {title} at {shown(ledger.get(no, 0))}:"
        f" {shown(balances.get(no, 0) - ledger.get(no, 0))} apart."
        for no in named
        if balances.get(no, 0) != ledger.get(no, 0)
    ]
    found = Finding()
    for sentence in wrong:
        found += Finding(0, 1, (sentence,))
    return found


def item_ledger() -> Finding:
    """Each item's stock on hand equals its item ledger entries."""
    return examined("item_ledger_entry", "item_stock") + offenders(
        differing(
            (
                "SELECT item_no, quantity AS amount FROM item_ledger_entry",
                "SELECT item_no, quantity AS amount FROM item_stock",
            ),
            ("item_no",),
        ),
        lambda no, ledger, stock: (
            f"Item {no}: its ledger holds {shown(ledger)} pieces, its stock on hand says {shown(stock)}."
        ),
    )


def stock_value() -> Finding:
    """Each item's stock value equals its value entries."""
    return examined("value_entry", "item_stock") + offenders(
        differing(
            (
                "SELECT item_no, cost_amount AS amount FROM value_entry",
                "SELECT item_no, value AS amount FROM item_stock",
            ),
            ("item_no",),
        ),
        lambda no, entries, stock: (
            f"Item {no}: its value entries add up to {shown(entries)}, its stock value says {shown(stock)}."
        ),
    )


def opening_stock() -> Finding:
    """Registers of opening stock: value entries equal the stock accounts, each item once, nothing else in them."""
    ((rows,),) = query(f"SELECT COUNT(*) FROM gl_entry WHERE register_no IN {OPENING}")
    stray = Finding()
    for table, title in (
        ("posted_document", "a posted document"),
        ("party_ledger_entry", "a customer or vendor ledger entry"),
        ("vat_entry", "a VAT entry"),
    ):
        stray += offenders(
            f"SELECT DISTINCT register_no FROM {table} WHERE register_no IN {OPENING}",
            lambda no, title=title: f"Opening stock register {no} holds {title}.",
        )
    values = offenders(
        differing(
            (
                "SELECT register_no, stock_account AS account_no, cost_amount AS amount FROM value_entry"
                f" WHERE register_no IN {OPENING}",
                "SELECT g.register_no, g.account_no, g.amount FROM gl_entry g"
                f" WHERE g.register_no IN {OPENING} AND EXISTS (SELECT 1 FROM value_entry v"
                " WHERE v.register_no = g.register_no AND v.stock_account = g.account_no)",
            ),
            ("register_no", "account_no"),
        ),
        lambda no, account, entries, posted: (
            f"Opening stock register {no} posts {shown(posted)} to stock account {account},"
            f" its value entries hold {shown(entries)}."
        ),
    )
    return Finding(rows) + stray + values
