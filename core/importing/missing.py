"""What rows name and the company lacks: with --create-missing made from the company's templates, else refused.

Also how a line finds its VAT product posting group by code, by rate, or by both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from postroom.core.documents.totals import recompute_amounts
from postroom.core.importing.books import Books, PartyFacts
from postroom.core.kinds import Area, LineType, VatType
from postroom.core.money import write
from postroom.core.posting_setup import VatPair
from postroom.core.statements import in_parts, insert
from postroom.core.tables.setup import Charge, MasterTemplate, VatPostingSetup, VatProductGroup
from postroom.core.tables.trade import Document, DocumentLine, Item, Party

Record = dict[str, object]


class Lacking(Exception):
    """Something a row names is not there and is not made. `column` is where; the text says what to do."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(slots=True)
class Missing:
    """What the command makes besides its rows. `is_allowed` is --create-missing."""

    books: Books
    is_allowed: bool
    parties: list[Record] = field(default_factory=list)
    items: list[Record] = field(default_factory=list)
    charges: list[Record] = field(default_factory=list)
    vat_groups: dict[str, str] = field(default_factory=dict)
    vat_pairs: dict[tuple[str, str], VatPair] = field(default_factory=dict)
    _by_rate: dict[tuple[str, Decimal], list[str]] = field(default_factory=dict)

    @property
    def makes_setup(self) -> bool:
        """Whether it makes what belongs to the setup: charges or VAT groups."""
        return bool(self.charges or self.vat_groups or self.vat_pairs)

    def party(self, area: Area, no: str, name: str) -> PartyFacts:
        """The customer or vendor, made under `name` if it is missing and may be."""
        found = self.books.parties.get((area, no))
        if found is not None:
            return found
        title, kind = area.party_title, area.party_title.lower()
        if not self.is_allowed:
            known = (other for where, other in self.books.parties if where is area)
            raise Lacking("party_no", self._not_there(title, no, known, kind))
        template = self._template(kind, "party_no")
        found = PartyFacts(
            name or no,
            template.general_business_group,
            template.vat_business_group,
            template.posting_group,
            "",
            0,
        )
        self.books.parties[area, no] = found
        self.parties.append(
            {
                "area": area,
                "no": no,
                "name": found.name,
                "general_business_group": found.general_business_group,
                "vat_business_group": found.vat_business_group,
                "posting_group": found.posting_group,
            }
        )
        return found

    def named(self, type_: LineType, no: str) -> bool:
        """Whether a line's item, account or charge is there; raises Lacking where it is not and may not be made."""
        known = self._known(type_)
        if no in known:
            return True
        title = _TITLES[type_]
        if not self.is_allowed or type_ is LineType.GL_ACCOUNT:
            raise Lacking("no", self._not_there(title, no, known, title))
        self._template("item" if type_ is LineType.ITEM else "charge", "no")
        return False

    def _known(self, type_: LineType) -> dict[str, str] | set[str]:
        if type_ is LineType.ITEM:
            return self.books.items
        return self.books.charges if type_ is LineType.CHARGE else self.books.accounts

    def own_vat_group(self, type_: LineType, no: str) -> str:
        """The VAT product posting group of a line's item or charge, the template's where that is yet to be made."""
        if type_ is LineType.GL_ACCOUNT:
            return ""
        records, kind = (self.books.items, "item") if type_ is LineType.ITEM else (self.books.charges, "charge")
        template = self.books.templates.get(kind)
        return records.get(no, template.vat_product_group if template is not None else "")

    def make(self, type_: LineType, no: str, description: str, vat_group: str) -> None:
        """A new item or charge from its template, with the description and VAT group of the line that names it."""
        if type_ is LineType.ITEM:
            template = self.books.templates["item"]
            self.books.items[no] = vat_group
            self.items.append(
                {
                    "no": no,
                    "description": description,
                    "unit": template.unit,
                    "general_product_group": template.general_product_group,
                    "vat_product_group": vat_group,
                    "inventory_group": template.inventory_group,
                }
            )
        else:
            account = self.books.templates["charge"].account_no
            self.books.charges[no] = vat_group
            self.charges.append(
                {"no": no, "description": description, "account_no": account, "vat_product_group": vat_group}
            )

    def vat_group(self, business: str, group: str, rate: Decimal | None, own: str) -> str:
        """The VAT product posting group that a line means; `own` is its item's or charge's. Raises Lacking."""
        if not group and rate is None:
            return own
        if not group:
            assert rate is not None
            return self._group_of_rate(business, rate, own)
        pair = self.books.setup.vat.get((business, group))
        if pair is None:
            self._take_new_pair(business, group, rate)
        elif rate is not None and rate not in (pair.rate, pair.document_rate):
            has = write(pair.document_rate)
            raise Lacking("vat_rate", f"The VAT group {group} has the rate {has} for {business}, not {write(rate)}.")
        return group

    def _group_of_rate(self, business: str, rate: Decimal, own: str) -> str:
        found = self._by_rate.get((business, rate))
        if found is None:
            pairs = self.books.setup.vat.items()
            found = sorted(
                (group for (area, group), pair in pairs if area == business and pair.document_rate == rate),
                key=lambda group: (self.books.setup.vat[business, group].type is not VatType.NORMAL, group),
            )
            self._by_rate[business, rate] = found
        if own in found:
            return own
        if found:
            return found[0]
        group = f"VAT{write(rate)}"
        if (business, group) in self.books.setup.vat:
            raise Lacking(
                "vat_rate", f"No VAT group has the rate {write(rate)} for {business}; give the vat_group too."
            )
        self._take_new_pair(business, group, rate, column="vat_rate")
        return group

    def _take_new_pair(self, business: str, group: str, rate: Decimal | None, column: str = "vat_group") -> None:
        exists = group in self.books.vat_groups
        if not self.is_allowed:
            if exists and (rate is None or column == "vat_group"):
                return  # the pair is the posting check's to miss; the group itself is there
            if column == "vat_rate":
                assert rate is not None
                raise Lacking(column, f"No VAT group has the rate {write(rate)} for {business}.{_OR_CREATE}")
            raise Lacking(column, self._not_there("VAT group", group, self.books.vat_groups, "VAT group"))
        if rate is None:
            if exists:
                return
            raise Lacking(column, f"The VAT group {group} is new and needs its vat_rate.")
        template = self._pair_to_copy(business)
        pair = replace(template, type=VatType.NORMAL, rate=rate)
        self.vat_pairs[business, group] = pair
        self.books.setup = replace(self.books.setup, vat={**self.books.setup.vat, (business, group): pair})
        self._by_rate.clear()
        if not exists:
            self.vat_groups[group] = f"VAT {write(rate)} %"
            self.books.vat_groups.add(group)

    def _pair_to_copy(self, business: str) -> VatPair:
        """The pair whose accounts a new one takes: the item template's, else any of that business group."""
        template = self.books.templates.get("item")
        vat = self.books.setup.vat
        chosen = vat.get((business, template.vat_product_group)) if template is not None else None
        for (area, _), pair in sorted(vat.items()):
            if chosen is None and area == business:
                chosen = pair
        if chosen is None:
            shown = business or "(blank)"
            message = f"The VAT business posting group {shown} has no VAT Posting Setup to take accounts from."
            raise Lacking("vat_group", message)
        return chosen

    def _template(self, kind: str, column: str) -> MasterTemplate:
        template = self.books.templates.get(kind)
        if template is None:
            raise Lacking(column, f"The company has no template for a new {kind}.")
        return template

    def _not_there(self, title: str, no: str, known: Iterable[str], what: str) -> str:
        return f"{title[0].upper()}{title[1:]} {no} does not exist.{self.books.hint(no, known, what)}"

    def write(self) -> None:
        """Insert all of it, in the caller's transaction."""
        for model, records in ((Party, self.parties), (Item, self.items), (Charge, self.charges)):
            _insert(model, records)
        insert(VatProductGroup, ("code", "description"), list(self.vat_groups.items()))
        _insert(
            VatPostingSetup,
            [
                {
                    "business_group": business,
                    "product_group": group,
                    "type": pair.type,
                    "rate": pair.rate,
                    "sales_vat_account": pair.sales_account,
                    "purchase_vat_account": pair.purchase_account,
                    "reverse_charge_account": pair.reverse_charge_account,
                }
                for (business, group), pair in self.vat_pairs.items()
            ],
        )

    def recompute_documents(self) -> None:
        """Let documents that lacked a pair which is now there have its VAT; after the setup's version was raised."""
        groups = {group for _, group in self.vat_pairs} - self.vat_groups.keys()
        for part in in_parts(sorted(groups), 1000):
            lines = DocumentLine.select(DocumentLine.document).where(DocumentLine.vat_group.in_(part))
            recompute_amounts(Document.id.in_(lines))


def _insert(model: type[Party | Item | Charge | VatPostingSetup], records: list[Record]) -> None:
    """Insert new records with the table's defaults for the columns they lack."""
    fields = model._meta.sorted_fields
    rows = [
        tuple(field.db_value(record[field.name] if field.name in record else _default(field)) for field in fields)
        for record in records
    ]
    insert(model, tuple(field.column_name for field in fields), rows)


def _default(field: object) -> object:
    default = getattr(field, "default", None)
    return default() if callable(default) else default


_OR_CREATE = " Give a rate that is set up, or import with --create-missing."
_TITLES = {LineType.ITEM: "item", LineType.GL_ACCOUNT: "G/L account", LineType.CHARGE: "charge"}
