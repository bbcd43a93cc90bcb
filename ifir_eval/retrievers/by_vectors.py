"""Scores by comparing vectors: what dense, sparse, late-interaction, static and remote encoders share."""

from __future__ import annotations

import sys
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import compress
from pathlib import Path
from tempfile import TemporaryDirectory

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.encoding.cache import VectorCache, default_folder
from ifir_eval.encoding.encoder import Embedder, HasDimension, Role
from ifir_eval.encoding.once import Encoded, encode_once
from ifir_eval.encoding.unchanged import check_unchanged
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.retrievers.hits import DEPTH, hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Rendered, Template, document_text
from ifir_eval.retrievers.retriever import Answer, Identity

_QUERIES_AT_ONCE = 64
_DOCUMENTS_AT_ONCE = 8_192


def vector_cache(options: Options) -> VectorCache:
    """Where vectors are kept: the folder that the user named or the usual one, or none after the command."""
    if options.keep_vectors:
        return VectorCache(options.cache or default_folder())
    folder = TemporaryDirectory(prefix="ifir-eval-")
    cache = VectorCache(Path(folder.name), is_temporary=True)
    weakref.finalize(cache, folder.cleanup)
    return cache


class ByVectors:
    """Answers with an embedder. Only documents that some view asks for are encoded, each text once."""

    def __init__(
        self, spec: str, kind: str, embedder: Embedder, template: Template, cache: VectorCache
    ) -> None:
        self._spec = spec
        self._kind = kind
        self._embedder = embedder
        self._template = template
        self._cache = cache

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        return self._embedder

    @cached_property
    def identity(self) -> Identity:
        """What the embedder says of itself, and the template."""
        settings = {**self._embedder.identity, "template": self._template.pattern}
        return Identity(self._spec, self._kind, settings)

    def render(self, view: View) -> str:
        """Query and instruction as the template joins them; the model's own prompt comes before it."""
        return self._template.render(view).text

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Encode, compare, and say what the maximum length cut off.

        Raises:
            RetrieverError: if the cached vectors are of another model, or the model fails.
            IncompleteError: as `encode_once` does.
        """
        space = self._cache.space({**self._embedder.identity, **self._embedder.environment}, self._spec)
        asked = [self._template.render(view) for view in benchmark.views()]
        texts = {document.id: document_text(document) for document in benchmark.documents_asked_for()}
        unseen = check_unchanged(
            self._embedder,
            space,
            {Role.QUERY: [query.text for query in asked], Role.DOCUMENT: list(texts.values())},
        )
        queries = encode_once(self._embedder, space, [query.text for query in asked], Role.QUERY, progress)
        documents = encode_once(self._embedder, space, list(texts.values()), Role.DOCUMENT, progress)
        truncated = self._truncated(asked, list(texts.values()), queries, documents)
        width = queries.of([asked[0].text]).values.shape[1]
        counts = {
            **truncated,
            # The model's own where the user gave none; a model that reads texts of any length has none.
            **({"max_length": queries.limit} if queries.limit < sys.maxsize else {}),
            "dimension": self._embedder.dimension if isinstance(self._embedder, HasDimension) else width,
            "texts": len(queries.entries) + len(documents.entries),
            "tokens": queries.tokens_read + documents.tokens_read,
        }
        return Answer(
            self._compare(benchmark, texts, queries, documents),
            counts,
            (
                *_warnings(truncated, len(asked), len(texts), (queries.limit, documents.limit)),
                *self._embedder.warnings,
                *unseen,
                *space.warnings,
            ),
            self._embedder.environment,
            effort={"texts_computed": queries.computed + documents.computed},
        )

    def _compare(
        self,
        benchmark: Benchmark,
        texts: Mapping[str, str],
        queries: Encoded[str],
        documents: Encoded[str],
    ) -> Run:
        """Score every view; views with the same candidates share their documents' vectors."""
        groups: dict[tuple[str, ...] | None, list[View]] = defaultdict(list)
        for view in benchmark.views():
            groups[view.candidates].append(view)
        hits: dict[str, Hits] = {}
        for candidates, views in groups.items():
            if candidates is None:
                hits |= self._search(views, texts, queries, documents)
                continue
            vectors = documents.of([texts[document] for document in candidates])
            for start in range(0, len(views), _QUERIES_AT_ONCE):
                block = views[start : start + _QUERIES_AT_ONCE]
                asked, places = _distinct(map(self.render, block))
                scores = self._embedder.similarity(queries.of(asked), vectors)
                for view, place in zip(block, places, strict=True):
                    hits[view.id] = hits_of(view, candidates, scores[place])
        return Run(hits)

    def _search(
        self,
        views: Sequence[View],
        texts: Mapping[str, str],
        queries: Encoded[str],
        documents: Encoded[str],
    ) -> dict[str, Hits]:
        """The best of the whole corpus for each view, block by block."""
        from ifir_eval.ranking.search import top_k, top_k_by  # imports torch

        order = sorted(texts, reverse=True)  # of equal scores the earlier one wins
        asked, places = _distinct(map(self.render, views))
        wanted = min(DEPTH + max(len(view.excluded) for view in views), len(order))
        blocks = (
            documents.of([texts[document] for document in order[start : start + _DOCUMENTS_AT_ONCE]])
            for start in range(0, len(order), _DOCUMENTS_AT_ONCE)
        )
        given = queries.of(asked)
        if metric := self._embedder.metric:
            device = self._embedder.environment.get("device", "cpu")  # a server has none
            values = (block.values for block in blocks)
            found = top_k(given.values, values, wanted, cosine=metric == "cosine", device=device)
        else:
            found = top_k_by(lambda block: self._embedder.similarity(given, block), len(asked), blocks, wanted)
        hits = {}
        for view, place in zip(views, places, strict=True):
            best = [order[position] for position in found.positions[place].tolist()]
            hits[view.id] = hits_of(view, best, found.scores[place])
        return hits

    def _truncated(
        self,
        asked: Sequence[Rendered],
        texts: Sequence[str],
        queries: Encoded[str],
        documents: Encoded[str],
    ) -> dict[str, int]:
        """How many views and documents the model did not see whole, and how many instructions."""
        is_cut = queries.cut([query.text for query in asked])
        cut = list(compress(asked, is_cut))
        return {
            "queries_truncated": len(cut),
            "instructions_truncated": sum(self._embedder.loses(*query, Role.QUERY) for query in cut),
            "documents_truncated": int(documents.cut(texts).sum()),
        }


def _distinct(texts: Iterable[str]) -> tuple[list[str], list[int]]:
    """Each text once, and for each of ``texts`` where it stands among them."""
    rows: dict[str, int] = {}
    places = [rows.setdefault(text, len(rows)) for text in texts]
    return list(rows), places


def _warnings(
    counts: Mapping[str, int], queries: int, documents: int, limits: tuple[int, int]
) -> Iterator[str]:
    if cut := counts["queries_truncated"]:
        yield (
            f"{cut} of {queries} queries are longer than {limits[0]} tokens and were cut; "
            f"{counts['instructions_truncated']} of them lost part of their instruction"
        )
    if cut := counts["documents_truncated"]:
        yield f"{cut} of {documents} documents are longer than {limits[1]} tokens and were cut"
