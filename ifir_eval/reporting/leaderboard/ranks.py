"""Ranks as intervals: as fine as the evidence allows, and no finer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Rank(NamedTuple):
    """The best and the worst place, from 1, that the evidence leaves open."""

    best: int
    worst: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def ranks(better: NDArray[np.bool_]) -> list[Rank]:
    """The rank of each of n: between those that are shown to be better and those shown to be worse.

    ``better`` has shape (n, n); ``better[i, j]`` says that i is shown to be better than j.
    """
    above, below = better.sum(axis=0).tolist(), better.sum(axis=1).tolist()
    return [Rank(1 + more, len(better) - less) for more, less in zip(above, below, strict=True)]
