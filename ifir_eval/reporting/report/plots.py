"""The plots of a report. Each repeats what the page also tells in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ifir_eval.records.column import Column
from ifir_eval.records.record import Estimate
from ifir_eval.reporting.overview import Answered, Overview
from ifir_eval.reporting.report.standings import marks_of, quality
from ifir_eval.reporting.report.svg import COLOURS, HUES, Plot, bar, blank, plots_of
from ifir_eval.reporting.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAME = 26
_BINS = 25
_SLICES = 40


def plots(overview: Overview, prefix: str) -> list[Plot]:
    """What can be drawn of ``overview``; ids begin with ``prefix``.

    Raises:
        MissingPackageError: without matplotlib.
    """
    return plots_of(_drawn(overview), prefix)


def _drawn(overview: Overview) -> Iterator[tuple[str, str, Figure]]:
    judged, general = overview.judged, quality(overview)
    if judged and general and judged != general:
        yield _against_quality(overview, judged, general)
    if overview.columns and {"p-MRR", "p-MRR-control"} <= {column.name for column in overview.columns}:
        yield _beside_control(overview)
    if judged and any(answer.record.topics for answer in overview.answers):
        yield _by_topic(overview, judged)
    if judged and any(answer.record.slices for answer in overview.answers):
        yield _by_slice(overview, judged)


def _against_quality(overview: Overview, judged: Column, general: Column) -> tuple[str, str, Figure]:
    """One point a retriever with both intervals, and the steps that nobody surpasses in both."""
    figure, axes = blank(3.4)
    points = []
    marks = marks_of(len(overview.answers))
    for place, (mark, answer) in enumerate(zip(marks, overview.answers, strict=True)):
        across, up = (answer.record.measures.get(column.name) for column in (general, judged))
        if across is None or up is None:
            continue
        (x, wide), (y, tall) = bar(general, across), bar(judged, up)
        hue = HUES[answer.number % 7]
        axes.errorbar(x, y, xerr=wide, yerr=tall, color=hue, marker="o", markersize=5, linewidth=1.2)
        beside = (6, -12 if place % 2 else 5)  # so that neighbours' marks lie apart
        axes.annotate(mark, (x, y), xytext=beside, textcoords="offset points", color=hue, weight="bold")
        points.append((x, y))
    front = _pareto(points, general.sign, judged.sign)
    if len(front) > 1:
        axes.plot(
            *zip(*front, strict=True), color=COLOURS["soft"], linewidth=1, linestyle=(0, (4, 3)), zorder=0
        )
    if judged.chance is not None:
        axes.axhline(
            judged.chance * judged.times, color=COLOURS["soft"], linewidth=0.8, linestyle=":", zorder=0
        )
    axes.set_xlabel(visible(general.label))
    axes.set_ylabel(visible(judged.label))
    axes.grid(visible=True)
    told = ["Bars are 95% intervals."]
    told += ["Dashed: nobody is better in both than a retriever on this line."] * (len(front) > 1)
    told += ["Dotted: chance."] * (judged.chance is not None)
    return f"{judged.name} against general quality", " ".join(told), figure


def _pareto(points: Sequence[tuple[float, float]], right: int, up: int) -> list[tuple[float, float]]:
    """Those of ``points`` that no other surpasses; ``right`` and ``up`` are the good signs."""

    def surpassed(one: tuple[float, float]) -> bool:
        gains = [(right * (x - one[0]), up * (y - one[1])) for x, y in points]
        return any(min(gain) >= 0 and max(gain) > 0 for gain in gains)

    return sorted({point for point in points if not surpassed(point)})


def _beside_control(overview: Overview) -> tuple[str, str, Figure]:
    """p-MRR filled, its control hollow, joined: following moves the first alone, damage moves both."""
    figure, axes = blank(0.9 + 0.38 * len(overview.answers))
    named = {column.name: column for column in overview.columns}
    for place, answer in enumerate(overview.answers):
        hue, ends = HUES[answer.number % 7], []
        for name, shift, filled in (("p-MRR", -0.1, True), ("p-MRR-control", 0.1, False)):
            estimate = answer.record.measures.get(name)
            if estimate is None:
                continue
            mean, wide = bar(named[name], estimate)
            face = hue if filled else "none"
            axes.errorbar(
                mean, place + shift, xerr=wide, color=hue, marker="o", markerfacecolor=face, linewidth=1.2
            )
            ends.append((mean, place + shift))
        if len(ends) > 1:
            axes.plot(*zip(*ends, strict=True), color=COLOURS["rule"], linewidth=3, zorder=0)
    axes.axvline(0, color=COLOURS["soft"], linewidth=0.8)
    _names(axes, overview.answers)
    axes.set_xlabel("p-MRR ×100 (filled), its control (hollow)")
    caption = (
        "Filled: documents that change relevance; hollow: those that keep it, which should not fall. Where "
        "both lie right of 0 together, the second ranking is damaged rather than sensitive to the instruction."
    )
    return "p-MRR beside its control", caption, figure


def _by_topic(overview: Overview, judged: Column) -> tuple[str, str, Figure]:
    """A histogram for each retriever over one axis, its mean as a line."""
    held = [_values(answer, judged) for answer in overview.answers]
    everything = [value for values in held for value in values] or [0.0]
    low = min(everything) if judged.low < 0 else 0.0
    high = max(*everything, low + 1e-9)
    edges = np.linspace(low, high, _BINS + 1) * judged.times
    figure, axes = blank(0.9 + 0.6 * len(held))
    for place, (answer, values) in enumerate(zip(overview.answers, held, strict=True)):
        counts, _ = np.histogram(np.asarray(values) * judged.times, edges)
        heights = 0.75 * counts / max(1, counts.max(initial=1))
        hue = HUES[answer.number % 7]
        axes.stairs(place - heights, edges, baseline=place, fill=True, color=hue, alpha=0.45)
        if values:
            mean = float(np.mean(values)) * judged.times
            axes.plot([mean, mean], [place, place - 0.8], color=hue, linewidth=2)
    if judged.chance is not None:
        axes.axvline(judged.chance * judged.times, color=COLOURS["soft"], linewidth=0.8, linestyle=":")
    _names(axes, overview.answers, above=0.9)
    axes.set_xlabel(visible(f"{judged.label} of a topic"))
    return f"{judged.name} topic by topic", "How many topics have which value; the line is the mean.", figure


def _by_slice(overview: Overview, judged: Column) -> tuple[str, str, Figure]:
    """A row for each value of a slice, a dot with its interval for each retriever."""
    rows = _slice_rows(overview, judged)
    many = len(overview.answers)
    figure, axes = blank(0.9 + len(rows[:_SLICES]) * (0.14 + 0.09 * many))
    for place, (_, estimates) in enumerate(rows[:_SLICES]):
        for order, (answer, estimate) in enumerate(zip(overview.answers, estimates, strict=True)):
            if estimate is not None:
                mean, wide = bar(judged, estimate)
                at = place + 0.7 * ((order + 0.5) / many - 0.5)
                hue = HUES[answer.number % 7]
                axes.errorbar(mean, at, xerr=wide, color=hue, marker="o", markersize=4, linewidth=1)
    if judged.chance is not None:
        axes.axvline(judged.chance * judged.times, color=COLOURS["soft"], linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(rows[:_SLICES])), [label for label, _ in rows[:_SLICES]])
    axes.set_ylim(len(rows[:_SLICES]) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.set_xlabel(visible(judged.label))
    left_out = f" {len(rows) - _SLICES} more stand in the tables below." if len(rows) > _SLICES else ""
    return f"{judged.name} by slice", f"Bars are 95% intervals; numbers count topics.{left_out}", figure


def _slice_rows(overview: Overview, judged: Column) -> list[tuple[str, list[Estimate | None]]]:
    held = [answer.record.slices for answer in overview.answers]
    rows = []
    for name in dict.fromkeys(name for slices in held for name in slices):
        for value in dict.fromkeys(value for slices in held for value in slices.get(name, {})):
            found = [slices.get(name, {}).get(value, {}).get(judged.name) for slices in held]
            count = max((estimate.n for estimate in found if estimate), default=0)
            if count:
                rows.append((f"{_cut(value)} ({count})", found))
    return rows


def _names(axes: Axes, answers: Sequence[Answered], above: float = 0.5) -> None:
    """The retrievers down the left side, the first one on top."""
    axes.set_yticks(range(len(answers)), [_cut(answer.name) for answer in answers])
    axes.set_ylim(len(answers) - 0.5, -above)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")


def _cut(name: str) -> str:
    name = " ".join(visible(name).split())
    return name if len(name) <= _NAME else f"…{name[1 - _NAME :]}"


def _values(answer: Answered, column: Column) -> list[float]:
    return [row.values[column.name] for row in answer.record.topics if column.name in row.values]
