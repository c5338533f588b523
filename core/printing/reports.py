"""The reports: what can be printed, under which names printers are chosen and layouts replaced for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from postroom.core.kinds import Area, PostedKind


@dataclass(frozen=True, slots=True)
class Report:
    """One kind of posted document on paper. `name` is its slug, `sales-credit-memo`."""

    area: Area
    kind: PostedKind

    @property
    def name(self) -> str:
        return f"{self.area.value}-{self.kind.value.replace('_', '-')}"

    @property
    def title(self) -> str:
        """As read on screen: `Sales Credit Memo`."""
        return f"{self.area.value.title()} {self.kind.title}"

    @property
    def record_type(self) -> str:
        """The type of record that its print jobs process."""
        return f"posted-{self.name}"


@dataclass(frozen=True, slots=True)
class Listing:
    """A report over many records; `about` says what names them, which stands in the place of a document no."""

    name: str
    title: str
    about: str

    @property
    def record_type(self) -> str:
        """The type of record that its print jobs process."""
        return self.name


POSTING_REGISTER = Listing("posting-register", "Posting Register", "Registers")
TRIAL_BALANCE = Listing("trial-balance", "Trial Balance", "Period")
BATCH_RESULT = Listing("batch-result", "Batch Result", "Batch No.")

LISTINGS: Mapping[str, Listing] = {one.name: one for one in (POSTING_REGISTER, TRIAL_BALANCE, BATCH_RESULT)}
"""The reports over many records by their names."""

REPORTS: Mapping[str, Report] = {
    report.name: report
    for report in (
        *(
            Report(Area.SALES, kind)
            for kind in (PostedKind.SHIPMENT, PostedKind.INVOICE, PostedKind.RETURN_RECEIPT, PostedKind.CREDIT_MEMO)
        ),
        *(
            Report(Area.PURCHASE, kind)
            for kind in (PostedKind.RECEIPT, PostedKind.INVOICE, PostedKind.RETURN_SHIPMENT, PostedKind.CREDIT_MEMO)
        ),
    )
}
"""The reports of posted documents by their names."""

ALL: Mapping[str, Report | Listing] = {**REPORTS, **LISTINGS}
"""Every report by its name."""
