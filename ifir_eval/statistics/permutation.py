"""Paired permutation test of two systems over the same topics (METHODS.md, section 4).

Under the null hypothesis that two systems are exchangeable, the sign of each topic's difference is a coin
flip (Fisher, "The Design of Experiments", 1935; for retrieval: Smucker, Allan and Carterette, CIKM 2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 10_000
"""Where all sign flips are no more than this, all are taken and the test is exact."""

_ROUNDING = 1e-12
"""Sums this close to the observed one, relative to the sum of all absolute differences, equal it."""


def sign_flip_p(differences: Floats, *, one_sided: bool = False, draws: int = DRAWS, seed: int = 0) -> float:
    """P of the mean of ``differences``, shape ``(topics,)``, against 0.

    The share of sign flips whose mean is at least as far from 0 as the observed one (``one_sided``: at least
    as large): all flips where there are at most ``draws`` of them, else ``draws`` seeded ones,
    p = (1 + hits) / (1 + draws). Never 0; 1 where no topic differs. Topics that do not differ have no sign to
    flip and change nothing.
    """
    moved = differences[differences != 0]
    slack = _ROUNDING * float(np.abs(moved).sum())
    total = float(moved.sum())
    least = (total if one_sided else abs(total)) - slack

    def hits(patterns: NDArray[np.integer]) -> NDArray[np.bool_]:
        sums = (1 - 2 * patterns) @ moved
        return np.asarray((sums if one_sided else np.abs(sums)) >= least)

    if 2 ** len(moved) <= draws:
        return float(hits(np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1).mean())
    generator = np.random.default_rng(seed)
    found = 0
    for start in range(0, draws, 1_000):
        flips = generator.integers(2, size=(min(1_000, draws - start), len(moved)), dtype=np.int8)
        found += int(hits(flips).sum())
    return (1 + found) / (1 + draws)
