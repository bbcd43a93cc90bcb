"""pairwise-accuracy: does each view rank its own document first of the two? (NevIR, arXiv 2305.07614).

Over a contrast's pairs of a document that loses relevance and one that gains it: the share where the view
before ranks the first of them higher and the view after the second. Chance is 0.25.

It differs from swap-accuracy in ties. Here trec_eval's rank order decides, so that a tied view is right or
wrong by the documents' ids; swap-accuracy compares the scores themselves and calls every tie wrong.
"""

from __future__ import annotations

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.preference import swaps
from ifir_eval.measures.ranked import RankedContrast, RankedTopic


def _both_first(contrast: RankedContrast) -> float:
    before, after, (lost, gained, _) = contrast
    first = before.ranks(lost)[:, None] < before.ranks(gained)
    second = after.ranks(lost)[:, None] > after.ranks(gained)
    return float((first & second).mean())


def pairwise_accuracy(ranked: RankedTopic) -> float | None:
    """Share of one topic's pairs that both views rank rightly; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(swaps, _both_first, unanswered=0.0)


register(
    Measure(
        "pairwise-accuracy",
        "do both views rank their own document first of the two?",
        topic_columns("pairwise-accuracy", pairwise_accuracy),
        chance=0.25,
    )
)
