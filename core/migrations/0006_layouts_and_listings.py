"""Layouts of the company's own; print jobs of any report, also of those over many records."""

from peewee import BigIntegerField, Model, TextField


def up(migrator, db):
    class Layout(Model):
        name = TextField(primary_key=True)
        source = TextField()
        imported_by = TextField()
        imported_at = BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Layout])
    migrator.migrate(
        migrator.drop_column("print_job", "area"),
        migrator.drop_column("print_job", "kind"),
        migrator.add_column("inbox_report", "listing", TextField(default="")),
    )
