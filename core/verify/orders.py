"""Source documents against what was posted of them: quantities, the cost of their goods, and that none is left over."""

from __future__ import annotations

from postroom.core.kinds import DocumentType
from postroom.core.verify.accounts import OPENING
from postroom.core.verify.documents import GOODS, LINES, MONEY
from postroom.core.verify.finding import Finding, differing, examined, offenders, shown, source_title

RECEIVING = ", ".join(f"'{type_.value}'" for type_ in DocumentType if type_.receives)
INTO_STOCK = f"CASE WHEN (d.source_type IN ({RECEIVING})) = (l.quantity > 0) THEN 1 ELSE -1 END"
"""+1 where a posted line's goods come into stock."""
COST_OF_GOODS = (
    f"SELECT d.source_type AS type, d.source_no AS no, v.line_no, v.cost_amount AS amount FROM posted_document d"
    " JOIN value_entry v ON v.register_no = d.register_no AND v.document_kind = d.kind"
    f" WHERE v.line_no > 0 AND d.{GOODS}"
)
COST_INVOICED = (
    f"SELECT d.source_type AS type, d.source_no AS no, l.line_no, {INTO_STOCK} * l.cost_amount AS amount FROM {LINES}"
    f" WHERE l.type = 'item' AND d.{MONEY}"
)


def no_source_still_there() -> Finding:
    """A document that was posted in full is gone; an order may stay while something of it is not invoiced."""
    posted = "SELECT 1 FROM posted_document p WHERE p.source_no = s.no AND p.source_type = s.type"
    open_line = (
        "SELECT 1 FROM document_line l WHERE l.document_id = s.id AND l.type <> 'comment' AND l.quantity <> COALESCE("
        "(SELECT SUM(i.quantity) FROM posted_document d JOIN posted_line i ON i.posted_document_id = d.id"
        f" WHERE d.source_no = s.no AND d.source_type = s.type AND d.{MONEY} AND i.line_no = l.line_no), 0)"
    )
    return examined("document") + offenders(
        f"SELECT s.type, s.no FROM document s WHERE EXISTS ({posted})"
        f" AND (s.type NOT LIKE '%order' OR NOT EXISTS ({open_line}))",
        lambda type_, no: f"{source_title(type_, no)} was posted in full and is still there.",
    )


def orders_equal_posted_lines() -> Finding:
    """What each line of a document says was shipped (received) and invoiced equals its posted lines."""
    found = examined("document_line")
    for column, kinds, title in (("quantity_shipped", GOODS, "shipped"), ("quantity_invoiced", MONEY, "invoiced")):
        found += offenders(
            differing(
                (
                    f"SELECT s.type, s.no, l.line_no, l.{column} AS amount"
                    f" FROM document s JOIN document_line l ON l.document_id = s.id WHERE l.type <> 'comment'",
                    "SELECT s.type, s.no, l.line_no, l.quantity AS amount"
                    " FROM document s JOIN posted_document d ON d.source_no = s.no AND d.source_type = s.type"
                    f" JOIN posted_line l ON l.posted_document_id = d.id WHERE l.type <> 'comment' AND d.{kinds}",
                ),
                ("type", "no", "line_no"),
            ),
            lambda type_, no, line_no, said, posted, title=title: (
                f"{source_title(type_, no)}, line {line_no}: {shown(said)} {title} by the line,"
                f" {shown(posted)} by its posted documents."
            ),
        )
    return found


def orders_equal_posted_costs() -> Finding:
    """What each line of a document says its goods cost, and what of it is invoiced, equals its posted lines."""
    found = examined("document_line")
    for column, posted, title in (
        ("goods_value", COST_OF_GOODS, "moved"),
        ("goods_value_invoiced", COST_INVOICED, "invoiced"),
    ):
        found += offenders(
            differing(
                (
                    f"SELECT s.type, s.no, l.line_no, l.{column} AS amount"
                    " FROM document s JOIN document_line l ON l.document_id = s.id",
                    f"SELECT p.type, p.no, p.line_no, p.amount FROM ({posted}) AS p"
                    " JOIN document s ON s.no = p.no AND s.type = p.type",
                ),
                ("type", "no", "line_no"),
            ),
            lambda type_, no, line_no, said, cost, title=title: (
                f"{source_title(type_, no)}, line {line_no}: goods for {shown(said)} {title} by the line,"
                f" for {shown(cost)} by its posted documents."
            ),
        )
    return found


def finished_orders_are_invoiced() -> Finding:
    """Of a document that is gone as much is invoiced as was shipped (received), and at the cost of the goods moved.

    A posting that ships and invoices alike adds nothing to either side, so only the others are told apart by document.
    """
    per_posting = (
        "SELECT register_no, line_no, SUM(moved) AS moved, SUM(invoiced) AS invoiced, SUM(cost) AS cost,"
        " SUM(cost_invoiced) AS cost_invoiced FROM ("
        f"SELECT d.register_no, l.line_no, CASE WHEN d.{GOODS} THEN l.quantity ELSE 0 END AS moved,"
        f" CASE WHEN d.{MONEY} THEN l.quantity ELSE 0 END AS invoiced, 0 AS cost,"
        f" CASE WHEN d.{MONEY} AND l.type = 'item' THEN {INTO_STOCK} * l.cost_amount ELSE 0 END AS cost_invoiced"
        f" FROM {LINES} WHERE l.type <> 'comment'"
        " UNION ALL SELECT register_no, line_no, 0, 0, cost_amount, 0 FROM value_entry WHERE line_no > 0"
        f" AND NOT (document_no = 'OPENING' AND register_no IN {OPENING})"
        ") AS sides GROUP BY register_no, line_no HAVING SUM(moved) <> SUM(invoiced) OR SUM(cost) <> SUM(cost_invoiced)"
    )
    return examined("posted_line") + offenders(
        "SELECT d.source_type, d.source_no, p.line_no, SUM(p.moved), SUM(p.invoiced), SUM(p.cost), SUM(p.cost_invoiced)"
        f" FROM ({per_posting}) AS p"
        " JOIN (SELECT DISTINCT register_no, source_type, source_no FROM posted_document) AS d"
        " ON d.register_no = p.register_no"
        " WHERE NOT EXISTS (SELECT 1 FROM document s WHERE s.no = d.source_no AND s.type = d.source_type)"
        " GROUP BY d.source_type, d.source_no, p.line_no"
        " HAVING SUM(p.moved) <> SUM(p.invoiced) OR SUM(p.cost) <> SUM(p.cost_invoiced)",
        lambda type_, no, line_no, moved, invoiced, cost, cost_invoiced: (
            f"{source_title(type_, no)}, line {line_no}: "
            + (
                f"{shown(moved)} was shipped or received, {shown(invoiced)} invoiced, and the document is gone."
                if moved != invoiced
                else f"its goods moved for {shown(cost)} and are invoiced for {shown(cost_invoiced)}."
            )
        ),
    )
