"""Holm's correction: p values of one table that hold all at once."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted ``p_values``, in their order: rejecting those up to 0.05 errs anywhere in at most 5% of tables.

    S. Holm, "A simple sequentially rejective multiple test procedure" (Scand. J. Statist. 6, 1979).
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted
