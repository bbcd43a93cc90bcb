"""Hard negatives for queries that come with none: the best passages of their source by BM25."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.builder.words import Words
from ifir_eval.training.rows import distinct

MINED = 8
"""Passages mined for a query."""

_SKIPPED = 2
"""The very best are skipped: among them are most of the passages that answer the query unknown to all."""


class Miner:
    """Mines passages out of ``passages``, by id."""

    def __init__(self, passages: Mapping[str, str]) -> None:
        self._passages = passages
        self._words = Words({id_: Document(id_, text) for id_, text in passages.items()})

    def negatives(self, query: str, known: Sequence[str]) -> tuple[str, ...]:
        """The texts of the best passages for ``query`` besides those with the ids ``known``."""
        others = (id_ for id_ in self._words.ranked(query) if id_ not in known)
        texts = (self._passages[id_] for id_ in islice(others, _SKIPPED, None))
        return distinct(texts, MINED, [self._passages[id_] for id_ in known])
