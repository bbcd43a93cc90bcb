"""Two records of one benchmark in one column: the difference over the topics that both have."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ifir_eval.records.column import Column
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.statistics.estimate import Estimate, estimates
from ifir_eval.statistics.permutation import sign_flip_ps
from ifir_eval.statistics.power import detectable

_EQUAL = 1e-12
"""Topic values that differ by less are equal but for the order of summation."""


class Named(NamedTuple):
    """A record and what it is called."""

    name: str
    record: Record


class Pair(NamedTuple):
    """What is to be compared: ``new`` with ``old`` in ``column``."""

    column: Column
    old: Named
    new: Named


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


def differences(pairs: Sequence[Pair]) -> list[Difference]:
    """The difference of each pair, tested together; without the pairs that have no topic in common."""
    found = [
        (pair, topics)
        for pair in pairs
        if (topics := _by_topic(pair.column.name, pair.old.record.topics, pair.new.record.topics))
    ]
    ps = sign_flip_ps([_array(topics) for _, topics in found])
    means = _estimates({place: topics for place, (_, topics) in enumerate(found)})
    return [
        _difference(pair, topics, means[place], p)
        for place, ((pair, topics), p) in enumerate(zip(found, ps, strict=True))
    ]


def _difference(pair: Pair, topics: Mapping[str, float], estimate: Estimate, p: float) -> Difference:
    values = _array(topics)
    upwards = pair.column.sign * values
    wins, losses = int((upwards > 0).sum()), int((upwards < 0).sum())
    return Difference(
        column=pair.column,
        old=pair.old.name,
        new=pair.new.name,
        estimate=estimate,
        p=p,
        wins=wins,
        ties=len(values) - wins - losses,
        losses=losses,
        detectable=detectable(values),
        topics=topics,
    )


class SliceDifference(NamedTuple):
    """The mean difference over the topics of one slice."""

    name: str
    value: str
    estimate: Estimate


def slice_differences(difference: Difference, slices: Mapping[str, Mapping[str, str]]) -> list[SliceDifference]:
    """``difference`` in each slice; ``slices`` are slice name -> value by topic, as in `slices_of`."""
    groups: dict[tuple[str, str], dict[str, float]] = {}
    for topic, change in difference.topics.items():
        for key in slices.get(topic, {}).items():
            groups.setdefault(key, {})[topic] = change
    found = _estimates(groups, difference.topics)
    names = list(dict.fromkeys(name for name, _ in groups))
    ordered = sorted(groups, key=lambda key: (names.index(key[0]), key[1]))
    return [SliceDifference(name, value, found[name, value]) for name, value in ordered]


def slices_of(record: Record) -> Mapping[str, Mapping[str, str]]:
    """The slices of each topic: topic -> slice name -> value."""
    return {row.topic: row.slices for row in record.topics}


def _by_topic(column: str, old: Sequence[TopicValues], new: Sequence[TopicValues]) -> dict[str, float]:
    after = {row.topic: row.values.get(column) for row in new}
    changes = {}
    for row in old:
        first, second = row.values.get(column), after.get(row.topic)
        if first is not None and second is not None:
            change = second - first
            changes[row.topic] = change if abs(change) >= _EQUAL else 0.0
    return changes


def _array(topics: Mapping[str, float]) -> NDArray[np.float64]:
    return np.fromiter(topics.values(), dtype=np.float64, count=len(topics))


_Key = TypeVar("_Key", bound=Hashable)


def _estimates(groups: Mapping[_Key, Mapping[str, float]], order: Iterable[str] = ()) -> dict[_Key, Estimate]:
    """The estimate of each group of topics' differences, all in one go; ``order`` is that of the topics."""
    names = {f"{place}": key for place, key in enumerate(groups)}
    topics = dict.fromkeys(order) | dict.fromkeys(topic for members in groups.values() for topic in members)
    found = estimates({name: groups[key] for name, key in names.items()}, list(topics))
    return {names[name]: estimate for name, estimate in found.items()}
