"""right-rank: does a relevant document stand above an excluded one? (ExcluIR, arXiv 2404.17288).

Over the view after each contrast: share of pairs of a relevant document and one that lost its relevance
with the relevant one ranked higher. Range 0..1, chance 0.5; a pair that is absent altogether is wrong.
"""

from __future__ import annotations

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.ranked import RankedTopic
from ifir_eval.ranking.order import Ranking


def _has_pairs(shift: Shift) -> bool:
    return bool(shift.lost and (shift.gained or shift.kept))


def _share_above(after: Ranking, shift: Shift) -> float:
    relevant = after.ranks(shift.gained + shift.kept)
    return float((relevant[:, None] < after.ranks(shift.lost)).mean())


def right_rank(ranked: RankedTopic) -> float | None:
    """Share of one topic's pairs in the right order; an unanswered view counts as 0."""
    return ranked.over_after_views(_has_pairs, _share_above, unanswered=0.0)


register(
    Measure(
        "right-rank",
        "share of relevant documents above those that the instruction excludes",
        topic_columns("right-rank", right_rank),
        chance=0.5,
    )
)
