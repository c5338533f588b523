"""The first schema: setup, trade, ledgers, work; and the triggers that keep posted rows as they are."""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DateField,
    ForeignKeyField,
    IntegerField,
    Model,
    NodeList,
    SqliteDatabase,
    TextField,
)


class NumberField(BigAutoField):
    """Ascending and never given twice, on SQLite too."""

    def ddl(self, ctx):
        made = super().ddl(ctx)
        return NodeList((made, SQL("AUTOINCREMENT"))) if isinstance(self.model._meta.database, SqliteDatabase) else made


def up(migrator, db):
    del migrator

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Company(Table):
        name = TextField()
        created_at = BigIntegerField()
        created_by = TextField()
        is_test = BooleanField()
        setup_version = IntegerField()

    class GeneralLedgerSetup(Table):
        allow_posting_from = DateField(null=True)
        allow_posting_to = DateField(null=True)
        lcy_code = TextField()
        amount_rounding_precision = BigIntegerField()
        unit_amount_rounding_precision = BigIntegerField()
        company_time_zone = TextField()

    class SalesSetup(Table):
        post_documents_via_job_queue = BooleanField()
        post_and_print_with_job_queue = BooleanField()
        job_queue_category_code = TextField()
        notify_on_success = BooleanField()
        priority_for_post = IntegerField()
        priority_for_post_and_print = IntegerField()
        job_timeout = IntegerField()
        maximum_no_of_attempts = IntegerField()
        rerun_delay = IntegerField()
        check_before_queueing = BooleanField()
        report_output_type = TextField()
        calc_inv_discount = BooleanField()
        max_vat_difference_allowed = BigIntegerField()
        default_posting_date = TextField()
        order_nos = TextField()
        return_order_nos = TextField()
        invoice_nos = TextField()
        credit_memo_nos = TextField()
        posted_invoice_nos = TextField()
        posted_credit_memo_nos = TextField()
        ext_doc_no_mandatory = BooleanField()
        default_qty_to_ship = TextField()
        posted_shipment_nos = TextField()
        posted_return_receipt_nos = TextField()

    class PurchasesSetup(Table):
        post_documents_via_job_queue = BooleanField()
        post_and_print_with_job_queue = BooleanField()
        job_queue_category_code = TextField()
        notify_on_success = BooleanField()
        priority_for_post = IntegerField()
        priority_for_post_and_print = IntegerField()
        job_timeout = IntegerField()
        maximum_no_of_attempts = IntegerField()
        rerun_delay = IntegerField()
        check_before_queueing = BooleanField()
        report_output_type = TextField()
        calc_inv_discount = BooleanField()
        max_vat_difference_allowed = BigIntegerField()
        default_posting_date = TextField()
        order_nos = TextField()
        return_order_nos = TextField()
        invoice_nos = TextField()
        credit_memo_nos = TextField()
        posted_invoice_nos = TextField()
        posted_credit_memo_nos = TextField()
        vendor_doc_no_mandatory = BooleanField()
        default_qty_to_receive = TextField()
        posted_receipt_nos = TextField()
        posted_return_shipment_nos = TextField()

    class NumberSeries(Table):
        code = TextField(primary_key=True)
        description = TextField()
        manual_nos = BooleanField()

    class NumberSeriesLine(Table):
        series_code = TextField()
        starting_date = DateField(null=True)
        starting_no = TextField()
        ending_no = TextField()
        warning_no = TextField()
        increment = IntegerField()
        last_value = IntegerField()
        last_date_used = DateField(null=True)

        class Meta:
            indexes = ((("series_code", "starting_date"), False),)

    class Counter(Table):
        name = TextField(primary_key=True)
        last_value = IntegerField()

    class GlAccount(Table):
        no = TextField(primary_key=True)
        name = TextField()
        type = TextField()
        direct_posting = BooleanField()
        blocked = BooleanField()

    class Charge(Table):
        no = TextField(primary_key=True)
        description = TextField()
        account_no = TextField()
        vat_product_group = TextField()

    class GeneralBusinessGroup(Table):
        code = TextField(primary_key=True)
        description = TextField()

    class GeneralProductGroup(Table):
        code = TextField(primary_key=True)
        description = TextField()

    class VatBusinessGroup(Table):
        code = TextField(primary_key=True)
        description = TextField()

    class VatProductGroup(Table):
        code = TextField(primary_key=True)
        description = TextField()

    class InventoryGroup(Table):
        code = TextField(primary_key=True)
        description = TextField()
        stock_account = TextField()

    class PartyPostingGroup(Table):
        area = TextField()
        code = TextField()
        description = TextField()
        account_no = TextField()

        class Meta:
            primary_key = CompositeKey("area", "code")

    class GeneralPostingSetup(Table):
        business_group = TextField()
        product_group = TextField()
        sales_account = TextField()
        sales_credit_memo_account = TextField()
        sales_line_discount_account = TextField()
        sales_invoice_discount_account = TextField()
        cost_of_sales_account = TextField()
        received_not_invoiced_account = TextField()
        purchase_variance_account = TextField()

        class Meta:
            primary_key = CompositeKey("business_group", "product_group")

    class VatPostingSetup(Table):
        business_group = TextField()
        product_group = TextField()
        type = TextField()
        rate = BigIntegerField()
        sales_vat_account = TextField()
        purchase_vat_account = TextField()
        reverse_charge_account = TextField()

        class Meta:
            primary_key = CompositeKey("business_group", "product_group")

    class MasterTemplate(Table):
        kind = TextField(primary_key=True)
        general_business_group = TextField()
        vat_business_group = TextField()
        posting_group = TextField()
        general_product_group = TextField()
        vat_product_group = TextField()
        inventory_group = TextField()
        account_no = TextField()
        unit = TextField()

    class Currency(Table):
        code = TextField(primary_key=True)
        description = TextField()
        amount_rounding_precision = BigIntegerField()
        unit_amount_rounding_precision = BigIntegerField()

    class ExchangeRate(Table):
        currency_code = TextField()
        starting_date = DateField()
        factor = BigIntegerField()

        class Meta:
            primary_key = CompositeKey("currency_code", "starting_date")

    class UserSetup(Table):
        user_id = TextField(primary_key=True)
        may_view = BooleanField()
        may_post = BooleanField()
        job_queue_admin = BooleanField()
        may_setup = BooleanField()
        allow_posting_from = DateField(null=True)
        allow_posting_to = DateField(null=True)

    class ChangeLogEntry(Table):
        entry_no = NumberField()
        at = BigIntegerField()
        user_id = TextField()
        action = TextField()
        kind = TextField()
        record = TextField()
        field = TextField()
        old_value = TextField()
        new_value = TextField()

    class Party(Table):
        area = TextField()
        no = TextField()
        name = TextField()
        address = TextField()
        city = TextField()
        post_code = TextField()
        country_code = TextField()
        general_business_group = TextField()
        vat_business_group = TextField()
        posting_group = TextField()
        currency_code = TextField()
        payment_days = IntegerField()
        blocked = TextField()
        invoice_discount_percent = BigIntegerField()

        class Meta:
            primary_key = CompositeKey("area", "no")

    class Item(Table):
        no = TextField(primary_key=True)
        description = TextField()
        unit = TextField()
        unit_price = BigIntegerField()
        unit_cost = BigIntegerField()
        general_product_group = TextField()
        vat_product_group = TextField()
        inventory_group = TextField()
        prevent_negative = BooleanField()
        blocked = BooleanField()

    class ItemStock(Table):
        item_no = TextField(primary_key=True)
        quantity = BigIntegerField()
        value = BigIntegerField()
        last_cost = BigIntegerField()

    class Document(Table):
        type = TextField()
        no = TextField()
        party_no = TextField()
        party_name = TextField()
        posting_date = DateField(null=True)
        document_date = DateField(null=True)
        due_date = DateField(null=True)
        external_document_no = TextField()
        vendor_document_no = TextField()
        currency_code = TextField()
        currency_factor = BigIntegerField()
        prices_including_vat = BooleanField()
        invoice_discount_amount = BigIntegerField()
        ship = BooleanField()
        invoice = BooleanField()
        corrects_no = TextField()
        status = TextField()
        job_queue_status = TextField()
        amount = BigIntegerField()
        vat_amount = BigIntegerField()
        amount_including_vat = BigIntegerField()
        version = IntegerField()
        created_by = TextField()
        created_at = BigIntegerField()

        class Meta:
            indexes = (
                (("type", "no"), True),
                (("no",), False),
                (("party_no",), False),
                (("job_queue_status",), False),
            )

    class DocumentLine(Table):
        document = ForeignKeyField(Document, on_delete="CASCADE", index=False)
        line_no = IntegerField()
        type = TextField()
        no = TextField()
        description = TextField()
        quantity = BigIntegerField()
        unit_price = BigIntegerField()
        price_per_quantity = BigIntegerField()
        line_discount_percent = BigIntegerField()
        line_discount_amount = BigIntegerField()
        vat_group = TextField()
        declared_vat_amount = BigIntegerField(null=True)
        qty_to_ship = BigIntegerField(null=True)
        qty_to_invoice = BigIntegerField(null=True)
        quantity_shipped = BigIntegerField()
        quantity_invoiced = BigIntegerField()

        class Meta:
            indexes = ((("document", "line_no"), True),)

    class UsedDocumentNo(Table):
        type = TextField()
        no = TextField()

        class Meta:
            primary_key = CompositeKey("type", "no")

    class PostedDocument(Table):
        id = NumberField()
        area = TextField()
        kind = TextField()
        no = TextField()
        number_series = TextField()
        source_type = TextField()
        source_no = TextField()
        party_no = TextField()
        party_name = TextField()
        posting_date = DateField()
        document_date = DateField()
        due_date = DateField()
        external_document_no = TextField()
        vendor_document_no = TextField()
        currency_code = TextField()
        currency_factor = BigIntegerField()
        prices_including_vat = BooleanField()
        amount = BigIntegerField()
        vat_amount = BigIntegerField()
        amount_including_vat = BigIntegerField()
        amount_lcy = BigIntegerField()
        corrects_no = TextField()
        register_no = IntegerField()
        posting_id = TextField()
        batch_no = IntegerField(null=True)
        user_id = TextField()
        posted_at = BigIntegerField()

        class Meta:
            indexes = (
                (("area", "kind", "no"), True),
                (("posting_id", "kind"), True),
                (("source_no",), False),
                (("no",), False),
                (("batch_no",), False),
                (("posting_date",), False),
                (("corrects_no",), False),
            )

    class PostedLine(Table):
        posted_document = ForeignKeyField(PostedDocument, index=False)
        line_no = IntegerField()
        type = TextField()
        no = TextField()
        description = TextField()
        quantity = BigIntegerField()
        unit_price = BigIntegerField()
        price_per_quantity = BigIntegerField()
        line_discount_percent = BigIntegerField()
        line_discount_amount = BigIntegerField()
        invoice_discount_amount = BigIntegerField()
        amount = BigIntegerField()
        vat_amount = BigIntegerField()
        amount_including_vat = BigIntegerField()
        amount_lcy = BigIntegerField()
        vat_business_group = TextField()
        vat_product_group = TextField()
        vat_type = TextField()
        vat_rate = BigIntegerField()
        cost_amount = BigIntegerField()
        account_no = TextField()
        line_discount_account = TextField()
        invoice_discount_account = TextField()
        vat_account = TextField()
        stock_account = TextField()
        cost_account = TextField()
        received_account = TextField()
        variance_account = TextField()

        class Meta:
            indexes = ((("posted_document", "line_no"), True),)

    class GlRegister(Table):
        no = IntegerField(primary_key=True)
        posting_id = TextField(unique=True)
        posting_date = DateField()
        source_code = TextField()
        user_id = TextField()
        created_at = BigIntegerField()

    class GlEntry(Table):
        entry_no = NumberField()
        register_no = IntegerField(index=True)
        account_no = TextField()
        posting_date = DateField()
        document_kind = TextField()
        document_no = TextField(index=True)
        description = TextField()
        amount = BigIntegerField()
        source_code = TextField()
        user_id = TextField()
        posting_id = TextField()

        class Meta:
            indexes = ((("account_no", "posting_date"), False),)

    class PartyLedgerEntry(Table):
        entry_no = NumberField()
        register_no = IntegerField()
        area = TextField()
        party_no = TextField()
        posting_date = DateField()
        due_date = DateField()
        document_kind = TextField()
        document_no = TextField(index=True)
        external_document_no = TextField()
        currency_code = TextField()
        amount = BigIntegerField()
        amount_lcy = BigIntegerField()
        account_no = TextField()
        source_code = TextField()
        user_id = TextField()
        posting_id = TextField()

        class Meta:
            indexes = (
                (("area", "party_no"), False),
                (("area", "external_document_no"), False),
            )

    class PartyLedgerApplication(Table):
        entry_no = BigIntegerField(index=True)
        applied_entry_no = BigIntegerField()
        amount = BigIntegerField()
        posting_id = TextField()

    class VatEntry(Table):
        entry_no = NumberField()
        register_no = IntegerField()
        area = TextField()
        posting_date = DateField()
        document_kind = TextField()
        document_no = TextField(index=True)
        vat_business_group = TextField()
        vat_product_group = TextField()
        type = TextField()
        rate = BigIntegerField()
        base = BigIntegerField()
        amount = BigIntegerField()
        account_no = TextField()
        source_code = TextField()
        user_id = TextField()
        posting_id = TextField()

    class ItemLedgerEntry(Table):
        entry_no = NumberField()
        register_no = IntegerField()
        item_no = TextField(index=True)
        posting_date = DateField()
        document_kind = TextField()
        document_no = TextField(index=True)
        line_no = IntegerField()
        quantity = BigIntegerField()
        source_code = TextField()
        user_id = TextField()
        posting_id = TextField()

    class ValueEntry(Table):
        entry_no = NumberField()
        register_no = IntegerField()
        item_no = TextField(index=True)
        posting_date = DateField()
        document_kind = TextField()
        document_no = TextField(index=True)
        line_no = IntegerField()
        cost_amount = BigIntegerField()
        stock_account = TextField()
        source_code = TextField()
        user_id = TextField()
        posting_id = TextField()

    class JobQueue(Table):
        code = TextField(primary_key=True)
        description = TextField()
        category_filter = TextField()
        started = BooleanField()
        started_at = BigIntegerField()
        stopped_reason = TextField()
        start_automatically = BooleanField()
        on_host = TextField()
        max_concurrent = IntegerField()
        last_heartbeat = BigIntegerField()
        host = TextField()
        process_id = IntegerField()
        running_as = TextField()

    class JobQueueCategory(Table):
        code = TextField(primary_key=True)
        description = TextField()

    class JobQueueEntry(Table):
        entry_no = NumberField()
        id = TextField(unique=True)
        user_id = TextField()
        job = TextField()
        record_type = TextField()
        record_id = IntegerField(null=True)
        record_no = TextField()
        parameters = TextField()
        description = TextField()
        status = TextField()
        category_code = TextField()
        priority = IntegerField()
        earliest_start = BigIntegerField()
        expiration = BigIntegerField()
        max_attempts = IntegerField()
        attempts = IntegerField()
        rerun_delay = IntegerField()
        job_timeout = IntegerField()
        weekdays = TextField()
        next_run_date_formula = TextField()
        starting_time = TextField()
        ending_time = TextField()
        no_of_minutes_between_runs = IntegerField()
        inactivity_timeout = IntegerField()
        batch_no = IntegerField(index=True, null=True)
        notify_on_success = BooleanField()
        errors = TextField()
        held_by = TextField()
        cancel_requested_by = TextField()
        created_at = BigIntegerField()
        last_ready_at = BigIntegerField()
        started_at = BigIntegerField()
        job_queue_code = TextField()
        host = TextField()
        process_id = IntegerField()
        process_start = TextField()
        consumer_id = TextField()
        claim_token = TextField()

    class JobQueueLogEntry(Table):
        entry_no = NumberField()
        job_entry_id = TextField(index=True)
        job = TextField()
        description = TextField()
        record_type = TextField()
        record_no = TextField()
        user_id = TextField()
        category_code = TextField()
        job_queue_code = TextField()
        host = TextField()
        process_id = IntegerField()
        started_at = BigIntegerField()
        ended_at = BigIntegerField(index=True)
        status = TextField()
        attempt = IntegerField()
        errors = TextField()
        call_stack = TextField()
        posting_id = TextField(index=True)
        batch_no = IntegerField(null=True)

        class Meta:
            indexes = ((("status",), False),)

    class Batch(Table):
        no = NumberField()
        report = TextField()
        user_id = TextField()
        created_at = BigIntegerField()
        options = TextField()

    class PrintJob(Table):
        id = NumberField()
        entry_id = TextField(index=True)
        report = TextField()
        area = TextField()
        kind = TextField()
        document_no = TextField(index=True)
        user_id = TextField()
        output = TextField()
        printer_code = TextField()
        copy_no = IntegerField()
        state = TextField()
        message = TextField()
        created_at = BigIntegerField()
        printed_at = BigIntegerField()

    class Printer(Table):
        code = TextField(primary_key=True)
        description = TextField()
        type = TextField()
        folder = TextField()
        cups_queue = TextField()
        timeout = IntegerField()
        not_responding_since = BigIntegerField()
        last_message = TextField()

    class PrinterSelection(Table):
        user_id = TextField()
        report = TextField()
        printer_code = TextField()

        class Meta:
            indexes = ((("user_id", "report"), True),)

    class InboxReport(Table):
        id = NumberField()
        user_id = TextField(index=True)
        created_at = BigIntegerField()
        description = TextField()
        document_no = TextField()
        content = BlobField()
        is_read = BooleanField()

    class Note(Table):
        id = NumberField()
        user_id = TextField(index=True)
        created_at = BigIntegerField()
        text = TextField()
        record_type = TextField()
        record_no = TextField()
        is_read = BooleanField()

    class Consumer(Table):
        id = TextField(primary_key=True)
        host = TextField()
        process_id = IntegerField()
        process_start = TextField()
        started_at = BigIntegerField()
        last_heartbeat = BigIntegerField()
        workers = IntegerField()
        running_as = TextField()
        job_queues = TextField()

    class Worker(Table):
        consumer_id = TextField(index=True)
        process_id = IntegerField()
        process_start = TextField()
        backend_pid = IntegerField()
        last_heartbeat = BigIntegerField()

    tables = (
        Company,
        GeneralLedgerSetup,
        SalesSetup,
        PurchasesSetup,
        NumberSeries,
        NumberSeriesLine,
        Counter,
        GlAccount,
        Charge,
        GeneralBusinessGroup,
        GeneralProductGroup,
        VatBusinessGroup,
        VatProductGroup,
        InventoryGroup,
        PartyPostingGroup,
        GeneralPostingSetup,
        VatPostingSetup,
        MasterTemplate,
        Currency,
        ExchangeRate,
        UserSetup,
        ChangeLogEntry,
        Party,
        Item,
        ItemStock,
        Document,
        DocumentLine,
        UsedDocumentNo,
        PostedDocument,
        PostedLine,
        GlRegister,
        GlEntry,
        PartyLedgerEntry,
        PartyLedgerApplication,
        VatEntry,
        ItemLedgerEntry,
        ValueEntry,
        JobQueue,
        JobQueueCategory,
        JobQueueEntry,
        JobQueueLogEntry,
        Batch,
        PrintJob,
        Printer,
        PrinterSelection,
        InboxReport,
        Note,
        Consumer,
        Worker,
    )
    db.create_tables(tables)
    db.execute_sql(
        "CREATE INDEX job_queue_entry_due"
        " ON job_queue_entry (status, category_code, priority, earliest_start, entry_no)"
    )
    db.execute_sql(
        "CREATE UNIQUE INDEX job_queue_entry_one_per_category ON job_queue_entry (category_code)"
        " WHERE status = 'In Process' AND category_code <> ''"
    )
    db.execute_sql(
        "CREATE UNIQUE INDEX job_queue_entry_one_per_document ON job_queue_entry (record_id)"
        " WHERE job = 'post-document'"
    )
    db.execute_sql(
        "CREATE UNIQUE INDEX posted_document_one_vendor_document_no"
        " ON posted_document (party_no, kind, vendor_document_no)"
        " WHERE area = 'purchase' AND vendor_document_no <> '' AND kind IN ('invoice', 'credit_memo')"
    )
    guard_posted_rows(db)


POSTED = {
    "posted_document": (("id",), ("area", "kind", "no"), ("posting_id", "kind")),
    "posted_line": (("id",), ("posted_document_id", "line_no")),
    "gl_register": (("no",), ("posting_id",)),
    "gl_entry": (("entry_no",),),
    "party_ledger_entry": (("entry_no",),),
    "party_ledger_application": (("id",),),
    "vat_entry": (("entry_no",),),
    "item_ledger_entry": (("entry_no",),),
    "value_entry": (("entry_no",),),
}


def guard_posted_rows(db):
    """Neither update nor delete nor replace: on SQLite a REPLACE fires no delete trigger, so inserts look too."""
    if isinstance(db, SqliteDatabase):
        for table, keys in POSTED.items():
            for act in ("UPDATE", "DELETE"):
                db.execute_sql(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'posted rows never change: {table}'); END"
                )
            for number, key in enumerate(keys, 1):
                same = " AND ".join(f"{column} = NEW.{column}" for column in key)
                db.execute_sql(
                    f"CREATE TRIGGER {table}_no_replace_{number} BEFORE INSERT ON {table}"
                    f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
                    f" BEGIN SELECT RAISE(ABORT, 'posted rows never change: {table}'); END"
                )
        return
    db.execute_sql(
        "CREATE FUNCTION postroom_posted_rows_never_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'posted rows never change: ' || TG_TABLE_NAME; END $$"
    )
    for table in POSTED:
        db.execute_sql(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION postroom_posted_rows_never_change()"
        )
