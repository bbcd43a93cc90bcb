"""What a study found: every arm's values, topic by topic, with the topics' interval and the seeds' spread.

Two things are left to chance, and both are told. Topics: values are averaged over seeds topic by topic, and the
interval is the BCa bootstrap of those means over topics. Seeds, which decide rows, batches and dropout: the
standard deviation of the seeds' own means.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ifir_eval.comparison.compare import other_definitions
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.column import Column, columns_of
from ifir_eval.records.record import Estimate, Record, TopicValues
from ifir_eval.statistics.estimate import estimates
from ifir_eval.training.study.cells import BASE, Arm, Finished
from ifir_eval.training.study.definition import Study
from ifir_eval.training.study.planning import QUALITY

GENERAL = "general quality"
"""Stands for a benchmark: the topics of all general ones together, each topic as heavy as any other."""

_LEADING = ("swap-accuracy", "follow-rate", "pairwise-accuracy", "p-MRR", "p-MRR-control")


class Question(NamedTuple):
    """One thing asked of every arm: a column of a benchmark, or of `GENERAL`."""

    benchmark: str
    column: Column


class Value(NamedTuple):
    """The mean over topics with its interval, and the means of the seeds in their order."""

    estimate: Estimate
    seeds: tuple[float, ...]

    @property
    def spread(self) -> float | None:
        """The standard deviation over seeds; None below two."""
        return statistics.stdev(self.seeds) if len(self.seeds) > 1 else None


@dataclass(frozen=True, slots=True)
class Averaged:
    """All seeds of one arm on one benchmark: a record whose topics hold means over them, and their own ones."""

    record: Record
    seeds: tuple[Record, ...]

    def value(self, column: str) -> Value | None:
        """The arm's value in ``column``."""
        estimate = self.record.measures.get(column)
        if estimate is None:
            return None
        return Value(estimate, tuple(record.measures[column].value for record in self.seeds))


@dataclass(frozen=True)
class Results:
    """A study as far as it is done.

    ``instruction`` and ``general`` are its benchmarks' names, ``arms`` those with cells, in reading order.
    """

    study: Study
    cells: tuple[Finished, ...]
    instruction: tuple[str, ...]
    general: tuple[str, ...]
    arms: tuple[Arm, ...]
    averaged: Mapping[tuple[Arm, str], Averaged]

    @property
    def missing(self) -> int:
        """How many cells of the study are not there."""
        return len(self.study.keys()) - len(self.cells)

    def value(self, arm: Arm, question: Question) -> Value | None:
        """What ``arm`` answers."""
        found = self.averaged.get((arm, question.benchmark))
        return found.value(question.column.name) if found else None

    def columns(self, benchmark: str) -> tuple[Column, ...]:
        """The columns that arms have on ``benchmark``, in reading order."""
        return columns_of([self.averaged[arm, benchmark].record for arm in self.arms])

    def leading(self) -> tuple[Question, ...]:
        """What is compared and tested: following with its control on each benchmark, and quality.

        A benchmark's quality is that of the bare query; its primary column is always among them.
        """
        return tuple(
            Question(benchmark, column)
            for benchmark in (*self.instruction, GENERAL)
            for column in self._leading(benchmark)
        )

    def told(self) -> tuple[Question, ...]:
        """The leading questions that the answer in words goes through; the others stand in the table.

        Following on the headline benchmark, the first column of each other one, and general quality.
        """
        first = [next(q for q in self.leading() if q.benchmark == name) for name in self.instruction]
        return tuple(
            question
            for question in self.leading()
            if question in first
            or question.benchmark == GENERAL
            or (question.benchmark == self.instruction[0] and question.column.stem in _LEADING)
        )

    def headline(self) -> Question:
        """By which sensitivity to instructions is told in one number: the headline benchmark's first column."""
        return self.leading()[0]

    def quality(self) -> Question:
        """By which general quality is told."""
        return self.leading()[-1]

    def _leading(self, benchmark: str) -> Iterator[Column]:
        columns = self.columns(benchmark)
        primary = str(self.averaged[self.arms[0], benchmark].record.benchmark["primary"])
        wanted = {*_LEADING, QUALITY, primary}
        # Where nothing else says whether instructions are followed, the primary column comes first.
        found = [column for column in columns if column.name in wanted] or list(columns[:1])
        return iter(sorted(found, key=lambda column: (column.name == QUALITY, column.name != primary)))


def gather(study: Study, cells: Sequence[Finished]) -> Results:
    """Average the seeds of each arm.

    Raises:
        InvalidInputError: if cells cannot be compared, or two claim the same place in the grid.
    """
    places = {key: place for place, key in enumerate(study.keys())}
    mine = sorted((cell for cell in cells if cell.key in places), key=lambda cell: places[cell.key])
    if problems := list(_conflicts(study, mine)):
        raise InvalidInputError(f"the results of the study {study.name!r}", problems)
    by_arm: dict[Arm, list[Finished]] = defaultdict(list)
    for cell in mine:
        by_arm[cell.key.arm].append(cell)
    names = {called: str(mine[0].records[called].benchmark["name"]) for called in study.benchmarks}
    averaged = {}
    for arm, seeds in by_arm.items():
        for called, name in names.items():
            averaged[arm, name] = _average([cell.records[called] for cell in seeds])
        averaged[arm, GENERAL] = _average([_pooled(study, cell) for cell in seeds])
    return Results(
        study,
        tuple(mine),
        tuple(names[called] for called in study.instruction),
        tuple(names[called] for called in study.general),
        tuple(arm for arm in study.arms() if arm in by_arm),
        averaged,
    )


def _conflicts(study: Study, cells: Sequence[Finished]) -> Iterator[Problem]:
    if not cells:
        yield Problem("there is no finished cell")
    hashes: dict[str, str] = {}
    addresses: dict[object, str] = {}
    for cell in cells:
        if addresses.setdefault(cell.key, cell.address) != cell.address:
            yield Problem(
                f"{cell.key.name} is there twice, with different rows, weights or settings "
                f"({addresses[cell.key][:8]} and {cell.address[:8]}); leave one of the two out"
            )
        for benchmark in study.benchmarks:
            record = cell.records.get(benchmark)
            if record is None:
                yield Problem(f"{cell.key.name} was not judged on {benchmark}; run the study again")
                continue
            content = str(record.benchmark["content_hash"])
            if hashes.setdefault(benchmark, content) != content:
                yield Problem(
                    f"{cell.key.name} was judged on another content of {benchmark} ({content[:8]}) than others "
                    f"({hashes[benchmark][:8]}); run the study again"
                )
            if benchmark in study.general and QUALITY not in record.measures:
                yield Problem(f"{cell.key.name} has no {QUALITY} on {benchmark}")
    for benchmark in study.benchmarks:
        records = [cell.records[benchmark] for cell in cells if benchmark in cell.records]
        for reason in other_definitions(records) if records else ():
            yield Problem(f"on {benchmark}, {reason}")


def _pooled(study: Study, cell: Finished) -> Record:
    """General quality over the topics of all general benchmarks."""
    records = [cell.records[benchmark] for benchmark in study.general]
    topics = tuple(
        TopicValues(f"{record.benchmark['name']} {row.topic}", {}, {QUALITY: row.values[QUALITY]})
        for record in records
        for row in record.topics
        if QUALITY in row.values
    )
    mean = statistics.fmean(row.values[QUALITY] for row in topics)
    benchmark = {**records[0].benchmark, "name": GENERAL, "primary": QUALITY, "topics": len(topics)}
    measures = {QUALITY: Estimate(mean, None, None, len(topics))}
    return replace(records[0], benchmark=benchmark, topics=topics, measures=measures)


def _average(seeds: Sequence[Record]) -> Averaged:
    """Topic by topic the mean over seeds, of the values that all seeds have."""
    by_topic: dict[str, list[Mapping[str, float]]] = defaultdict(list)
    for record in seeds:
        for row in record.topics:
            by_topic[row.topic].append(row.values)
    slices = {row.topic: row.slices for row in seeds[0].topics}
    topics = tuple(
        TopicValues(topic, slices.get(topic, {}), _means(values))
        for topic, values in by_topic.items()
        if len(values) == len(seeds)
    )
    names = list(seeds[0].measures)
    columns = {name: {row.topic: row.values[name] for row in topics if name in row.values} for name in names}
    measures = estimates(columns, [row.topic for row in topics])
    return Averaged(replace(seeds[0], topics=topics, measures=measures), tuple(seeds))


def _means(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    common = [name for name in values[0] if all(name in each for each in values)]
    return {name: statistics.fmean(each[name] for each in values) for name in common}


def pareto(results: Results, base: str) -> tuple[Arm, ...]:
    """The arms of ``base`` that no other one surpasses in both the headline and general quality."""
    questions = (results.headline(), results.quality())
    points = {}
    for arm in results.arms:
        values = [results.value(arm, question) for question in questions]
        if arm.base == base and all(values):
            points[arm] = tuple(
                value.estimate.value * question.column.sign
                for value, question in zip(values, questions, strict=True)
                if value
            )

    def is_surpassed(arm: Arm) -> bool:
        own = points[arm]
        return any(
            all(theirs >= mine for theirs, mine in zip(other, own, strict=True)) and other != own
            for other in points.values()
        )

    return tuple(arm for arm in points if not is_surpassed(arm))


def is_base(arm: Arm) -> bool:
    """Whether nothing was trained."""
    return arm.mix == BASE
