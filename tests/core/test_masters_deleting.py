"""Master records deleted: what nothing names goes, and every kind of use keeps what it names."""

from __future__ import annotations

from datetime import date
from typing import Any

import builders
import jobs
import pytest

from postroom.core import demo, masters, numbering, setups, users
from postroom.core.company import current_user
from postroom.core.database import Location
from postroom.core.errors import NotFound, NotPermitted, Problem, Refused, UsageError
from postroom.core.jobs import background
from postroom.core.kinds import Area, DocumentType, LineType, PostedKind
from postroom.core.masters import KINDS
from postroom.core.masters.records import shown_key
from postroom.core.posting import check
from postroom.core.tables import ledgers
from postroom.core.tables.base import ChoiceField, InstantField, ScaledField
from postroom.core.tables.setup import ChangeLogEntry, Company, MasterTemplate
from postroom.core.tables.trade import Document, DocumentLine, ItemStock
from postroom.core.verify import verify

KEYS = {
    "general-posting-setup": "NEW x NEW",
    "vat-posting-setup": "NEW x NEW",
    "number-series-line": "NEW",
    "exchange-rate": "NEW x 2026-01-01",
}
"""The key of a record of a kind that no company has; of the others NEW."""
REQUIRED = {"number-series-line": {"starting_no": "N-0001"}, "exchange-rate": {"factor": "0.9"}}
DELETABLE = [kind for kind in KINDS if kind != "template"]


def me() -> str:
    return current_user()


def make_new(kind: str, key: str = "", **changes: str) -> str:
    """A record of a kind, and those that its key names; its key."""
    chosen = key or KEYS.get(kind, "NEW")
    for other in masters.kinds.PAIR_HALVES.get(kind, ()):
        masters.set_record(other, "NEW", {}, user=me(), create=True)
    for column in KINDS[kind].key:
        if column in masters.kinds.KEY_NAMES:
            masters.set_record(masters.kinds.KEY_NAMES[column], "NEW", {}, user=me(), create=True)
    masters.set_record(kind, chosen, {**REQUIRED.get(kind, {}), **changes}, user=me(), create=True)
    return chosen


def keys_of(kind: str) -> list[str]:
    return [shown_key({name: row[name] for name in KINDS[kind].key}) for row in masters.list_records(kind)]


def refused(kind: str, key: str, *parts: str) -> Problem:
    """Deleting it is refused as in use, its message with these parts; nothing is deleted."""
    before = keys_of(kind)
    with pytest.raises(Refused) as raised:
        masters.delete_record(kind, key, user=me())
    (problem,) = raised.value.problems
    assert problem.code == "record_in_use", problem
    assert all(part in problem.message for part in parts), problem.message
    assert problem.hint
    assert keys_of(kind) == before
    return problem


@pytest.mark.parametrize("kind", DELETABLE)
def test_what_nothing_names_is_deleted_and_logged(firm: Location, kind: str) -> None:
    before = keys_of(kind)
    key = make_new(kind)
    version = Company.get_by_id(1).setup_version
    masters.delete_record(kind, key, user=me())
    assert keys_of(kind) == before
    logged = ChangeLogEntry.select().order_by(ChangeLogEntry.entry_no.desc()).first()
    assert (logged.action, logged.kind, logged.record) == ("Delete", KINDS[kind].title, key)
    assert Company.get_by_id(1).setup_version == version + KINDS[kind].is_setup
    with pytest.raises(NotFound):
        masters.delete_record(kind, key, user=me())


def names_in_fields() -> list[tuple[str, str, str, str]]:
    """Every field of a master record that names one of another kind: that kind, the namer's, its field and caption."""
    found = [
        (field.names, kind.slug, field.name, field.caption)
        for kind in KINDS.values()
        for field in kind.fields
        if field.names
    ]
    return [
        *found,
        *((f"{party}-posting-group", "template", party, "Posting Group") for party in ("customer", "vendor")),
    ]


@pytest.mark.parametrize(("named", "by", "field", "caption"), names_in_fields(), ids="-".join)
def test_what_another_record_names_stays_until_that_names_another(
    sqlite_firm: Location, named: str, by: str, field: str, caption: str
) -> None:
    made = make_new(named, **({"direct_posting": "false"} if named == "gl-account" else {}))
    if by == "template":
        kind, column = (field, "posting_group") if field in ("customer", "vendor") else ("item", field)
        MasterTemplate.update(**{column: made}).where(MasterTemplate.kind == kind).execute()
        refused(named, made, f"Template {kind}", caption)
        return
    key = make_new(by, "NEW x NEW" if by in masters.kinds.PAIR_HALVES else "OTHER", **{field: made})
    refused(named, made, f"{KINDS[by].record(key)} names it in {caption.rstrip('.')}.")
    masters.set_record(by, key, {field: ""}, user=me())
    masters.delete_record(named, made, user=me())


@pytest.mark.parametrize(
    ("named", "by"),
    [
        *((half, pair) for pair, halves in masters.kinds.PAIR_HALVES.items() for half in halves),
        ("number-series", "number-series-line"),
        ("currency", "exchange-rate"),
    ],
)
def test_what_stands_in_the_key_of_another_record_goes_after_it(firm: Location, named: str, by: str) -> None:
    key = make_new(by)
    refused(named, "NEW", KINDS[by].record(key))
    masters.delete_record(by, key, user=me())
    masters.delete_record(named, "NEW", user=me())


def a_document(**fields: Any) -> Document:
    document_type = fields.pop("type", DocumentType.SALES_INVOICE)
    line = fields.pop("line", {"type": LineType.COMMENT})
    return Document.get_by_id(builders.document(document_type, [line], fields.pop("party_no", "NEW"), **fields))


LINES = {
    "item": {"type": LineType.ITEM, "no": "NEW"},
    "gl-account": {"type": LineType.GL_ACCOUNT, "no": "NEW"},
    "charge": {"type": LineType.CHARGE, "no": "NEW"},
    "vat-product-group": {"type": LineType.CHARGE, "no": "X", "vat_group": "NEW"},
    "vat-posting-setup": {"type": LineType.CHARGE, "no": "X", "vat_group": "NEW"},
    "general-posting-setup": {"type": LineType.ITEM, "no": "IN-NEW"},
}


@pytest.mark.parametrize("kind", ["customer", "vendor", "currency", *LINES])
def test_what_a_document_names_stays_until_the_document_is_gone(firm: Location, kind: str) -> None:
    key = make_new(kind)
    builders.party(Area.SALES, "OF-NEW", group="NEW")
    builders.item("IN-NEW", general_product_group="NEW")
    if kind in LINES:
        document = a_document(party_no="OF-NEW", line=LINES[kind])
    elif kind == "currency":
        document = a_document(currency_code="NEW")
    else:
        type_ = DocumentType.PURCHASE_ORDER if kind == "vendor" else DocumentType.SALES_ORDER
        document = a_document(type=type_)
        other = "customer" if kind == "vendor" else "vendor"
        make_new(other)
        masters.delete_record(other, "NEW", user=me())  # of the same number, and named by nothing
    problem = refused(kind, key, f"{document.type.title} {document.no}")
    assert ("line 10000" in problem.message) == (kind in LINES)
    document.delete_instance(recursive=True)
    masters.delete_record(kind, key, user=me())


def written(table: Any, **fields: Any) -> None:
    """A row of a table that postings fill; what is not given is blank, zero or the first choice."""
    values: dict[str, Any] = {}
    for name, field in table._meta.fields.items():
        if isinstance(field, ChoiceField):
            values[name] = next(iter(field.enum_class))
        elif isinstance(field, ScaledField | InstantField) or field.field_type in ("INT", "BIGINT", "BOOL"):
            values[name] = 0
        elif field.field_type == "DATE":
            values[name] = builders.DAY
        elif field.field_type == "TEXT":
            values[name] = ""
    table.create(**{**values, **fields})


SALE = {"area": Area.SALES}
PURCHASE = {"area": Area.PURCHASE}
POSTED: list[tuple[str, Any, dict[str, Any]]] = [
    ("customer", ledgers.PostedDocument, {"party_no": "NEW", **SALE}),
    ("customer", ledgers.PartyLedgerEntry, {"party_no": "NEW", **SALE}),
    ("vendor", ledgers.PostedDocument, {"party_no": "NEW", **PURCHASE}),
    ("vendor", ledgers.PartyLedgerEntry, {"party_no": "NEW", **PURCHASE}),
    ("item", ledgers.PostedLine, {"type": LineType.ITEM, "no": "NEW"}),
    ("item", ledgers.ItemLedgerEntry, {"item_no": "NEW"}),
    ("item", ledgers.ValueEntry, {"item_no": "NEW"}),
    ("gl-account", ledgers.PostedLine, {"type": LineType.GL_ACCOUNT, "no": "NEW"}),
    *(
        ("gl-account", ledgers.PostedLine, {name: "NEW"})
        for name in ledgers.PostedLine._meta.fields
        if name.endswith("account") or name == "account_no"
    ),
    ("gl-account", ledgers.GlEntry, {"account_no": "NEW"}),
    ("gl-account", ledgers.PartyLedgerEntry, {"account_no": "NEW"}),
    ("gl-account", ledgers.VatEntry, {"account_no": "NEW"}),
    ("gl-account", ledgers.ValueEntry, {"stock_account": "NEW"}),
    ("charge", ledgers.PostedLine, {"type": LineType.CHARGE, "no": "NEW"}),
    ("vat-business-group", ledgers.PostedLine, {"vat_business_group": "NEW"}),
    ("vat-business-group", ledgers.VatEntry, {"vat_business_group": "NEW"}),
    ("vat-product-group", ledgers.PostedLine, {"vat_product_group": "NEW"}),
    ("vat-product-group", ledgers.VatEntry, {"vat_product_group": "NEW"}),
    ("vat-posting-setup", ledgers.PostedLine, {"vat_business_group": "NEW", "vat_product_group": "NEW"}),
    ("vat-posting-setup", ledgers.VatEntry, {"vat_business_group": "NEW", "vat_product_group": "NEW"}),
    ("number-series", ledgers.PostedDocument, {"number_series": "NEW"}),
    ("currency", ledgers.PostedDocument, {"currency_code": "NEW"}),
    ("currency", ledgers.PartyLedgerEntry, {"currency_code": "NEW"}),
]


@pytest.mark.parametrize(
    ("kind", "table", "fields"),
    POSTED,
    ids=[f"{kind}-{table.__name__}-{'-'.join(fields)}" for kind, table, fields in POSTED],
)
def test_what_a_posted_document_or_a_ledger_names_stays_for_ever(
    sqlite_firm: Location, kind: str, table: Any, fields: dict[str, Any]
) -> None:
    key = make_new(kind)
    if table is ledgers.PostedLine:
        written(ledgers.PostedDocument, no="P1", kind=PostedKind.INVOICE, posting_id="p")
        fields = {**fields, "posted_document": ledgers.PostedDocument.get()}
    written(table, **fields)
    problem = refused(kind, key)
    blocked = f"`postroom {kind} set NEW blocked=All`"
    assert (blocked in problem.hint) == any(field.name == "blocked" for field in KINDS[kind].fields)


def test_every_text_of_the_ledgers_that_is_a_key_of_master_data_is_looked_at() -> None:
    """A new column must be thought of: it names a record, or is one of these."""
    no_key = {
        *("description", "source_code", "user_id", "posting_id", "document_no", "external_document_no"),
        *("vendor_document_no", "corrects_no", "source_no", "party_name"),
    }
    looked_at = {(table, name) for _, table, fields in POSTED for name in fields}
    looked_at |= {(ledgers.PostedDocument, "no")}
    assert [
        (table.__name__, name)
        for table in ledgers.IMMUTABLE
        for name, field in table._meta.fields.items()  # type: ignore[attr-defined]
        if field.field_type == "TEXT" and not isinstance(field, ChoiceField) and name not in no_key
        and (table, name) not in looked_at
    ] == []  # fmt: skip


def test_an_item_with_stock_stays(firm: Location) -> None:
    make_new("item")
    ItemStock.create(item_no="NEW", quantity="7", value="70.50", last_cost="10")
    refused("item", "NEW", "stock")


def test_the_account_that_opening_stock_is_posted_against_stays(sqlite_firm: Location) -> None:
    refused("gl-account", "2900", "Opening stock")


@pytest.mark.parametrize("field", ["sales.order_nos", "purchases.posted_return_shipment_nos"])
def test_a_series_that_a_setup_window_names_stays(firm: Location, field: str) -> None:
    make_new("number-series")
    setups.change({field: "NEW"}, user=me())
    refused("number-series", "NEW", "Setup", "Nos.")


def test_a_line_of_a_series_stays_once_a_number_was_drawn(firm: Location) -> None:
    key = make_new("number-series-line", "NEW x 2026-01-01")
    later = make_new("number-series-line", "NEW x 2026-07-01")
    assert numbering.draw("NEW", date(2026, 3, 1)) == "N-0001"
    refused("number-series-line", key, "N-0001")
    masters.delete_record("number-series-line", later, user=me())
    with pytest.raises(Refused, match="series"):
        numbering.drawn(numbering.read_lines()["NEW"][0], ())  # as when a line goes between look and draw


def test_templates_are_neither_deleted_nor_added_to(sqlite_firm: Location) -> None:
    with pytest.raises(Refused, match="Templates are not deleted"):
        masters.delete_record("template", "customer", user=me())
    with pytest.raises(UsageError, match="customer, vendor, item or charge"):
        masters.set_record("template", "custmer", {}, user=me(), create=True)


def test_deleting_needs_what_changing_needs(firm: Location) -> None:
    users.set_user("ann", {"may_setup": "false"}, user=me())
    for kind in ("customer", "currency"):
        make_new(kind)
    masters.delete_record("customer", "NEW", user="ann")
    with pytest.raises(NotPermitted):
        masters.delete_record("currency", "NEW", user="ann")


def test_a_company_from_which_all_is_deleted_that_can_be_stands_and_posts_as_before(sqlite_firm: Location) -> None:
    demo.fill(user=me())
    background.post([row.id for row in Document.select(Document.id).order_by(Document.id)][::4], jobs.QUEUE, user=me())
    jobs.run_all()
    ids = [row.id for row in Document.select(Document.id).order_by(Document.id)]
    before = {id_: check.check(id_, user=me()) for id_ in ids}
    gone, codes = 0, set()
    for kind in [*DELETABLE, *reversed(DELETABLE)]:
        if kind == "number-series-line":
            continue  # one without a drawn number goes, and what it would have numbered waits for another
        for key in keys_of(kind):
            try:
                masters.delete_record(kind, key, user=me())
                gone += 1
            except Refused as error:
                codes.add(error.problems[0].code)
    assert codes == {"record_in_use"}
    assert gone > 20
    assert {id_: check.check(id_, user=me()) for id_ in ids} == before
    assert verify().ok
    assert DocumentLine.select().count() > len(ids)
