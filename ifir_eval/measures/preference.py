"""Which of two documents a view prefers: the ground of the swap family (docs/methods.md, section 3).

For a contrast whose views swap the labels of documents a (relevant before) and b (relevant after), the
margin under a view is ``m = score(a) - score(b)``. Right means m > 0 before and m < 0 after. A topic's
value is the mean over all its pairs (a, b), then over its contrasts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.ranked import RankedContrast
from ifir_eval.ranking.order import Ranking

Preferences = NDArray[np.int8]


def swaps(shift: Shift) -> bool:
    """Whether there is a pair to swap: a document that loses relevance and one that gains it."""
    return bool(shift.lost and shift.gained)


def preferences(ranking: Ranking, shift: Shift) -> Preferences:
    """Per pair +1 where a scores higher, -1 where b does, 0 for a tie; shape ``(len(lost), len(gained))``."""
    a, b = ranking.scores_of(shift.lost)[:, None], ranking.scores_of(shift.gained)
    return (a > b).astype(np.int8) - (a < b).astype(np.int8)


def share_of_pairs(
    judge: Callable[[Preferences, Preferences], NDArray[np.floating] | NDArray[np.bool_]],
) -> Callable[[RankedContrast], float]:
    """The mean of ``judge(preferences before, preferences after)`` over a contrast's pairs."""

    def share(contrast: RankedContrast) -> float:
        before, after, shift = contrast
        return float(judge(preferences(before, shift), preferences(after, shift)).mean())

    return share
