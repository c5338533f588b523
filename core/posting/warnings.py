"""What a check tells of a document that does not hinder its posting yet."""

from __future__ import annotations

from collections.abc import Iterator

from postroom.core import numbering
from postroom.core.errors import Problem
from postroom.core.posting.source import Source
from postroom.core.posting.steps import Step
from postroom.core.posting_setup import PostingSetup


def of_posting(document: Source, setup: PostingSetup, step: Step) -> Iterator[Problem]:
    """The number series of what comes out of it that still give a number but are past their Warning No."""
    area = setup.areas[document.area]
    for kind in step.kinds(document.type):
        lines = setup.series.get(area.series[kind], ())
        if numbering.problem_with(area.series[kind], lines, document.posting_date) is None:
            problem = numbering.warning_with(lines, document.posting_date)
            if problem:
                field = f"Posted {kind.title} Nos."
                message = f"{field} in {area.title}: {problem.message}"
                yield Problem(problem.code, message, document.record, None, field, problem.value, problem.hint)
