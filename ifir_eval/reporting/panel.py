"""Estimates drawn as intervals on shared axes: tables in which position compares retrievers.

A panel is one table with one axis. Its groups (a measure, or a value of a slice) have a row for each
retriever: name, mean, interval, and the interval drawn. Positions are per cent of the axis' width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from ifir_eval.records.column import Column
from ifir_eval.records.record import Estimate
from ifir_eval.reporting.overview import Answered, Overview

_UNIT_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROUND = (1, 2, 3, 4, 6, 8, 10)


class Tick(NamedTuple):
    """A labelled place on an axis."""

    at: float
    label: str


class Row(NamedTuple):
    """One retriever's estimate in words and positions; positions are None where nothing can be drawn."""

    name: str
    number: int
    value: str
    interval: str
    remark: str
    at: float | None
    low: float | None
    high: float | None


class Group(NamedTuple):
    """Rows to be compared with each other, under a label; ``chance`` is a position."""

    label: str
    summary: str
    remark: str
    chance: float | None
    rows: tuple[Row, ...]


class Panel(NamedTuple):
    """Groups over one axis."""

    caption: str
    ticks: tuple[Tick, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A group before it is drawn: each answer's estimate of ``column``, in the order of the answers."""

    label: str
    column: Column
    estimates: Sequence[Estimate | None]
    summary: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float | None) -> float | None:
        return None if value is None else round(100 * (value - self.low) / (self.high - self.low), 2)


def measure_panels(overview: Overview) -> list[Panel]:
    """All columns: a panel for each family of measures, and one more for each that needs its own axis."""
    panels = []
    for (family, axis), columns in groupby(overview.columns, key=lambda column: (column.family, _axis(column))):
        entries = [_measured(overview, column) for column in columns]
        panels.append(_panel(f"{family}: {axis}" if axis else family, entries, overview.answers))
    return panels


def judged_panel(overview: Overview) -> Panel | None:
    """The column of the verdict alone."""
    if (column := overview.judged) is None:
        return None
    return _panel(f"{overview.title}: {column.label}", [_measured(overview, column)], overview.answers)


def slice_panels(overview: Overview) -> list[Panel]:
    """The column of the verdict by the values of each slice that some record has.

    Follow-rate, or else topic-lock, stands beside swap accuracy, which noise raises as well.
    """
    columns = _sliced(overview)
    slices = [answer.record.slices for answer in overview.answers]
    panels = []
    for name in dict.fromkeys(name for held in slices for name in held if columns):
        values = [held.get(name, {}) for held in slices]
        entries = [
            _Entry(
                label=label,
                column=column,
                estimates=[held.get(label, {}).get(column.name) for held in values],
                remarks=(column.label, *_chance(column)),
            )
            for label in dict.fromkeys(label for held in values for label in held)
            for column in columns
        ]
        caption = " and ".join(column.label for column in columns)
        panels.append(_panel(f"{caption} by {name}", entries, overview.answers))
    return panels


def _sliced(overview: Overview) -> list[Column]:
    column = overview.judged
    if column is None or column.stem != "swap-accuracy":
        return [] if column is None else [column]
    named = {other.name: other for other in overview.columns}
    beside = named.get("follow-rate") or named.get("topic-lock")
    return [column, beside] if beside else [column]


def _chance(column: Column) -> list[str]:
    return [] if column.chance is None else [f"chance {column.shown(column.chance)}"]


def _axis(column: Column) -> str:
    """The axis of ``column`` among its family's: shared, and so nameless, for fractions and for p-MRR."""
    shared = (column.low >= 0 and column.high <= 1) or column.is_movement
    return "" if shared else column.base


def _measured(overview: Overview, column: Column) -> _Entry:
    good = {True: ["higher is better"], False: ["lower is better"], None: []}[column.higher_is_better]
    first = next(other for other in overview.columns if other.base == column.base)
    return _Entry(
        label=column.label,
        column=column,
        estimates=[answer.record.measures.get(column.name) for answer in overview.answers],
        summary=column.summary if column is first else "",  # said once for all views
        remarks=(*good, *_chance(column)),
    )


def _panel(caption: str, entries: Sequence[_Entry], answers: Sequence[Answered]) -> Panel:
    scale = _scale(entries)
    shown = entries[0].column.shown if entries else str
    ticks = tuple(Tick(scale.at(tick) or 0.0, _short(shown(tick))) for tick in scale.ticks)
    return Panel(caption, ticks, tuple(_group(entry, answers, scale) for entry in entries))


def _short(number: str) -> str:
    """A tick's label without the zeros that only precision needs: ``0.250`` -> ``0.25``, ``+0.0`` -> ``0``."""
    label = number.rstrip("0").rstrip(".") if "." in number else number
    return "0" if label in {"+0", "-0", ""} else label


def _scale(entries: Sequence[_Entry]) -> _Scale:
    """Zero to one for fractions, else symmetric about zero and just wide enough."""
    if all(entry.column.low >= 0 and entry.column.high <= 1 for entry in entries):
        return _Scale(0.0, 1.0, _UNIT_TICKS)
    largest = max((abs(value) for entry in entries for value in _drawn(entry)), default=0.0) or 1.0
    magnitude = 10.0 ** math.floor(math.log10(largest))
    end = magnitude * next(factor for factor in _ROUND if magnitude * factor >= largest)
    return _Scale(-end, end, (-end, -end / 2, 0.0, end / 2, end))


def _drawn(entry: _Entry) -> Iterable[float]:
    for estimate in entry.estimates:
        if estimate is not None:
            yield from (value for value in estimate[:3] if value is not None)


def _group(entry: _Entry, answers: Sequence[Answered], scale: _Scale) -> Group:
    counts = {estimate.n for estimate in entry.estimates if estimate is not None}
    known = len(counts) == 1 and counts != {0}  # published figures do not always say
    topics = [f"{min(counts)} topic{'' if counts == {1} else 's'}"] if known else []
    rows = tuple(
        _row(answer, entry.column, estimate, scale, counted=len(counts) > 1)
        for answer, estimate in zip(answers, entry.estimates, strict=True)
    )
    remark = " · ".join([*entry.remarks, *topics])
    return Group(entry.label, entry.summary, remark, scale.at(entry.column.chance), rows)


def _row(answer: Answered, column: Column, estimate: Estimate | None, scale: _Scale, *, counted: bool) -> Row:
    if estimate is None:
        return Row(
            answer.name, answer.number, "not measured", interval="", remark="", at=None, low=None, high=None
        )
    remarks = [f"n = {estimate.n}"] if counted else []
    # At a bound the sentence would be idle: ignoring the instruction gives swap accuracy 0 by construction.
    at_bound = estimate.value in {column.low, column.high}
    if estimate.low is not None and estimate.low == estimate.high and not at_bound:
        remarks.append("no variation seen")
    return Row(
        name=answer.name,
        number=answer.number,
        value=column.shown(estimate.value),
        interval=column.interval(estimate),
        remark=" · ".join(remarks),
        at=scale.at(estimate.value),
        low=scale.at(estimate.low),
        high=scale.at(estimate.high),
    )
