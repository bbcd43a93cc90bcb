"""violations@k: is a document that the instruction forbids among the first k? (docs/methods.md, section 3).

Over the view after each contrast: 1 if any document that lost its relevance has a rank of k or better,
else 0. Range 0..1, lower is better.
"""

from __future__ import annotations

from functools import partial

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register_at, topic_columns
from ifir_eval.measures.ranked import RankedTopic
from ifir_eval.ranking.order import Ranking


def _has_lost(shift: Shift) -> bool:
    return bool(shift.lost)


def violations(ranked: RankedTopic, k: int) -> float | None:
    """Share of one topic's contrasts with a violation in the top ``k``; an unanswered view counts as one."""

    def violated(after: Ranking, shift: Shift) -> float:
        present = set(after.top(k))
        return float(not present.isdisjoint(shift.lost))

    return ranked.over_after_views(_has_lost, violated, unanswered=1.0)


def violations_at(k: int) -> Measure:
    """The measure ``violations@k``."""
    name = f"violations@{k}"
    return Measure(
        name,
        f"does a document that the instruction forbids stand in the top {k}?",
        topic_columns(name, partial(violations, k=k)),
        higher_is_better=False,
    )


register_at("violations@k", violations_at)
