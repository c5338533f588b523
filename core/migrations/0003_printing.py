"""Company Information for printed documents, and when a printer that does not respond was tried last."""

from peewee import BigIntegerField, Model, TextField


def up(migrator, db):
    class CompanyInformation(Model):
        name = TextField()
        address = TextField()
        post_code = TextField()
        city = TextField()
        country_code = TextField()
        phone_no = TextField()
        email = TextField()
        home_page = TextField()
        vat_registration_no = TextField()
        bank_name = TextField()
        iban = TextField()
        swift_code = TextField()
        paper_size = TextField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([CompanyInformation])
    (companies,) = db.execute_sql("SELECT count(*) FROM company").fetchone()
    if companies:
        blank = dict.fromkeys(CompanyInformation._meta.sorted_field_names, "")
        CompanyInformation.insert(**{**blank, "id": 1, "paper_size": "A4"}).execute()
    migrator.migrate(migrator.add_column("printer", "last_tried_at", BigIntegerField(default=0)))
