"""follow-rate: how many single views prefer the right document? (docs/methods.md, section 3).

Share over both views of all pairs (a, b); a tie counts half, so that chance is 0.5 and a retriever that
ignores the instruction gets exactly 0.5, however often it ties: read it beside topic-lock.
"""

from __future__ import annotations

import numpy as np

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.preference import share_of_pairs, swaps
from ifir_eval.measures.ranked import RankedTopic

_right_views = share_of_pairs(lambda before, after: np.stack([1 + before, 1 - after]) / 2)


def follow_rate(ranked: RankedTopic) -> float | None:
    """Share of one topic's single decisions that are right; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(swaps, _right_views, unanswered=0.0)


register(
    Measure(
        "follow-rate",
        "share of single views that prefer the right document",
        topic_columns("follow-rate", follow_rate),
        chance=0.5,
    )
)
