"""Scores by reading query and document together: what cross-encoders, causal and remote rerankers share."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.encoding.cache import VectorCache
from ifir_eval.encoding.encoder import Encoder, Pair, Role
from ifir_eval.encoding.once import Encoded, encode_once
from ifir_eval.encoding.unchanged import check_unchanged
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.order import rank
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.hits import hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Rendered, Template, document_text
from ifir_eval.retrievers.retriever import Answer, Identity, Retriever


class PairScorer(Encoder[Pair], Protocol):
    """An encoder of pairs, which gives each a vector of width 1: its score."""

    def loses(self, query: str, start: int, stop: int) -> bool:
        """Whether ``query[start:stop]`` is cut into even after the document has given way."""
        ...


class FirstStage(NamedTuple):
    """A retriever and how many of its best documents are reranked."""

    retriever: Retriever
    depth: int


class Pool(NamedTuple):
    """The documents of a view: those to score, and those that stay below them in this order."""

    scored: tuple[str, ...]
    beyond: tuple[str, ...] = ()


def first_stage(options: Options) -> FirstStage | None:
    """The first stage that the user asked for, built with the same options.

    Raises:
        IfirEvalError: as `ifir_eval.retrievers.spec.build` does.
    """
    from ifir_eval.retrievers.spec import build  # the specs' module knows the rerankers

    if options.first_stage is None:
        return None
    return FirstStage(build(options.first_stage, replace(options, first_stage=None)), options.depth)


class ByPairs:
    """Answers with a scorer of pairs.

    Without a first stage every candidate is scored. With one, only its best documents are: those beyond
    keep its order, below the reranked ones, and their scores say nothing but that. ``default_instruction``
    is what a model reads where a view has no instruction.
    """

    def __init__(
        self,
        spec: str,
        kind: str,
        scorer: PairScorer,
        template: Template,
        cache: VectorCache,
        *,
        first: FirstStage | None = None,
        default_instruction: str = "",
    ) -> None:
        self._spec = spec
        self._kind = kind
        self._scorer = scorer
        self._template = template
        self._cache = cache
        self._first = first
        self._default_instruction = default_instruction

    @cached_property
    def identity(self) -> Identity:
        """What the scorer says of itself, how queries are rendered, and the first stage with its depth."""
        settings = {
            **self._scorer.identity,
            "template": self._template.pattern,
            **({"default_instruction": text} if (text := self._default_instruction) else {}),
        }
        if self._first:
            inner = self._first.retriever.identity
            settings |= {"depth": self._first.depth, "first_stage": inner.spec}
            settings |= {f"first_stage.{name}": value for name, value in inner.settings.items()}
        return Identity(self._spec, self._kind, settings)

    def render(self, view: View) -> str:
        """Query and instruction as the template joins them; the model's own prompt stands around it."""
        return self._render(view).text

    def _render(self, view: View) -> Rendered:
        if not view.instruction.strip():
            view = replace(view, instruction=self._default_instruction)
        return self._template.render(view)

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Find the documents to score, score each distinct pair once, and say what was cut off.

        Raises:
            RetrieverError: if there are neither candidates nor a first stage, the cached scores are of
                another model, or the model fails.
        """
        found, pools = self._pools(benchmark, progress)
        asked = {view.id: self._render(view) for view in benchmark.views()}
        pairs = {
            query: [Pair(asked[query].text, document_text(benchmark.corpus[id_])) for id_ in pool.scored]
            for query, pool in pools.items()
        }
        space = self._cache.space({**self._scorer.identity, **self._scorer.environment}, self._spec)
        every = [pair for some in pairs.values() for pair in some]
        unseen = check_unchanged(self._scorer, space, {Role.PAIR: every})
        encoded = encode_once(self._scorer, space, every, Role.PAIR, progress)
        hits = {}
        for view in benchmark.views():
            if view.id in pools:
                scored, beyond = pools[view.id]
                scores = encoded.of(pairs[view.id]).values[:, 0]
                hits[view.id] = hits_of(view, scored + beyond, _with_tail(scores, len(beyond)))
        truncated = self._truncated(asked, pairs, encoded)
        counts = {
            **found.counts,
            **truncated,
            **({"max_length": encoded.limit} if encoded.limit < sys.maxsize else {}),
            "pairs": len(encoded.entries),
            "tokens": encoded.tokens_read,
        }
        return Answer(
            Run(hits),
            counts,
            (
                *found.warnings,
                *_warnings(truncated, len(asked), len(encoded.entries), encoded.limit),
                *self._scorer.warnings,
                *unseen,
                *space.warnings,
            ),
            {**found.environment, **self._scorer.environment},
            effort=summed(found.effort, {"pairs_computed": encoded.computed}),
        )

    def _pools(self, benchmark: Benchmark, progress: Progress) -> tuple[Answer, Mapping[str, Pool]]:
        """What the first stage answered, its names told apart, and the documents of each view."""
        views = list(benchmark.views())
        if self._first is None:
            if any(view.candidates is None for view in views):
                raise RetrieverError(
                    f"{self._spec} reads query and document together, too slow for the whole corpus of "
                    f"{benchmark.name!r}: name a retriever whose best documents it reranks (--first-stage bm25)"
                )
            kept = {
                view.id: tuple(id_ for id_ in view.candidates or () if id_ not in view.excluded)
                for view in views
            }
            return Answer(Run({})), {query: Pool(documents) for query, documents in kept.items()}
        retriever, depth = self._first
        answer = retriever.answer(benchmark, progress)
        ranked = {query: rank(hits).documents for query, hits in answer.run.hits.items()}
        pools = {query: Pool(documents[:depth], documents[depth:]) for query, documents in ranked.items()}
        return under("first_stage", retriever.identity.spec, answer), pools

    def _truncated(
        self,
        asked: Mapping[str, Rendered],
        pairs: Mapping[str, Sequence[Pair]],
        encoded: Encoded[Pair],
    ) -> dict[str, int]:
        """How many pairs the model did not see whole, and how many views' queries and instructions."""
        touched = [asked[query] for query, some in pairs.items() if encoded.cut(some).any()]
        return {
            "pairs_truncated": int(encoded.cut(list(encoded.entries)).sum()),
            "queries_truncated": sum(self._scorer.loses(query.text, 0, len(query.text)) for query in touched),
            "instructions_truncated": sum(self._scorer.loses(*query) for query in touched),
        }


def under(name: str, spec: str, answer: Answer) -> Answer:
    """The answer of a part of a retriever, as it stands beside the whole's and other parts' own."""
    return replace(
        answer,
        counts={f"{name}.{key}": count for key, count in answer.counts.items()},
        environment={f"{name}.{key}": value for key, value in answer.environment.items()},
        warnings=tuple(f"{spec}: {warning}" for warning in answer.warnings),
    )


def summed(*efforts: Mapping[str, float]) -> dict[str, float]:
    """What several parts took together."""
    names = dict.fromkeys(name for effort in efforts for name in effort)
    return {name: sum(effort.get(name, 0) for effort in efforts) for name in names}


def _with_tail(scores: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """``scores`` and ``count`` falling ones below them, all distinct as float32 too."""
    lowest = float(scores.min(initial=0))
    step = max(1.0, abs(lowest) * 1e-6)
    return np.concatenate([scores, lowest - step * np.arange(1, count + 1)])


def _warnings(counts: Mapping[str, int], queries: int, pairs: int, limit: int) -> Iterator[str]:
    if cut := counts["pairs_truncated"]:
        yield f"{cut} of {pairs} pairs are longer than {limit} tokens, and their documents were cut"
    if cut := counts["queries_truncated"]:
        yield (
            f"{cut} of {queries} queries are too long even so and were cut; "
            f"{counts['instructions_truncated']} of them lost part of their instruction"
        )
