"""A topic with its rankings: what every measure reads. Ranked once, used by all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Shift, Topic
from ifir_eval.ranking.order import Ranking, rank
from ifir_eval.ranking.run import Run


class RankedContrast(NamedTuple):
    """A contrast of one topic that the run answered: both rankings, and what changed between them."""

    before: Ranking
    after: Ranking
    shift: Shift


@dataclass(frozen=True)
class RankedTopic:
    """One topic and the rankings of its views.

    ``rankings`` has a key for each view that the run answered. A view without one counts as a failure in
    every measure that needs it, never as nothing (METHODS.md, section 2).
    """

    topic: Topic
    rankings: Mapping[str, Ranking]
    contrasts: tuple[Contrast, ...]
    relevant_grade: int

    def answered(self, *views: str) -> bool:
        """Whether the run has a ranking for each of ``views``."""
        return all(view in self.rankings for view in views)

    @cached_property
    def shifts(self) -> tuple[tuple[Contrast, Shift], ...]:
        """Each contrast of the topic with the documents that change or keep their relevance."""
        return tuple((contrast, self.topic.shift(contrast, self.relevant_grade)) for contrast in self.contrasts)

    def over_contrasts(
        self,
        concerns: Callable[[Shift], bool],
        value: Callable[[RankedContrast], float],
        *,
        unanswered: float,
    ) -> float | None:
        """The mean of ``value`` over the contrasts whose documents it ``concerns``; None without any.

        A contrast of which the run lacks a query counts as ``unanswered``.
        """
        values = [
            value(RankedContrast(*(self.rankings[view] for view in contrast), shift))
            if self.answered(*contrast)
            else unanswered
            for contrast, shift in self.shifts
            if concerns(shift)
        ]
        return sum(values) / len(values) if values else None


def ranked_topics(benchmark: Benchmark, run: Run) -> list[RankedTopic]:
    """Rank every answered view of ``benchmark`` in ``run``, each exactly once."""
    return [
        RankedTopic(
            topic=topic,
            rankings={
                name: rank(run.hits[view.id]) for name, view in topic.views.items() if view.id in run.hits
            },
            contrasts=benchmark.contrasts_of(topic),
            relevant_grade=benchmark.relevant_grade,
        )
        for topic in benchmark.topics
    ]
