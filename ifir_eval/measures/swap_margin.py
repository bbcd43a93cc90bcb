"""swap-margin: how far does the preference move? (docs/methods.md, section 3).

``(m(before) - m(after)) / 2`` with ``m = score(a) - score(b)``, over the standard deviation of the topic's
candidate scores, so that scorers with different scales compare. Unbounded; 0 where the instruction is
ignored, and expected of a random ranking.
"""

from __future__ import annotations

import numpy as np

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.preference import swaps
from ifir_eval.measures.ranked import RankedContrast, RankedTopic
from ifir_eval.ranking.order import Ranking


def _spread(*rankings: Ranking) -> float:
    """Pooled standard deviation of the candidates' scores within each view."""
    return float(np.sqrt(np.mean([np.var(ranking.scores, dtype=np.float64) for ranking in rankings])))


def _mean_margin(ranking: Ranking, shift: Shift) -> float:
    # An absent document stands with the lowest of the retrieved ones; minus infinity has no margin.
    floor = ranking.scores[-1].astype(np.float64)
    a, b = (np.maximum(ranking.scores_of(docs), floor).mean() for docs in (shift.lost, shift.gained))
    return float(a - b)


def _margin(contrast: RankedContrast) -> float:
    before, after, shift = contrast
    if not (len(before) and len(after)) or (spread := _spread(before, after)) == 0:
        return 0.0
    return (_mean_margin(before, shift) - _mean_margin(after, shift)) / 2 / spread


def swap_margin(ranked: RankedTopic) -> float | None:
    """The swap margin of one topic in standard deviations; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(swaps, _margin, unanswered=0.0)


register(
    Measure(
        "swap-margin",
        "how far the preference moves, in standard deviations of the scores",
        topic_columns("swap-margin", swap_margin),
        low=-np.inf,
        high=np.inf,
        chance=0.0,
    )
)
