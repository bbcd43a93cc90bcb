"""Swap sensitivity: when the instruction flips, does the preference flip? (METHODS.md, section 3)

For a contrast whose views swap the labels of documents a (relevant before) and b (relevant after), the
margin under a view is ``m = score(a) - score(b)``. Right means m > 0 before and m < 0 after; a tie is
wrong. A topic's value is the mean over all its pairs (a, b), then over its contrasts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.ranked import RankedContrast, RankedTopic
from ifir_eval.ranking.order import Ranking

Preferences = NDArray[np.int8]


def _swaps(shift: Shift) -> bool:
    return bool(shift.lost and shift.gained)


def _preferences(ranking: Ranking, shift: Shift) -> Preferences:
    """Per pair +1 where a is preferred, -1 where b is, 0 for a tie; shape ``(len(lost), len(gained))``."""
    a, b = (ranking.scores_of(documents) for documents in (shift.lost, shift.gained))
    return (a[:, None] > b[None, :]).astype(np.int8) - (a[:, None] < b[None, :]).astype(np.int8)


def _over_pairs(
    judge: Callable[[Preferences, Preferences], NDArray[np.floating]], unanswered: float
) -> Callable[[RankedTopic], float | None]:
    def value(contrast: RankedContrast) -> float:
        before, after = (_preferences(ranking, contrast.shift) for ranking in (contrast.before, contrast.after))
        return float(np.mean(judge(before, after)))

    return lambda ranked: ranked.over_contrasts(_swaps, value, unanswered=unanswered)


swap_accuracy = _over_pairs(lambda before, after: (before > 0) & (after < 0), unanswered=0.0)
"""Share of pairs preferred rightly under both views. Chance 0.25."""

topic_lock = _over_pairs(lambda before, after: before * after > 0, unanswered=1.0)
"""Share of pairs where the same document wins under both views: the instruction is ignored."""

follow_rate = _over_pairs(lambda before, after: ((before > 0) + (after < 0).astype(float)) / 2, unanswered=0.0)
"""Share of single views decided rightly. Chance 0.5; an instruction-blind retriever gets 0.5 too."""


def _spread(before: Ranking, after: Ranking) -> float:
    """Pooled standard deviation of the candidates' scores within each view."""
    return float(np.sqrt(np.mean([np.var(ranking.scores, dtype=np.float64) for ranking in (before, after)])))


def _margin(contrast: RankedContrast) -> float:
    spread = _spread(contrast.before, contrast.after)
    if spread == 0.0:
        return 0.0

    def mean_margin(ranking: Ranking) -> float:
        # An absent document stands just below the retrieved ones; minus infinity has no margin.
        floor = ranking.scores.min(initial=np.inf)
        a, b = (np.maximum(ranking.scores_of(docs), floor).astype(np.float64) for docs in contrast.shift[:2])
        return float(a.mean() - b.mean())

    return (mean_margin(contrast.before) - mean_margin(contrast.after)) / 2 / spread


def swap_margin(ranked: RankedTopic) -> float | None:
    """(m(before) - m(after)) / 2 in standard deviations of the topic's candidate scores."""
    return ranked.over_contrasts(_swaps, _margin, unanswered=0.0)


_UNBOUNDED = float("inf")
for _measure in (
    Measure(
        "swap-accuracy",
        "when the instruction flips, does the preference flip rightly?",
        topic_columns("swap-accuracy", swap_accuracy),
        chance=0.25,
    ),
    Measure(
        "topic-lock",
        "is the same document preferred whatever the instruction says?",
        topic_columns("topic-lock", topic_lock),
        chance=0.5,
        higher_is_better=False,
    ),
    Measure(
        "follow-rate",
        "share of single views that prefer the right document",
        topic_columns("follow-rate", follow_rate),
        chance=0.5,
    ),
    Measure(
        "swap-margin",
        "how far the preference moves, in standard deviations of the scores",
        topic_columns("swap-margin", swap_margin),
        low=-_UNBOUNDED,
        high=_UNBOUNDED,
        chance=0.0,
    ),
):
    register(_measure)
