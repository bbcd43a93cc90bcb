"""The one ranking: score descending as float32, ties by document id descending.

This is trec_eval's order, and mteb's p-MRR order since its pull request #5241.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ifir_eval.ranking.run import Hits


@dataclass(frozen=True, eq=False)
class Ranking:
    """One query's documents from best to worst.

    ``order`` has shape ``(len(hits.documents),)``: the places of the documents in ``hits``, best first.
    ``places`` is the reverse lookup of ``hits.documents``. Documents are handed out in rank order only
    when asked for: most measures want the ranks of a few.
    """

    hits: Hits
    order: NDArray[np.intp]
    places: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.order)

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """All documents, best first."""
        return tuple(self.top(len(self)))

    @cached_property
    def scores(self) -> NDArray[np.float32]:
        """Scores in rank order, shape ``(len(self),)``."""
        return self.hits.scores[self.order]

    @cached_property
    def _rank_at(self) -> NDArray[np.int64]:
        """Rank of the document at each place of ``hits``, and that of an absent one at the end."""
        ranks = np.empty(len(self) + 1, dtype=np.int64)
        ranks[self.order] = np.arange(1, len(self) + 1)
        ranks[-1] = len(self) + 1
        return ranks

    def top(self, k: int) -> list[str]:
        """The best ``k`` documents, best first; fewer if there are no more."""
        return [self.hits.documents[place] for place in self.order[:k].tolist()]

    def ranks(self, documents: Sequence[str]) -> NDArray[np.int64]:
        """1-based ranks of ``documents``; one that is absent has rank ``len(ranking) + 1``."""
        return self._rank_at[[self.places.get(doc, -1) for doc in documents]]

    def scores_of(self, documents: Sequence[str]) -> NDArray[np.float32]:
        """Scores of ``documents``; one that is absent has minus infinity, below every scored one."""
        places = [self.places.get(doc, -1) for doc in documents]
        return np.append(self.hits.scores, np.float32(-np.inf))[places]


def rank(hits: Hits) -> Ranking:
    """Order ``hits``. Document ids are compared as strings, in tied stretches only."""
    return rank_all([hits])[0]


def rank_all(answers: Iterable[Hits]) -> list[Ranking]:
    """`rank` each of ``answers``; neighbours that score the same documents share one lookup."""
    rankings: list[Ranking] = []
    for hits in answers:
        last = rankings[-1] if rankings else None
        if last is not None and last.hits.documents == hits.documents:
            places = last.places
        else:
            places = {document: place for place, document in enumerate(hits.documents)}
        rankings.append(Ranking(hits, _order(hits), places))
    return rankings


def _order(hits: Hits) -> NDArray[np.intp]:
    order = np.argsort(-hits.scores)
    scores = hits.scores[order]
    tied = np.concatenate([[False], scores[1:] == scores[:-1], [False]])
    # Where `tied` turns on and off again, a stretch of equal scores starts and ends.
    for start, stop in np.flatnonzero(tied[1:] != tied[:-1]).reshape(-1, 2).tolist():
        stretch = order[start : stop + 1]
        stretch[:] = sorted(stretch.tolist(), key=hits.documents.__getitem__, reverse=True)
    return order
