"""What a partly posted order remembers: where its counts began, what its goods cost, what invoices took of it."""

_DOCUMENT = ("invoice_discount_before", "invoice_discount_taken", "amount_taken")
_LINE = ("counted_from", "discount_counted_from", "cost_counted_from", "goods_value", "goods_value_invoiced")


def up(migrator, db):
    del migrator  # its add_column writes every row of what may be a long table
    for table, names in (("document", _DOCUMENT), ("document_line", _LINE)):
        for name in names:
            db.execute_sql(f"ALTER TABLE {table} ADD COLUMN {name} BIGINT NOT NULL DEFAULT 0")
