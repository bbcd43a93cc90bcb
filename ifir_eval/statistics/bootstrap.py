"""Bias-corrected and accelerated (BCa) bootstrap intervals of means, for many columns at once.

Efron, "Better bootstrap confidence intervals" (JASA 82, 1987). Topics are the unit of resampling. Drawing
n topics with replacement is the same as drawing how often each one counts, so that one matrix of counts
gives the resampled means of every column that has n topics by a single matrix product; columns do not
influence each other, and a column's interval does not depend on which others stand beside it.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CELLS = 1_000_000
"""Counts held in memory at a time (8 MB), however many topics and draws there are."""

_ROUNDING = 1e-10
"""Resampled means that differ by less than this many standard deviations are equal but for rounding."""


class Intervals(NamedTuple):
    """Lower and upper ends, each of shape ``(columns,)``; NaN for a column of fewer than two topics."""

    low: Floats
    high: Floats


def intervals(values: Floats, *, draws: int = 10_000, confidence: float = 0.95, seed: int = 0) -> Intervals:
    """The BCa interval of each column's mean over its topics.

    Args:
        values: shape ``(topics, columns)``, NaN where a topic does not concern a column; such a topic is
            no part of that column's sample.
        draws: resamples per column.
        confidence: coverage of the interval, in (0, 1).
        seed: of the resampling; equal inputs give equal intervals.

    Returns:
        Ends in the units of ``values``, between a column's least and greatest value. A constant column has
        its constant as both ends, one with fewer than two topics NaN.
    """
    ends = Intervals(*np.full((2, values.shape[1]), np.nan))
    present = ~np.isnan(values.T)
    sizes = present.sum(axis=1)
    for size in np.unique(sizes[sizes > 1]).tolist():
        chosen = sizes == size
        samples = values.T[chosen][present[chosen]].reshape(-1, size)
        ends.low[chosen], ends.high[chosen] = _bca(samples, draws, confidence, seed)
    return ends


def _bca(samples: Floats, draws: int, confidence: float, seed: int) -> tuple[Floats, Floats]:
    """Ends for ``samples`` of shape ``(columns, topics)``; works on deviations from the means."""
    means = samples.mean(axis=1)
    deviations = samples - means[:, None]
    spread = deviations.std(axis=1)
    resampled = np.sort(_resampled_means(deviations, draws, seed), axis=1)
    slack = _ROUNDING * spread[:, None]
    # A draw that ties with the mean counts half, as in scipy.
    below = ((resampled < -slack).mean(axis=1) + (resampled <= slack).mean(axis=1)) / 2
    bias = _normal_inverse(np.clip(below, 0.5 / draws, 1 - 0.5 / draws))
    # The jackknife's acceleration, which for a mean is a sixth of its standardised third moment.
    third = np.divide((deviations**3).mean(axis=1), spread**3, out=np.zeros_like(spread), where=spread > 0)
    acceleration = third / (6 * np.sqrt(samples.shape[1]))

    def end(tail: float) -> Floats:
        shifted = bias + NormalDist().inv_cdf(tail)
        level = _normal_cdf(bias + shifted / (1 - acceleration * shifted))
        return np.asarray(means + _at_level(resampled, level))

    return end((1 - confidence) / 2), end((1 + confidence) / 2)


def _resampled_means(deviations: Floats, draws: int, seed: int) -> Floats:
    """Means of ``draws`` resamples; ``(columns, topics)`` to ``(columns, draws)``."""
    topics = deviations.shape[1]
    generator = np.random.default_rng(seed)
    rows = max(1, _CELLS // topics)
    blocks = []
    for start in range(0, draws, rows):
        count = min(rows, draws - start)
        picked = generator.integers(topics, size=(count, topics)) + np.arange(count)[:, None] * topics
        times = np.bincount(picked.ravel(), minlength=count * topics).reshape(count, topics)
        blocks.append(deviations @ times.T.astype(np.float64) / topics)
    return np.concatenate(blocks, axis=1)


def _at_level(rows: Floats, level: Floats) -> Floats:
    """The ``level`` quantile of each sorted row, interpolated linearly between its values."""
    position = level * (rows.shape[1] - 1)
    place = np.minimum(position.astype(np.intp), rows.shape[1] - 2)
    left, right = (np.take_along_axis(rows, at[:, None], axis=1)[:, 0] for at in (place, place + 1))
    return np.asarray(left + (position - place) * (right - left))


def _normal_inverse(levels: Floats) -> Floats:
    return np.array([NormalDist().inv_cdf(level) for level in levels.tolist()])


def _normal_cdf(quantiles: Floats) -> Floats:
    return np.array([NormalDist().cdf(quantile) for quantile in quantiles.tolist()])
