"""Source documents against what was posted of them: quantities, the cost of their goods, and that none is left over."""

from __future__ import annotations

from postroom.core.kinds import DocumentType
from postroom.core.verify.documents import GOODS, LINES, MONEY
from postroom.core.verify.finding import Finding, differing, examined, offenders, shown, source_title

RECEIVING = ", ".join(f"'{type_.value}'" for type_ in DocumentType if type_.receives)
INTO_STOCK = f"CASE WHEN (d.source_type IN ({RECEIVING})) = (l.quantity > 0) THEN 1 ELSE -1 END"
"""+1 where a posted line's goods come into stock."""
COST_OF_GOODS = (
    f"SELECT d.source_type AS type, d.source_no AS no, v.line_no, v.cost_amount AS amount FROM posted_document d"
    " JOIN value_entry v ON v.register_no = d.register_no AND v.document_kind = d.kind"
    f" WHERE v.line_no <> 0 AND d.{GOODS}"
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
    """Of a document that is gone as much is invoiced as was shipped (received), and at the cost of the goods moved."""
    gone = "NOT EXISTS (SELECT 1 FROM document s WHERE s.no = d.source_no AND s.type = d.source_type)"
    quantity = "SELECT d.source_type AS type, d.source_no AS no, l.line_no, l.quantity AS amount"
    found = examined("posted_line") + offenders(
        differing(
            (
                f"{quantity} FROM {LINES} WHERE l.type <> 'comment' AND d.{GOODS} AND {gone}",
                f"{quantity} FROM {LINES} WHERE l.type <> 'comment' AND d.{MONEY} AND {gone}",
            ),
            ("type", "no", "line_no"),
        ),
        lambda type_, no, line_no, moved, invoiced: (
            f"{source_title(type_, no)}, line {line_no}: {shown(moved)} was shipped or received,"
            f" {shown(invoiced)} invoiced, and the document is gone."
        ),
    )
    return found + offenders(
        differing(
            (f"{COST_OF_GOODS} AND {gone}", f"{COST_INVOICED} AND {gone}"),
            ("type", "no", "line_no"),
        ),
        lambda type_, no, line_no, moved, invoiced: (
            f"{source_title(type_, no)}, line {line_no}: its goods moved for {shown(moved)}"
            f" and are invoiced for {shown(invoiced)}."
        ),
    )
