"""``bm25``: words in common, weighted; the baseline that instructions were never meant for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.hits import documents_of, hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template, document_text
from ifir_eval.retrievers.retriever import Answer, Identity

METHOD, K1, B = "lucene", 1.5, 0.75
STOPWORDS, STEMMER = "english", "english"


class BM25:
    """BM25 as bm25s computes it, over the statistics of the whole corpus.

    Every candidate gets a score. Retrieving from the corpus first and filtering afterwards left 47 of
    100 candidates without one at 6,000 documents (docs/methods.md, trap 4).
    """

    def __init__(self, template: Template) -> None:
        self._template = template
        self.identity = Identity(
            "bm25",
            "bm25",
            {
                "method": METHOD,
                "k1": K1,
                "b": B,
                "stopwords": STOPWORDS,
                "stemmer": STEMMER,
                "template": template.pattern,
                "bm25s": version("bm25s"),
                "PyStemmer": version("PyStemmer"),
            },
        )

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> BM25:
        """Make one from ``bm25``."""
        if argument:
            raise RetrieverError(f"{spec!r}: BM25 takes no argument, write bm25")
        return cls(Template.parse(options.template))

    def render(self, view: View) -> str:
        """Query and instruction as one bag of words."""
        return self._template.render(view).text

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Index the corpus once, then score every candidate of every view."""
        documents = list(benchmark.corpus.values())
        with progress("indexing documents", total=len(documents)) as advance:
            score = _index([document_text(document) for document in documents])
            advance(len(documents))
        position = {document.id: number for number, document in enumerate(documents)}
        views, hits = list(benchmark.views()), {}
        with progress("scoring queries", total=len(views)) as advance:
            for view in views:
                scores = score(self.render(view))
                asked = documents_of(view, benchmark)
                hits[view.id] = hits_of(view, asked, scores[[position[document] for document in asked]])
                advance()
        return Answer(Run(hits))


def _index(texts: Sequence[str]) -> Callable[[str], NDArray[np.float32]]:
    """A function from a query's text to its score for each of ``texts``, in their order."""
    import bm25s
    from Stemmer import Stemmer

    stemmer = Stemmer(STEMMER)

    def words(texts: Sequence[str]) -> list[list[str]]:
        tokenized: list[list[str]] = bm25s.tokenize(
            list(texts), stopwords=STOPWORDS, stemmer=stemmer, return_ids=False, show_progress=False
        )
        return tokenized

    indexed = words(texts)
    if not any(indexed):  # bm25s cannot index nothing
        return lambda query: np.zeros(len(texts), dtype=np.float32)
    model = bm25s.BM25(method=METHOD, k1=K1, b=B)
    model.index(indexed, show_progress=False)

    def score(query: str) -> NDArray[np.float32]:
        known = model.get_tokens_ids(words([query])[0])
        scores: NDArray[np.float32] = model.get_scores_from_ids(known)
        return scores

    return score
