"""The reports: which posted documents can be printed, under which names printers are chosen for them."""

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
"""Every report by its name."""
