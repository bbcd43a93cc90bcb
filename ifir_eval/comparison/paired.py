"""Two records of one benchmark in one column: the difference over the topics that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ifir_eval.records.column import Column
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.statistics.estimate import Estimate, estimates
from ifir_eval.statistics.permutation import sign_flip_p
from ifir_eval.statistics.power import detectable

_EQUAL = 1e-12
"""Topic values that differ by less are equal but for the order of summation."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What ``new`` has over ``old`` in one column: always new minus old, in the column's own unit.

    ``estimate`` is the mean over topics with its 95% interval, ``p`` that of the paired permutation test.
    ``wins`` and ``losses`` are topics on which new is better or worse in the measure's direction (larger or
    smaller where it has none). ``detectable`` is the smallest true difference that these topics would show
    at 80% power; None below two topics. ``topics`` are the differences by topic, in the record's order.
    """

    column: Column
    old: str
    new: str
    estimate: Estimate
    p: float
    wins: int
    ties: int
    losses: int
    detectable: float | None
    topics: Mapping[str, float]

    @property
    def is_better(self) -> bool | None:
        """Whether new is better on average; None for equals and for measures without a good direction."""
        if self.column.higher_is_better is None or abs(self.estimate.value) < _EQUAL:
            return None
        return (self.estimate.value > 0) == self.column.higher_is_better


def difference(column: Column, old: Record, new: Record, names: tuple[str, str]) -> Difference | None:
    """``new`` less ``old`` in ``column``; None where no topic has it in both. ``names`` are old's and new's."""
    topics = _differences(column.name, old.topics, new.topics)
    if not topics:
        return None
    values = _array(topics)
    upwards = values if column.higher_is_better is not False else -values
    wins, losses = int((upwards > 0).sum()), int((upwards < 0).sum())
    return Difference(
        column=column,
        old=names[0],
        new=names[1],
        estimate=_estimate(topics),
        p=sign_flip_p(values),
        wins=wins,
        ties=len(values) - wins - losses,
        losses=losses,
        detectable=detectable(values),
        topics=topics,
    )


def slice_differences(column: Column, old: Record, new: Record) -> Mapping[str, Mapping[str, Estimate]]:
    """The mean difference with its interval for each slice: slice name -> slice value -> estimate."""
    topics = _differences(column.name, old.topics, new.topics)
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for row in old.topics:
        for name, value in row.slices.items():
            if row.topic in topics:
                groups.setdefault(name, {}).setdefault(value, {})[row.topic] = topics[row.topic]
    return {
        name: {value: _estimate(members) for value, members in sorted(values.items())}
        for name, values in groups.items()
    }


def _differences(column: str, old: Sequence[TopicValues], new: Sequence[TopicValues]) -> dict[str, float]:
    after = {row.topic: row.values.get(column) for row in new}
    differences = {}
    for row in old:
        first, second = row.values.get(column), after.get(row.topic)
        if first is not None and second is not None:
            change = second - first
            differences[row.topic] = change if abs(change) >= _EQUAL else 0.0
    return differences


def _array(topics: Mapping[str, float]) -> NDArray[np.float64]:
    return np.fromiter(topics.values(), dtype=np.float64, count=len(topics))


def _estimate(topics: Mapping[str, float]) -> Estimate:
    return estimates({"difference": topics}, list(topics))["difference"]
