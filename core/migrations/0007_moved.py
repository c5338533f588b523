"""Where a company has moved to; blank for one that is in its place."""

from peewee import TextField


def up(migrator, db):
    migrator.migrate(migrator.add_column("company", "moved_to", TextField(default="")))
