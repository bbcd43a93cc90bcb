"""The plots of a study: values against budget, and the front of sensitivity against quality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ifir_eval.records.column import Column
from ifir_eval.reporting.report.svg import COLOURS, HUES, Plot, bar, blank, plots_of
from ifir_eval.reporting.text import visible
from ifir_eval.training.study.cells import BASE, Arm
from ifir_eval.training.study.results import GENERAL, Question, Results, Value, is_base, pareto

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "os^DvPX*"
GLYPHS = "●■▲◆▼✚✖★"
"""What the markers look like, for the page's key."""
_HUES = HUES[:6]
"""Grey is the base model's."""
_NAME = 26
_SPREAD = 0.72
"""How much of the room between two budgets the arms at one of them take."""


def plots(results: Results, base: str, prefix: str) -> list[Plot]:
    """What can be drawn of the arms of ``base``; ids begin with ``prefix``.

    Raises:
        MissingPackageError: without matplotlib.
    """
    return plots_of(_drawn(results, base), prefix)


class Look(NamedTuple):
    """How a mix is drawn: its colour's place among the page's, matplotlib's marker, and that as a character."""

    hue: int
    marker: str
    glyph: str


def look_of(results: Results, mix: str) -> Look:
    """How ``mix`` is drawn; the base model is a grey cross."""
    if mix == BASE:
        return Look(len(_HUES), "x", "×")
    number = [each.name for each in results.study.mixes].index(mix)
    return Look(number % len(_HUES), _MARKERS[number % len(_MARKERS)], GLYPHS[number % len(GLYPHS)])


def _drawn(results: Results, base: str) -> Iterator[tuple[str, str, Figure]]:
    yield _front(results, base)
    for question in results.leading():
        yield _against_budget(results, base, question)


def _against_budget(results: Results, base: str, question: Question) -> tuple[str, str, Figure]:
    """A column of points for each budget, one a mix, with the topics' interval and every seed."""
    figure, axes = blank(3.0)
    budgets = [str(budget) for budget in results.study.budgets]
    mixes = [mix.name for mix in results.study.mixes]
    for arm in [arm for arm in results.arms if arm.base == base]:
        value = results.value(arm, question)
        if value is None:
            continue
        if is_base(arm):
            _level(axes, question.column, value)
            continue
        at = budgets.index(arm.budget) + _SPREAD * ((mixes.index(arm.mix) + 0.5) / len(mixes) - 0.5)
        mean, arms = bar(question.column, value.estimate)
        look = look_of(results, arm.mix)
        hue = HUES[look.hue]
        axes.errorbar(at, mean, yerr=arms, color=hue, marker=look.marker, markersize=5, linewidth=1.2)
        seeds = [question.column.times * seed for seed in value.seeds]
        axes.plot([at] * len(seeds), seeds, linestyle="", marker="_", markersize=7, color=hue, alpha=0.6)
    if question.column.chance is not None:
        level = question.column.times * question.column.chance
        axes.axhline(level, color=COLOURS["soft"], linewidth=0.8, linestyle=":")
    axes.set_xticks(range(len(budgets)), budgets)
    axes.set_xlim(-0.5, len(budgets) - 0.5)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(_short(question.column.label))
    axes.grid(visible=True, axis="y")
    where = "" if question.benchmark == GENERAL else f" on {question.benchmark}"
    chance = " Dotted: chance." if question.column.chance is not None else ""
    caption = (
        "Bars are 95% intervals over topics, dashes the seeds. Dashed line and band: the base model, untrained."
    )
    title = f"{question.column.name}{where}" if where else f"General quality: {question.column.name}"
    return title, caption + chance, figure


def _level(axes: Axes, column: Column, value: Value) -> None:
    """The base model, which has no budget, across all of them."""
    times, estimate = column.times, value.estimate
    axes.axhline(times * estimate.value, color=COLOURS["grey"], linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    if estimate.low is not None and estimate.high is not None:
        axes.axhspan(
            times * estimate.low,
            times * estimate.high,
            color=COLOURS["grey"],
            alpha=0.12,
            linewidth=0,
            zorder=0,
        )


def _front(results: Results, base: str) -> tuple[str, str, Figure]:
    """Every arm by general quality and the headline, and the line that nobody surpasses."""
    figure, axes = blank(3.8)
    across, up = results.quality(), results.headline()
    budgets = [str(budget) for budget in results.study.budgets]
    placed = {}
    for arm in [arm for arm in results.arms if arm.base == base]:
        x, y = results.value(arm, across), results.value(arm, up)
        if x is None or y is None:
            continue
        (right, wide), (high, tall) = bar(across.column, x.estimate), bar(up.column, y.estimate)
        placed[arm] = right, high
        look = look_of(results, arm.mix)
        size = 6.0 if is_base(arm) else 4.0 + 4.0 * (budgets.index(arm.budget) + 1) / len(budgets)
        axes.errorbar(
            *placed[arm],
            xerr=wide,
            yerr=tall,
            color=HUES[look.hue],
            marker=look.marker,
            markersize=size,
            linewidth=0.5,
        )
    front = sorted((placed[arm], arm) for arm in pareto(results, base) if arm in placed)
    _line(axes, front)
    axes.set_xlabel(f"{GENERAL}: {across.column.label}")
    axes.set_ylabel(f"{_short(up.benchmark)}: {up.column.label}")
    axes.grid(visible=True)
    caption = (
        "Dashed: nobody is better in both than an arm on this line. Larger marks: larger budgets. The cross is "
        "the base model. Bars are 95% intervals over topics."
    )
    return f"{up.column.name} on {up.benchmark} against general quality", caption, figure


def _line(axes: Axes, front: Sequence[tuple[tuple[float, float], Arm]]) -> None:
    points = [point for point, _ in front]
    axes.plot(*zip(*points, strict=True), color=COLOURS["soft"], linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    for point, arm in front:
        label = f"{_short(arm.mix)}, {arm.budget}" if arm.budget else arm.mix
        axes.annotate(label, point, xytext=(5, 5), textcoords="offset points", color=COLOURS["ink"])


def _short(name: str) -> str:
    """A name that leaves room for the drawing; the tables have it whole."""
    shown = visible(name)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"
