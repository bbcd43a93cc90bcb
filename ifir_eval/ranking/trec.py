"""TREC run lines: ``query Q0 document rank score tag``, the exchange format of rankings."""

from __future__ import annotations

from collections.abc import Iterator

from ifir_eval.ranking.order import rank
from ifir_eval.ranking.run import Run


def trec_lines(run: Run, tag: str = "ifir-eval") -> Iterator[str]:
    """The lines of ``run``, queries by id and documents from best to worst.

    Nine significant digits bring a float32 score back bit by bit.
    """
    for query in sorted(run.hits):
        ranking = rank(run.hits[query])
        pairs = zip(ranking.documents, ranking.scores.tolist(), strict=True)
        for position, (document, score) in enumerate(pairs, 1):
            yield f"{query} Q0 {document} {position} {score:.9g} {tag}\n"
