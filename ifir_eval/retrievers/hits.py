"""From scores to hits: what every kind of retriever does with the scores it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.retrievers.retriever import Answer

DEPTH = 1000
"""How many documents are kept of a search through the whole corpus."""


def documents_of(view: View, benchmark: Benchmark) -> tuple[str, ...]:
    """The ids of the documents to rank for ``view``: its candidates, or else the whole corpus."""
    return tuple(benchmark.corpus) if view.candidates is None else view.candidates


def hits_of(view: View, documents: Sequence[str], scores: Sequence[float] | NDArray[np.floating]) -> Hits:
    """The hits of ``view``: all ``documents``, or of a search through the corpus the `DEPTH` best.

    Documents that the view excludes are left out first. ``scores`` has shape ``(len(documents),)``. At the
    edge the ranking's tie rule decides who is kept.

    Raises:
        RetrieverError: as `Hits.of` does.
    """
    hits = _without(Hits.of(view.id, documents, scores), view.excluded)
    documents = hits.documents
    if view.candidates is not None or len(documents) <= DEPTH:
        return hits
    edge = np.partition(hits.scores, -DEPTH)[-DEPTH]
    above = np.flatnonzero(hits.scores > edge).tolist()
    tied = sorted(np.flatnonzero(hits.scores == edge).tolist(), key=documents.__getitem__, reverse=True)
    kept = above + tied[: DEPTH - len(above)]
    return Hits(tuple(documents[position] for position in kept), hits.scores[kept])


def _without(hits: Hits, excluded: frozenset[str]) -> Hits:
    if excluded.isdisjoint(hits.documents):
        return hits
    kept = [place for place, document in enumerate(hits.documents) if document not in excluded]
    return Hits(tuple(hits.documents[place] for place in kept), hits.scores[kept])


def answer_with(benchmark: Benchmark, scores: Mapping[str, Mapping[str, float]]) -> Answer:
    """The answer that somebody else's scores (query id -> document id -> score) give.

    Documents outside a query's candidates are dropped, candidates without a score stay unranked, and
    both are counted and warned about. A query left without any document counts as not answered.
    """
    hits, counts = {}, Counter(documents_dropped=0, candidates_unscored=0)
    for view in benchmark.views():
        given = scores.get(view.id, {})
        allowed = benchmark.corpus if view.candidates is None else frozenset(view.candidates)
        kept = [document for document in given if document in allowed and document not in view.excluded]
        if kept:
            hits[view.id] = hits_of(view, kept, [given[document] for document in kept])
            counts["candidates_unscored"] += len(view.candidates or kept) - len(kept)
        counts["documents_dropped"] += len(given) - len(kept)
    sentences = {
        "documents_dropped": "documents are not among their query's candidates and were dropped",
        "candidates_unscored": "candidates have no score and rank below all that have one",
    }
    warnings = tuple(f"{counts[name]} {text}" for name, text in sentences.items() if counts[name])
    return Answer(Run(hits), counts, warnings)
