"""Registers: each posting of the ledgers balances, is numbered without gaps, and marks every entry it made."""

from __future__ import annotations

from postroom.core.statements import query
from postroom.core.verify.finding import Finding, examined, offenders, shown

LEDGERS = {
    "gl_entry": "G/L entry",
    "party_ledger_entry": "customer or vendor ledger entry",
    "vat_entry": "VAT entry",
    "item_ledger_entry": "item ledger entry",
    "value_entry": "value entry",
}


def balance() -> Finding:
    """The G/L entries of every register add up to 0."""
    return examined("gl_entry") + offenders(
        "SELECT register_no, SUM(amount) FROM gl_entry GROUP BY register_no HAVING SUM(amount) <> 0",
        lambda no, amount: f"G/L register {no} is out of balance by {shown(amount)}.",
    )


def without_gaps() -> Finding:
    """Registers are numbered 1, 2, 3, ... as far as the counter has come."""
    gaps = offenders(
        "SELECT before, no FROM (SELECT no, LAG(no, 1, 0) OVER (ORDER BY no) AS before FROM gl_register) AS numbered"
        " WHERE no <> before + 1",
        _gap,
    )
    ((last, counted),) = query(
        "SELECT COALESCE(MAX(no), 0), (SELECT COALESCE(MAX(last_value), 0) FROM counter WHERE name = 'gl_register')"
        " FROM gl_register"
    )
    found = examined("gl_register") + gaps
    if last == counted:
        return found
    return found + Finding(0, 1, (f"The last G/L register is no. {last}, but {counted} numbers were given.",))


def _gap(before: int, no: int) -> str:
    missing = f"no. {before + 1} is" if no == before + 2 else f"nos. {before + 1} to {no - 1} are"
    return f"G/L register {missing} missing." if before else f"G/L register {missing} missing at the start."


def entries_bear_their_register() -> Finding:
    """Every ledger entry bears a register that exists, and that register's posting id."""
    found = Finding()
    for table, title in LEDGERS.items():
        found += examined(table) + offenders(
            f"SELECT e.entry_no, e.register_no, e.document_no, r.no FROM {table} e"
            " LEFT JOIN gl_register r ON r.no = e.register_no WHERE r.no IS NULL OR r.posting_id <> e.posting_id",
            lambda entry_no, register_no, document_no, there, title=title: (
                f"{title[0].upper()}{title[1:]} {entry_no} of document {document_no} bears "
                + (
                    f"another posting id than its register {register_no}."
                    if there
                    else f"register {register_no}, which does not exist."
                )
            ),
        )
    return found
