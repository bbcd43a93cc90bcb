"""Any retriever as judge: it agrees where it puts the positive above the passages that are not to fit."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ifir_eval.benchmarks.benchmark import Benchmark, Document, Topic, View
from ifir_eval.progress import silent
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build
from ifir_eval.servers.server import RefusedTextError
from ifir_eval.synthesis.judges.judge import Claim, Finding, Judging


class RerankerJudge:
    """The cross-encoder, causal or remote reranker that ``spec`` names; read once for all claims.

    A score has no zero that separates passages that fit from those that do not, so that only the order
    counts: the positive is agreed to if it stands above every passage, each of these if it stands below. It
    cannot tell where there is none, nor of texts that a server refuses.
    """

    def __init__(self, spec: str, options: Options) -> None:
        self._retriever = build(spec, options)
        self._alone = threading.Lock()

    @property
    def identity(self) -> Mapping[str, Any]:
        """The reranker's own."""
        return {"spec": self._retriever.identity.spec, **self._retriever.identity.settings}

    @contextmanager
    def session(self) -> Iterator[Judging]:
        """See `Judge.session`."""
        yield self._find

    def _find(self, claim: Claim) -> Finding:
        unknown = Finding.of(claim, None, (None,) * len(claim.breaking))
        if not claim.breaking:
            return unknown
        try:
            with self._alone:
                positive, *others = self._scores(claim)
        except RefusedTextError:
            return unknown
        breaking = tuple(other < positive for other in others)
        why = "" if all(breaking) else "a negative stands above the positive"
        return Finding.of(claim, all(breaking), breaking, why=why)

    def _scores(self, claim: Claim) -> list[float]:
        row = claim.row
        texts = (row.positive, *claim.breaking)
        corpus = {str(place): Document(str(place), text) for place, text in enumerate(texts)}
        view = View("row", row.view, row.query, row.instruction, {"0": 1}, tuple(corpus))
        topics = (Topic("row", {row.view: view}),)
        benchmark = Benchmark("row", "1", "", "", corpus, topics, measures=("MRR@10",), primary="MRR@10")
        hits = self._retriever.answer(benchmark, silent).run.hits["row"]
        scores = dict(zip(hits.documents, hits.scores, strict=True))
        return [float(scores[document]) for document in corpus]
