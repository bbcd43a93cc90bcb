"""Scores from any server that answers ``/rerank`` as Cohere's and Jina's do."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ifir_eval.encoding.encoder import Chunk, Pair, Role, Setting, Vectors
from ifir_eval.encoding.once import WINDOW
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.endpoint.batches import batches, estimated_tokens, in_order, wanted_of

if TYPE_CHECKING:
    from ifir_eval.servers.client import Client

TOKENS = 65_536
MOST_DOCUMENTS = 100
"""Cohere bills a query with up to so many documents as one search."""
_SAME = 0.05
"""How far a score may move under one model, as a part of the largest: half precision rounds no better."""


class EndpointReranker:
    """The scores that ``model`` behind a server gives to pairs; a vector of width 1 each.

    Documents of one query share a request. Of a model that compares them with each other (a listwise one),
    the scores depend on which stand together.
    """

    def __init__(
        self, client: Client, model: str, *, prefixes: Mapping[Role, str], batch_tokens: int | None = None
    ) -> None:
        self._client = client
        self._model = model
        self._query_prefix = prefixes[Role.QUERY]
        self._document_prefix = prefixes[Role.DOCUMENT]
        self._batch_tokens = batch_tokens or TOKENS

    @property
    def identity(self) -> Mapping[str, Setting]:
        """Server, model and prefixes; a server names no revision."""
        return {
            "api": "rerank",
            "base_url": self._client.server.url,
            "model": self._model,
            "revision": "unknown, served",
            "query_prefix": self._query_prefix,
            "document_prefix": self._document_prefix,
        }

    @property
    def place(self) -> str:
        """The server's address."""
        return self._client.server.url

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: what the server computes with is its own affair."""
        return {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """None of its own."""
        return ()

    @property
    def limit(self) -> int:
        """None that is known."""
        return sys.maxsize

    def encode(self, items: Sequence[Pair], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """One request a chunk, query by query in the order of ``items``; see `Encoder.encode`.

        Raises:
            RetrieverError: if the server refuses, or answers with something that is no score for each pair.
            IncompleteError: if it still fails after all tries.
        """
        del role
        planned = wanted_of(self._plan(items), wanted)
        bodies = (self._body([items[i] for i in batch]) for batch in planned)
        for reply in self._client.post_all("rerank", bodies):
            batch = planned[reply.position]
            values = _scores(reply.content, [items[i] for i in batch])
            yield Chunk.dense(batch, values, [0] * len(batch))

    def sample(self, items: Sequence[Pair], kept: Sequence[int]) -> list[int]:
        """A request as it was made, so that a listwise model sees the same documents together.

        One pair alone would tell little, too: most models give nearly 0 to whatever is not relevant.
        """
        known, window = frozenset(kept), kept[0] // WINDOW * WINDOW
        planned = [[window + place for place in batch] for batch in self._plan(items[window : window + WINDOW])]
        whole = (batch for batch in planned if known.issuperset(batch))
        return next(whole, None) or wanted_of(planned, kept)[0]

    def difference(self, items: Sequence[Pair], kept: Vectors, given: Vectors) -> str | None:
        """Other scores, if one of them is off by more than rounding."""
        if np.abs(kept - given).max() <= _SAME * max(1.0, float(np.abs(kept).max())):
            return None
        return (
            f"other scores for the query {items[0].query[:80]!r} than the cached ones: its model has changed "
            "(or it compares documents with each other, and has to compare others now)"
        )

    def with_one_try(self) -> EndpointReranker:
        """The same, but a server that fails is not asked again."""
        prefixes = {Role.QUERY: self._query_prefix, Role.DOCUMENT: self._document_prefix}
        client = self._client.with_one_try()
        return EndpointReranker(client, self._model, prefixes=prefixes, batch_tokens=self._batch_tokens)

    def loses(self, query: str, start: int, stop: int) -> bool:
        """False: nobody here can tell what the server cuts off."""
        del query, start, stop
        return False

    def _plan(self, items: Sequence[Pair]) -> Iterator[list[int]]:
        queries: dict[str, dict[int, int]] = defaultdict(dict)
        for place, (query, document) in enumerate(items):
            # The query is read again with each document, and billed.
            texts = (self._query_prefix + query, self._document_prefix + document)
            queries[query][place] = sum(map(estimated_tokens, texts))
        for sizes in queries.values():
            yield from batches(sizes, tokens=self._batch_tokens, most=MOST_DOCUMENTS)

    def _body(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        return {
            "model": self._model,
            "query": self._query_prefix + pairs[0].query,
            "documents": [self._document_prefix + pair.document for pair in pairs],
            "top_n": len(pairs),
        }


def _scores(content: Any, pairs: Sequence[Pair]) -> Vectors:
    """The scores of ``pairs``, which share a query, in an answer; shape ``(len(pairs), 1)``."""
    scores = [entry.get("relevance_score") for entry in in_order(content, "results", len(pairs))]
    for score, pair in zip(scores, pairs, strict=True):
        if not isinstance(score, int | float) or not math.isfinite(score):
            raise RetrieverError(
                f"the server gives {score!r} as the relevance_score of the text {pair.document[:80]!r}, "
                "which is no finite number"
            )
    return np.array(scores, dtype=np.float32).reshape(-1, 1)
