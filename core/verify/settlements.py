"""Applications: what settles a customer's or vendor's entry settles another one as well, and never too much."""

from __future__ import annotations

from postroom.core.verify.finding import Finding, examined, offenders, shown

LOWER = "CASE WHEN entry_no < applied_entry_no THEN entry_no ELSE applied_entry_no END"
HIGHER = "CASE WHEN entry_no < applied_entry_no THEN applied_entry_no ELSE entry_no END"


def both_ways() -> Finding:
    """Every application of one entry to another has its opposite, of the same posting, and names entries that exist."""
    pairs = offenders(
        "SELECT lower_no, higher_no, SUM(amount), SUM(way) FROM"
        f" (SELECT {LOWER} AS lower_no, {HIGHER} AS higher_no, posting_id, amount,"
        " CASE WHEN entry_no < applied_entry_no THEN 1 ELSE -1 END AS way FROM party_ledger_application) AS pair"
        " GROUP BY lower_no, higher_no, posting_id HAVING SUM(amount) <> 0 OR SUM(way) <> 0",
        lambda lower, higher, amount, way: (
            f"Ledger entries {lower} and {higher} do not settle each other"
            + (f": {shown(amount)} apart." if amount else ": only one of them is settled.")
        ),
    )
    strays = offenders(
        "SELECT a.entry_no, a.applied_entry_no FROM party_ledger_application a"
        " LEFT JOIN party_ledger_entry e ON e.entry_no = a.entry_no"
        " LEFT JOIN party_ledger_entry o ON o.entry_no = a.applied_entry_no"
        " WHERE e.entry_no IS NULL OR o.entry_no IS NULL OR e.area <> o.area OR e.party_no <> o.party_no"
        " OR e.currency_code <> o.currency_code OR a.entry_no = a.applied_entry_no",
        lambda entry_no, applied: (
            f"Ledger entry {entry_no} is settled by {applied},"
            " which is not another entry of the same party and currency."
        ),
    )
    return examined("party_ledger_application") + pairs + strays


def not_over_settled() -> Finding:
    """What settles an entry has its sign and is no more than its amount."""
    return examined("party_ledger_application") + offenders(
        "SELECT e.entry_no, e.area, e.party_no, e.document_no, e.amount, a.settled FROM"
        " (SELECT entry_no, SUM(amount) AS settled FROM party_ledger_application GROUP BY entry_no) AS a"
        " JOIN party_ledger_entry e ON e.entry_no = a.entry_no"
        " WHERE ABS(a.settled) > ABS(e.amount) OR (a.settled < 0) <> (e.amount < 0) AND a.settled <> 0",
        lambda entry_no, area, party, no, amount, settled: (
            f"{'Customer' if area == 'sales' else 'Vendor'} ledger entry {entry_no} of {party} (document {no}) is"
            f" {shown(amount)}, but {shown(settled)} of it is settled."
        ),
    )
