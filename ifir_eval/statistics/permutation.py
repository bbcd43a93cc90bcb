"""Paired permutation test of two systems over the same topics (docs/methods.md, section 4).

Under the null hypothesis that two systems are exchangeable, the sign of each topic's difference is a coin
flip (Fisher, "The Design of Experiments", 1935; for retrieval: Smucker, Allan and Carterette, CIKM 2007).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 10_000
"""Where all sign flips are no more than this, all are taken and the test is exact."""

_DRAWS_A_TEST = 100
"""At least so many for each test of a table: the least p, corrected for all of them, is then below 0.01."""

_BLOCK = 250
"""Draws held in memory at a time: 20 MB at 10,000 topics."""

_ROUNDING = 1e-12
"""Sums this close to the observed one, relative to the sum of all absolute differences, equal it."""


def sign_flip_p(differences: Floats, *, one_sided: bool = False, draws: int = DRAWS, seed: int = 0) -> float:
    """P of the mean of ``differences``, shape ``(topics,)``, against 0; see `sign_flip_ps`."""
    return sign_flip_ps([differences], one_sided=one_sided, draws=draws, seed=seed)[0]


def sign_flip_ps(
    table: Sequence[Floats], *, one_sided: bool = False, draws: int = DRAWS, seed: int = 0
) -> list[float]:
    """P of the mean of each of ``table``'s differences, each of shape ``(its topics,)``, against 0.

    The share of sign flips whose mean is at least as far from 0 as the observed one (``one_sided``: at least
    as large): all flips where there are at most ``draws`` of them, else seeded draws,
    p = (1 + hits) / (1 + draws). Never 0; 1 where no topic differs. Large tables get more than ``draws``: of
    720 comparisons corrected by Holm, none could be significant if no p were below 1/10,001.
    """
    moved = [differences[differences != 0] for differences in table]
    exact = [2 ** len(values) <= draws for values in moved]
    sampled = [values for values, is_exact in zip(moved, exact, strict=True) if not is_exact]
    drawn = iter(_by_draws(sampled, one_sided, max(draws, _DRAWS_A_TEST * len(sampled)), seed))
    return [
        _by_all_flips(values, one_sided) if is_exact else next(drawn)
        for values, is_exact in zip(moved, exact, strict=True)
    ]


def _by_all_flips(moved: Floats, one_sided: bool) -> float:
    patterns = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
    sums = ((1 - 2 * patterns) @ moved)[:, None]
    return float(_reached(sums, moved[:, None], one_sided).mean())


def _by_draws(sampled: Sequence[Floats], one_sided: bool, draws: int, seed: int) -> list[float]:
    """All tests flip by the same coins; each keeps its own p, whichever others stand beside it."""
    if not sampled:
        return []
    columns = np.zeros((max(map(len, sampled)), len(sampled)))
    for place, values in enumerate(sampled):
        columns[: len(values), place] = values
    hits = np.zeros(len(sampled), dtype=np.int64)
    for block, start in enumerate(range(0, draws, _BLOCK)):
        # Topic by topic, so that a test's coins do not depend on how many topics another test has.
        coins = np.random.default_rng([seed, block]).integers(2, size=(len(columns), _BLOCK), dtype=np.int8)
        signs = 1.0 - 2.0 * coins[:, : draws - start]
        hits += _reached(signs.T @ columns, columns, one_sided).sum(axis=0)
    return [(1 + found) / (1 + draws) for found in hits.tolist()]


def _reached(sums: Floats, columns: Floats, one_sided: bool) -> NDArray[np.bool_]:
    """Which flipped ``sums``, shape ``(flips, tests)``, are as far as that of ``columns`` as observed."""
    totals = columns.sum(axis=0)
    slack = _ROUNDING * np.abs(columns).sum(axis=0)
    if one_sided:
        return np.asarray(sums >= totals - slack)
    return np.asarray(np.abs(sums) >= np.abs(totals) - slack)
