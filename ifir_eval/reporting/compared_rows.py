"""A comparison in the cells that all its formats show: values in the unit of the tables, p-MRR times 100."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from ifir_eval.comparison.compare import SIGNIFICANCE, Compared, Comparison
from ifir_eval.comparison.paired import Difference, SliceDifference, slice_differences, slices_of
from ifir_eval.records.column import Column
from ifir_eval.records.record import Estimate
from ifir_eval.reporting.overview import Answered

MOVED = 10
_RISES_WITH_NOISE = {"swap-accuracy", "pairwise-accuracy"}


class Mean(NamedTuple):
    """A retriever's mean in one column, and the letters of those whom it significantly beats."""

    value: str
    interval: str
    beats: str


class Means(NamedTuple):
    """One line of the table of means: a column, and a cell for each retriever."""

    column: Column
    cells: tuple[Mean, ...]


class Row(NamedTuple):
    """One difference in words, with the numbers behind it."""

    compared: Compared
    new_value: str
    old_value: str
    change: str
    interval: str
    p: str
    record: str
    sees: str

    @property
    def one(self) -> Difference:
        """The difference itself."""
        return self.compared.difference


class Versus(NamedTuple):
    """All that is said about two retrievers: ``new`` less ``old``.

    ``rows`` are the columns; ``slices`` and ``moved`` break down the first of them, in which
    ``below_chance`` says that both lie where noise raises the value as well.
    """

    old: str
    new: str
    rows: tuple[Row, ...]
    slices: tuple[SliceRow, ...]
    moved: tuple[Moved, ...]
    below_chance: bool


class SliceRow(NamedTuple):
    """The difference in one slice."""

    sliced: SliceDifference
    change: str
    interval: str


class Moved(NamedTuple):
    """A topic, its values under both retrievers, and how far apart they are."""

    topic: str
    slices: str
    new_value: str
    old_value: str
    change: str


def title(comparison: Comparison) -> str:
    """The benchmark and how many topics it has."""
    benchmark = comparison.benchmark
    return f"{benchmark['name']} · {benchmark['topics']} topics"


def summary(comparison: Comparison) -> str:
    """How many differences are significant, and by what test."""
    significant = sum(pair.is_significant for pair in comparison.pairs)
    return (
        f"{significant} of {len(comparison.pairs)} differences are significant at {SIGNIFICANCE:g} (*): paired "
        "permutation test over topics, Holm over all of them."
    )


def legend(comparison: Comparison) -> str:
    """`summary`, and what the columns mean."""
    return (
        f"{summary(comparison)} w/t/l: topics won, tied, lost. sees: the least true difference that so many "
        "topics show at 80% power in a test of its own. Letters name whom a value significantly beats."
    )


def cautions(comparison: Comparison) -> list[str]:
    """What has to be known about the records before their figures are believed."""
    named = zip(comparison.names, comparison.records, strict=True)
    told = [f"{name}: {caution}" for name, record in named for caution in Answered(name, 0, record).cautions()]
    return [*told, *_warnings(comparison)]


def _warnings(comparison: Comparison) -> Iterator[str]:
    low: dict[Column, set[str]] = {}
    for pair in comparison.pairs:
        one = pair.difference
        if pair.is_significant and _below_chance(comparison, one):
            low.setdefault(one.column, set()).update((one.old, one.new))
    for column, names in low.items():
        who = ", ".join(name for name in comparison.names if name in names)
        where = f"lie below chance ({column.shown(column.chance or 0)})"
        yield f"{column.label}: {who} {where}, where more is no better: noise raises it as well"


def _below_chance(comparison: Comparison, one: Difference) -> bool:
    """Where blindness gets 0 and noise gets chance, the better of two that lie between may be the noisier."""
    both = [mean_of(comparison, name, one.column) for name in (one.old, one.new)]
    return one.column.stem in _RISES_WITH_NOISE and max(both) < (one.column.chance or 0)


def means(comparison: Comparison) -> list[Means]:
    """The means of all retrievers, column by column."""
    return [
        Means(column, tuple(_mean(comparison, place, column) for place in range(len(comparison.names))))
        for column in comparison.columns
    ]


def _mean(comparison: Comparison, place: int, column: Column) -> Mean:
    estimate = comparison.records[place].measures.get(column.name)
    if estimate is None:
        return Mean("–", "", "")
    beats = comparison.beaten(comparison.names[place], column)
    return Mean(column.shown(estimate.value), column.interval(estimate), beats)


def versus(comparison: Comparison) -> Iterator[Versus]:
    """Every two retrievers that have a column in common, in the order of the comparison."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for pair in comparison.pairs:
        key = (pair.difference.old, pair.difference.new)
        rows.setdefault(key, []).append(_row(comparison, pair))
    for old, new in combinations(comparison.names, 2):
        if held := rows.get((old, new)):
            first = held[0].one
            low = _below_chance(comparison, first)
            yield Versus(old, new, tuple(held), _slices(comparison, first), _moved(comparison, first), low)


def headline(pair: Versus) -> str:
    """What the first column says about two retrievers, in a sentence."""
    row = pair.rows[0]
    one, label = row.one, row.one.column.label
    figures = f"{row.change.rstrip('*')} {row.interval}, p {row.p}, {one.estimate.n} topics"
    if not row.compared.is_significant:
        small = one.detectable is not None and abs(one.estimate.value) < one.detectable
        missed = f"; a true one below {row.sees} can escape so few topics" if small else ""
        return f"No difference between {pair.new} and {pair.old} in {label} is shown: {figures}{missed}."
    if one.is_better is None:
        return f"{pair.new} differs from {pair.old} in {label}: {figures}."
    better, worse = (pair.new, pair.old) if one.is_better else (pair.old, pair.new)
    told = f"({pair.new} less {pair.old}: {figures})"
    if pair.below_chance:
        return f"{better} has more {label} than {worse} {told}, but below chance more is no better."
    return f"{better} beats {worse} in {label} {told}."


def values(comparison: Comparison, one: Difference) -> Mapping[str, Mapping[str, float]]:
    """The values of both retrievers by topic: retriever -> topic -> value."""
    named = dict(zip(comparison.names, comparison.records, strict=True))
    return {
        name: {row.topic: row.values[one.column.name] for row in named[name].topics if row.topic in one.topics}
        for name in (one.old, one.new)
    }


def mean_of(comparison: Comparison, name: str, column: Column) -> float:
    """The mean of the retriever called ``name``."""
    return comparison.records[comparison.names.index(name)].measures[column.name].value


def change(column: Column, value: float) -> str:
    """A difference in the unit of ``column``, with its sign."""
    number = column.shown(value)
    return number if number[0] in "+-" else f"+{number}"


def change_interval(column: Column, estimate: Estimate) -> str:
    """The interval of a difference, empty where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{change(column, estimate.low)}, {change(column, estimate.high)}]"


def slice_rows(comparison: Comparison, one: Difference) -> list[SliceDifference]:
    """``one`` in every slice of the benchmark."""
    return slice_differences(one, slices_of(comparison.records[comparison.names.index(one.old)]))


def _row(comparison: Comparison, pair: Compared) -> Row:
    one = pair.difference
    column = one.column
    return Row(
        compared=pair,
        new_value=column.shown(mean_of(comparison, one.new, column)),
        old_value=column.shown(mean_of(comparison, one.old, column)),
        change=change(column, one.estimate.value) + ("*" if pair.is_significant else ""),
        interval=change_interval(column, one.estimate),
        p=f"{pair.p_holm:.4f}",
        record=f"{one.wins}/{one.ties}/{one.losses}",
        sees="–" if one.detectable is None else column.shown(one.detectable).lstrip("+"),
    )


def _slices(comparison: Comparison, one: Difference) -> tuple[SliceRow, ...]:
    column = one.column
    return tuple(
        SliceRow(each, change(column, each.estimate.value), change_interval(column, each.estimate))
        for each in slice_rows(comparison, one)
    )


def _moved(comparison: Comparison, one: Difference) -> tuple[Moved, ...]:
    """The topics that moved most, the largest change first; without those that did not move."""
    column, known = one.column, values(comparison, one)
    slices = slices_of(comparison.records[0])
    order = sorted(one.topics.items(), key=lambda item: (-abs(item[1]), item[0]))
    return tuple(
        Moved(
            topic=topic,
            slices=", ".join(slices[topic].values()),
            new_value=column.shown(known[one.new][topic]),
            old_value=column.shown(known[one.old][topic]),
            change=change(column, moved),
        )
        for topic, moved in order[:MOVED]
        if moved
    )
