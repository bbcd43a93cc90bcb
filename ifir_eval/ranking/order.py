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

FEW = 6
"""Up to so many ranks are counted one by one, which is quicker than sorting a thousand candidates."""


class Places:
    """Where each document stands in a list of hits; looked up once for all rankings that share the list."""

    def __init__(self, documents: tuple[str, ...]) -> None:
        self.documents = documents
        self._found: dict[str, int] = {}

    @cached_property
    def of(self) -> Mapping[str, int]:
        """Document id -> place."""
        return {document: place for place, document in enumerate(self.documents)}

    def find(self, document: str) -> int:
        """The place of one document, -1 if it is absent; quicker than `of` as long as few are asked for."""
        if document not in self._found:
            self._found[document] = self.documents.index(document) if document in self.documents else -1
        return self._found[document]


@dataclass(frozen=True, eq=False)
class Ranking:
    """One query's documents from best to worst.

    Nothing is sorted before it has to be: most measures want the ranks of a few documents.
    """

    hits: Hits
    places: Places

    def __len__(self) -> int:
        return len(self.hits.documents)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The places of the documents in ``hits``, best first; shape ``(len(self),)``."""
        return _order(self.hits)

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
        if len(documents) <= FEW and "order" not in vars(self):
            return np.array([self._counted(document) for document in documents], dtype=np.int64)
        return self._rank_at[[self.places.of.get(document, -1) for document in documents]]

    def _counted(self, document: str) -> int:
        """One more than the number of documents that stand above ``document``."""
        place = self.places.find(document)
        if place < 0:
            return len(self) + 1
        scores = self.hits.scores
        score = scores[place]
        tied = np.flatnonzero(scores == score)
        above = sum(self.hits.documents[place] > document for place in tied.tolist()) if len(tied) > 1 else 0
        return int(np.count_nonzero(scores > score)) + above + 1

    def scores_of(self, documents: Sequence[str]) -> NDArray[np.float32]:
        """Scores of ``documents``; one that is absent has minus infinity, below every scored one."""
        places = [self.places.of.get(document, -1) for document in documents]
        return np.append(self.hits.scores, np.float32(-np.inf))[places]


def rank(hits: Hits) -> Ranking:
    """Order ``hits``. Document ids are compared as strings, among equal scores only."""
    return Ranking(hits, Places(hits.documents))


def rank_all(answers: Iterable[Hits]) -> list[Ranking]:
    """`rank` each of ``answers``; neighbours that score the same documents share their places."""
    rankings: list[Ranking] = []
    for hits in answers:
        last = rankings[-1].places if rankings else None
        shared = last if last is not None and last.documents == hits.documents else Places(hits.documents)
        rankings.append(Ranking(hits, shared))
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
