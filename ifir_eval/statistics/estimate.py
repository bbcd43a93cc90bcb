"""From values per topic to a mean with its interval, for every column of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ifir_eval.statistics.bootstrap import intervals


class Estimate(NamedTuple):
    """A mean over ``n`` topics with its 95% interval; ``low`` and ``high`` are None below two topics."""

    value: float
    low: float | None
    high: float | None
    n: int


def estimates(columns: Mapping[str, Mapping[str, float]], topics: Sequence[str]) -> dict[str, Estimate]:
    """The estimate of each column over those of ``topics`` that it concerns.

    Args:
        columns: column name -> topic id -> value.
        topics: the topic ids of a benchmark, or of one slice of it.

    Returns:
        An estimate for each column, in their order, without those that none of ``topics`` concerns.
    """
    concerned = {name: values for name, values in columns.items() if not values.keys().isdisjoint(topics)}
    if not concerned:
        return {}
    rows = [[values.get(topic, np.nan) for topic in topics] for values in concerned.values()]
    matrix = np.array(rows, dtype=np.float64)
    means = np.nanmean(matrix, axis=1)
    counts = np.isfinite(matrix).sum(axis=1)
    low, high = intervals(matrix.T)
    return {
        name: Estimate(mean, least, most, n) if n > 1 else Estimate(mean, None, None, n)
        for name, mean, least, most, n in zip(
            concerned, means.tolist(), low.tolist(), high.tolist(), counts.tolist(), strict=True
        )
    }
