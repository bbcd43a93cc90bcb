"""``oracle``: scores that are the judgements themselves, the top of every scale."""

from __future__ import annotations

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.hits import documents_of, hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity


class Oracle:
    """Scores each document with its grade under the view; an unjudged one stands below all judged."""

    def __init__(self) -> None:
        self.identity = Identity("oracle", "oracle")

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> Oracle:
        """Make one from ``oracle``."""
        del options
        if argument:
            raise RetrieverError(f"{spec!r}: the oracle takes no argument, write oracle")
        return cls()

    def render(self, view: View) -> None:
        """No text is made."""

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Read the scores of every view off its judgements."""
        del progress
        hits = {}
        for view in benchmark.views():
            documents = documents_of(view, benchmark)
            unjudged = min([0, *view.judgements.values()]) - 1
            hits[view.id] = hits_of(view, documents, [view.judgements.get(doc, unjudged) for doc in documents])
        return Answer(Run(hits))
