"""What a paired test over so many topics can see at all.

By the normal approximation to the paired test of a mean (Sakai, "Topic set size design", Information Retrieval
Journal 2016, uses the t form of the same): with standard deviation s of the differences and n topics, a true
difference d is found with probability P(Z < d sqrt(n) / s - z_alpha/2).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

POWER = 0.8
SIGNIFICANCE = 0.05
_ROUNDING = 1e-6


def detectable(differences: NDArray[np.float64], *, significance: float = SIGNIFICANCE) -> float | None:
    """The smallest true mean difference that such topics show at `POWER`; None below two topics.

    In the units of ``differences``, shape ``(topics,)``.
    """
    if len(differences) < 2:  # noqa: PLR2004 - one topic has no spread
        return None
    return _reach(significance) * float(differences.std(ddof=1)) / math.sqrt(len(differences))


def topics_needed(
    differences: NDArray[np.float64], size: float, *, significance: float = SIGNIFICANCE
) -> int | None:
    """How many topics of this spread it takes to see a difference of ``size``; None where none can tell."""
    if len(differences) < 2 or size <= 0:  # noqa: PLR2004 - one topic has no spread
        return None
    needed = (_reach(significance) * float(differences.std(ddof=1)) / size) ** 2
    return max(2, math.ceil(needed - _ROUNDING))


def _reach(significance: float) -> float:
    return NormalDist().inv_cdf(1 - significance / 2) + NormalDist().inv_cdf(POWER)
