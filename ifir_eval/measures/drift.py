"""Drift: how much does a ranking move when nothing that matters was said? (docs/methods.md, section 3).

The counterweights of the swap family, without which sensitivity is just noise. Drift is the rank-biased
distance between the rankings of two views that ask for the same: *paraphrase-drift* of ``original`` and
``paraphrase`` (other words), *placebo-drift* of ``bare`` and ``placebo`` (an instruction that constrains
nothing). Range 0 (same ranking) to 1 (nothing in common); both should be near 0.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, PARAPHRASE, PLACEBO
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.ranked import RankedTopic
from ifir_eval.ranking.order import Ranking

PERSISTENCE = 0.9
"""Webber's p, the chance that a reader goes on to the next rank: the first 10 hold 86% of the weight."""


def rank_biased_distance(one: Ranking, other: Ranking, p: float = PERSISTENCE) -> float:
    """1 minus the extrapolated rank-biased overlap of two finite rankings without ties, in 0..1.

    RBO_ext is equation 32 of Webber, Moffat and Zobel, "A similarity measure for indefinite rankings"
    (ACM TOIS 28(4), 2010), for rankings of equal or different length; ``p`` is in (0, 1). A ranking
    without documents has distance 1 from any other.
    """
    short, long = sorted((one, other), key=len)
    if len(short) == 0:
        return 1.0
    depth = np.arange(1, len(long) + 1)
    ranks_in_short = short.ranks(long.documents)
    common_from = np.maximum(depth, ranks_in_short)[ranks_in_short <= len(short)]
    overlap = np.bincount(common_from, minlength=len(long) + 1)[1:].cumsum()
    # Beyond its end the short ranking is taken to go on agreeing at the rate that it had reached.
    reached = overlap[len(short) - 1]
    rate = reached / len(short)
    agreement = (overlap + np.maximum(depth - len(short), 0) * rate) / depth
    beyond = (overlap[-1] - reached) / len(long) + rate
    # The weights sum to 1, so that weighing disagreement leaves exactly 0 for equal rankings.
    distance = (1 - p) / p * np.sum((1 - agreement) * p**depth) + (1 - beyond) * p ** len(long)
    return min(float(distance), 1.0)


def drift(ranked: RankedTopic, first: str, second: str) -> float | None:
    """The distance of two views of one topic; 1 where one is unanswered, None where one is not asked."""
    if not ranked.asks(first, second):
        return None
    if not ranked.answered(first, second):
        return 1.0
    return rank_biased_distance(ranked.rankings[first], ranked.rankings[second])


def _drift_measure(name: str, summary: str, first: str, second: str) -> Measure:
    columns = topic_columns(name, partial(drift, first=first, second=second))
    return Measure(name, summary, columns, higher_is_better=False)


register(
    _drift_measure(
        "paraphrase-drift", "how far other words of the same meaning move the ranking", ORIGINAL, PARAPHRASE
    )
)
register(
    _drift_measure(
        "placebo-drift", "how far an instruction that constrains nothing moves the ranking", BARE, PLACEBO
    )
)
