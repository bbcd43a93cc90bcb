"""The page of a comparison: one HTML file that asks nothing of the network and runs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ifir_eval.comparison.compare import Comparison
from ifir_eval.records.record import Estimate, Record
from ifir_eval.reporting.compared_rows import (
    Means,
    Row,
    SliceRow,
    Versus,
    cautions,
    headline,
    means,
    summary,
    title,
    versus,
)
from ifir_eval.reporting.page import digest, templates


class _Drawn(NamedTuple):
    """An interval and the blind zone around 0, in per cent of an axis that has 0 in its middle."""

    low: float
    at: float
    high: float
    blind: float


class _Line(NamedTuple):
    row: Row
    drawn: _Drawn


class _Slice(NamedTuple):
    row: SliceRow
    drawn: _Drawn


class _Pair(NamedTuple):
    """Two retrievers with everything drawn; ``reach`` is where the axes end, on either side."""

    anchor: str
    versus: Versus
    headline: str
    lines: Sequence[_Line]
    reach: str
    slices: Sequence[_Slice]
    slice_reach: str


class _Who(NamedTuple):
    name: str
    letter: str
    record: Record


class _Section(NamedTuple):
    anchor: str
    title: str
    benchmark: Mapping[str, object]
    who: Sequence[_Who]
    means: Sequence[Means]
    summary: str
    cautions: Sequence[str]
    pairs: Sequence[_Pair]


def as_page(comparisons: Sequence[Comparison]) -> str:
    """``comparisons``, one a benchmark, as one self-contained HTML document.

    Everything a record says is escaped, and characters that hide or reorder text are written out. The content
    security policy admits this page's own style sheet, by its hash, and nothing else.
    """
    loaded = templates()
    style = loaded.get_template("compared.css").render()
    sections = [_section(number, one) for number, one in enumerate(comparisons, start=1)]
    return loaded.get_template("compared.html.j2").render(style_hash=digest(style), sections=sections)


def _section(number: int, comparison: Comparison) -> _Section:
    anchor = f"benchmark-{number}"
    who = zip(comparison.names, comparison.letters.values(), comparison.records, strict=True)
    pairs = enumerate(versus(comparison), start=1)
    return _Section(
        anchor=anchor,
        title=title(comparison),
        benchmark=comparison.benchmark,
        who=[_Who(*each) for each in who],
        means=means(comparison),
        summary=summary(comparison),
        cautions=cautions(comparison),
        pairs=[_pair(f"{anchor}-pair-{place}", each) for place, each in pairs],
    )


def _pair(anchor: str, pair: Versus) -> _Pair:
    reach = _reach([row.one.estimate for row in pair.rows])
    sliced = _reach([row.sliced.estimate for row in pair.slices])
    return _Pair(
        anchor=anchor,
        versus=pair,
        headline=headline(pair),
        lines=[_Line(row, _drawn(row.one.estimate, reach, row.one.detectable)) for row in pair.rows],
        reach=f"{reach:.2g}",
        slices=[_Slice(row, _drawn(row.sliced.estimate, sliced, None)) for row in pair.slices],
        slice_reach=f"{sliced:.2g}",
    )


def _reach(estimates: Sequence[Estimate]) -> float:
    """The farthest end of any interval from 0, as a fraction; never 0."""
    ends = [abs(end) for each in estimates for end in (each.value, each.low, each.high) if end is not None]
    return max(ends, default=0.0) or 1.0


def _drawn(estimate: Estimate, reach: float, detectable: float | None) -> _Drawn:
    def at(value: float) -> float:
        return round(50 + 50 * value / reach, 2)

    low, high = (estimate.value if end is None else end for end in (estimate.low, estimate.high))
    return _Drawn(at(low), at(estimate.value), at(high), min(50.0, round(50 * (detectable or 0) / reach, 2)))
