"""The one ranking: score descending as float32, ties by document id descending.

This is trec_eval's order, and mteb's p-MRR order since its pull request #5241.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ifir_eval.ranking.run import Hits


@dataclass(frozen=True, eq=False)
class Ranking:
    """One query's documents from best to worst, with their scores (float32, same length)."""

    documents: tuple[str, ...]
    scores: NDArray[np.float32]

    @cached_property
    def _position(self) -> dict[str, int]:
        return dict(zip(self.documents, range(len(self.documents)), strict=True))

    def ranks(self, documents: Sequence[str]) -> NDArray[np.int64]:
        """1-based ranks of ``documents``; one that is absent has rank ``len(ranking) + 1``."""
        absent = len(self.documents)
        return np.array([self._position.get(doc, absent) + 1 for doc in documents], dtype=np.int64)

    def scores_of(self, documents: Sequence[str]) -> NDArray[np.float32]:
        """Scores of ``documents``; one that is absent has minus infinity, below every scored one."""
        positions = [self._position.get(doc, -1) for doc in documents]
        return np.append(self.scores, np.float32(-np.inf))[positions]


def rank(hits: Hits) -> Ranking:
    """Order ``hits``. Document ids are compared as strings, in tied stretches only."""
    order = np.argsort(-hits.scores, kind="stable")
    scores = hits.scores[order]
    documents = [hits.documents[position] for position in order.tolist()]
    boundaries = np.flatnonzero(np.diff(scores)) + 1
    if len(boundaries) + 1 < len(documents):
        edges = [0, *boundaries.tolist(), len(documents)]
        for start, stop in zip(edges, edges[1:], strict=False):
            if stop - start > 1:
                documents[start:stop] = sorted(documents[start:stop], reverse=True)
    return Ranking(tuple(documents), scores)
