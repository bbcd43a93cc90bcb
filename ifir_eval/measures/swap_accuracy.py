"""swap-accuracy: when the instruction flips, does the preference flip rightly? (docs/methods.md, section 3).

Share of pairs (a, b) with ``score(a) > score(b)`` before and ``score(a) < score(b)`` after. A tie of
scores is wrong, so a retriever that ignores the instruction gets exactly 0; a random one gets 0.25.
"""

from __future__ import annotations

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.preference import share_of_pairs, swaps
from ifir_eval.measures.ranked import RankedTopic

_both_right = share_of_pairs(lambda before, after: (before > 0) & (after < 0))


def swap_accuracy(ranked: RankedTopic) -> float | None:
    """Share of one topic's pairs that both views decide rightly; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(swaps, _both_right, unanswered=0.0)


register(
    Measure(
        "swap-accuracy",
        "when the instruction flips, does the preference flip rightly?",
        topic_columns("swap-accuracy", swap_accuracy),
        chance=0.25,
    )
)
