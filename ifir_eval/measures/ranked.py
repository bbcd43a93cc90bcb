"""A topic with its rankings: what every measure reads. Ranked once, used by all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Shift, Topic
from ifir_eval.ranking.order import Ranking, rank_all
from ifir_eval.ranking.run import Run


class RankedContrast(NamedTuple):
    """A contrast of one topic that the run answered: both rankings, and what changed between them."""

    before: Ranking
    after: Ranking
    shift: Shift


def mean(values: Iterable[float]) -> float | None:
    """The arithmetic mean, or None of nothing: such a topic does not concern the measure."""
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


@dataclass(frozen=True)
class RankedTopic:
    """One topic and the rankings of its views.

    ``rankings`` has a key for each view that the run answered. A view without one counts as a failure in
    every measure that needs it, never as nothing (docs/methods.md, section 2).
    """

    topic: Topic
    rankings: Mapping[str, Ranking]
    contrasts: tuple[Contrast, ...]
    relevant_grade: int

    def asks(self, *views: str) -> bool:
        """Whether the topic has each of ``views``."""
        return all(view in self.topic.views for view in views)

    def answered(self, *views: str) -> bool:
        """Whether the run has a ranking for each of ``views``."""
        return all(view in self.rankings for view in views)

    def relevant(self, view: str) -> frozenset[str]:
        """The documents that are relevant under ``view``."""
        return self.topic.relevant(view, self.relevant_grade)

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
        return mean(
            value(RankedContrast(self.rankings[contrast.before], self.rankings[contrast.after], shift))
            if self.answered(*contrast)
            else unanswered
            for contrast, shift in self.shifts
            if concerns(shift)
        )

    def over_after_views(
        self,
        concerns: Callable[[Shift], bool],
        value: Callable[[Ranking, Shift], float],
        *,
        unanswered: float,
    ) -> float | None:
        """As `over_contrasts`, for a ``value`` that looks at the ranking of the view after only."""
        return mean(
            value(self.rankings[contrast.after], shift) if self.answered(contrast.after) else unanswered
            for contrast, shift in self.shifts
            if concerns(shift)
        )


def ranked_topics(benchmark: Benchmark, run: Run) -> list[RankedTopic]:
    """Rank every answered view of ``benchmark`` in ``run``, each exactly once."""
    return [
        RankedTopic(
            topic=topic,
            rankings=_rankings(topic, run),
            contrasts=benchmark.contrasts_of(topic),
            relevant_grade=benchmark.relevant_grade,
        )
        for topic in benchmark.topics
    ]


def _rankings(topic: Topic, run: Run) -> dict[str, Ranking]:
    answers = {name: run.hits[view.id] for name, view in topic.views.items() if view.id in run.hits}
    return dict(zip(answers, rank_all(answers.values()), strict=True))
