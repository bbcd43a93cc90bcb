"""A corpus as words: who holds which, what it speaks of, and BM25 over it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from ifir_eval.benchmarks.benchmark import Document

_WORD = re.compile(r"[^\W\d_]{4,}")


class Words:
    """The words of ``documents``, compared by their English stems."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        import bm25s  # noqa: PLC0415 - heavy; nothing but a build needs it
        from bm25s.stopwords import STOPWORDS_EN_PLUS  # noqa: PLC0415 - likewise
        from Stemmer import Stemmer  # noqa: PLC0415 - likewise

        self._texts = {document.id: f"{document.title} {document.text}" for document in documents.values()}
        self._ids = list(self._texts)
        self._stemmer = Stemmer("english")
        self._tokenize = bm25s.tokenize
        self._stopwords = frozenset(STOPWORDS_EN_PLUS)
        self._model = bm25s.BM25()
        self._model.index(self._stems(list(self._texts.values())), show_progress=False)
        holding: defaultdict[str, set[str]] = defaultdict(set)
        for document, text in self._texts.items():
            for stem in self._stemmer.stemWords(list({word.casefold() for word in _WORD.findall(text)})):
                holding[stem].add(document)
        self._holding = dict(holding)

    def holding(self, stem: str) -> set[str]:
        """The documents in which a word with this stem stands, in whatever form."""
        return self._holding[stem]

    def spoken(self, document: str) -> Mapping[str, str]:
        """The words of a document by their stems, in its order. Capitalised ones are left out: no names."""
        found = dict.fromkeys(_WORD.findall(self._texts[document]))
        words = [word for word in found if word.islower() and word not in self._stopwords]
        return dict(zip(self._stemmer.stemWords(words), words, strict=True))

    def ranked(self, query: str) -> Iterator[str]:
        """All documents from best to worst by BM25; ties in the order of the corpus."""
        scores = self._model.get_scores_from_ids(self._model.get_tokens_ids(self._stems([query])[0]))
        return (self._ids[place] for place in np.argsort(-scores, kind="stable").tolist())

    def _stems(self, texts: list[str]) -> list[list[str]]:
        stems: list[list[str]] = self._tokenize(
            texts, stopwords="english", stemmer=self._stemmer, return_ids=False, show_progress=False
        )
        return stems
