"""Vectors from any server that answers ``/embeddings`` as OpenAI's does."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.encoder import Chunk, Ragged, Role, Setting, Vectors
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.endpoint.batches import batches, estimated_tokens, in_order, wanted_of

if TYPE_CHECKING:
    from ifir_eval.servers.client import Client

TOKENS = 8_192
MOST_TEXTS = 32
"""What text-embeddings-inference takes in a request unless told otherwise; others take more."""
_DOCUMENTS_AT_ONCE = 16_384
_SAME = 0.999
"""Above this cosine two vectors of a text are one model's: servers batch, and half precision rounds anew."""


class EndpointEmbedder:
    """The vectors of ``model`` behind a server, compared by cosine.

    The server cuts texts that are too long for the model, or refuses them; nobody here can tell.
    """

    def __init__(
        self, client: Client, model: str, *, prefixes: Mapping[Role, str], batch_tokens: int | None = None
    ) -> None:
        self._client = client
        self._model = model
        self._prefixes = prefixes
        self._batch_tokens = batch_tokens or TOKENS
        self._dimension: int | None = None

    @property
    def identity(self) -> Mapping[str, Setting]:
        """Server, model and prefixes; a server names no revision."""
        return {
            "api": "embeddings",
            "base_url": self._client.server.url,
            "model": self._model,
            "revision": "unknown, served",
            "similarity": "cosine",
            "query_prefix": self._prefixes[Role.QUERY],
            "document_prefix": self._prefixes[Role.DOCUMENT],
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

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """One request a chunk, in the order of ``items``; see `Encoder.encode`.

        Raises:
            RetrieverError: if the server refuses, or answers with something that is no vector for each text.
            IncompleteError: if it still fails after all tries.
        """
        prefix = self._prefixes[role]
        sizes = {place: estimated_tokens(prefix + item) for place, item in enumerate(items)}
        planned = wanted_of(batches(sizes, tokens=self._batch_tokens, most=MOST_TEXTS), wanted)
        bodies = ({"model": self._model, "input": [prefix + items[i] for i in batch]} for batch in planned)
        for reply in self._client.post_all("embeddings", bodies):
            batch = planned[reply.position]
            values = self._vectors(reply.content, [items[i] for i in batch])
            yield Chunk.dense(batch, values, [0] * len(batch))

    def sample(self, items: Sequence[str], kept: Sequence[int]) -> list[int]:
        """One text: any shows another model."""
        del items
        return [kept[0]]

    def difference(self, items: Sequence[str], kept: Vectors, given: Vectors) -> str | None:
        """Another vector, if it points elsewhere or has another dimension."""
        if kept.shape == given.shape and (_normalised(kept) * _normalised(given)).sum() > _SAME:
            return None
        return f"another vector for the text {items[0][:80]!r} than the cached one: its model has changed"

    def with_one_try(self) -> EndpointEmbedder:
        """The same, but a server that fails is not asked again."""
        client = self._client.with_one_try()
        return EndpointEmbedder(client, self._model, prefixes=self._prefixes, batch_tokens=self._batch_tokens)

    @property
    def metric(self) -> str:
        """Cosine."""
        return "cosine"

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """The cosine of each pair, computed in float64; see `Embedder.similarity`."""
        given = _normalised(queries.values)
        blocks = [
            given @ _normalised(documents.values[start : start + _DOCUMENTS_AT_ONCE]).T
            for start in range(0, len(documents), _DOCUMENTS_AT_ONCE)
        ]
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """False: nobody here can tell."""
        del text, start, stop, role
        return False

    def _vectors(self, content: Any, texts: Sequence[str]) -> Vectors:
        """The vectors of ``texts`` in an answer, shape ``(len(texts), dimension)``."""
        entries = in_order(content, "data", len(texts))
        vectors = [_vector(entry.get("embedding"), text) for entry, text in zip(entries, texts, strict=True)]
        for vector, text in zip(vectors, texts, strict=True):
            self._dimension = self._dimension or len(vector)
            if len(vector) != self._dimension:
                raise RetrieverError(
                    f"the server gives a vector of {len(vector)} dimensions for the text {text[:80]!r}, "
                    f"after vectors of {self._dimension}: its model has changed, or several answer"
                )
        return np.stack(vectors)


def _vector(written: Any, text: str) -> NDArray[np.float32]:
    """A vector as servers write it: a list of numbers, or the base64 of little-endian float32."""
    try:
        if isinstance(written, str):
            vector = np.frombuffer(base64.b64decode(written, validate=True), dtype="<f4").astype(np.float32)
        else:
            with np.errstate(over="ignore"):  # becomes an infinity, which is refused below
                vector = np.array(written, dtype=np.float64).astype(np.float32)
    except (ValueError, TypeError):
        vector = np.empty(0, dtype=np.float32)
    if vector.ndim != 1 or not vector.size:
        raise RetrieverError(f"the server gives something that is no vector for the text {text[:80]!r}")
    if not np.isfinite(vector).all() or not vector.any():
        what = "only zeros" if np.isfinite(vector).all() else "NaN or infinity"
        raise RetrieverError(f"the server gives a vector that holds {what} for the text {text[:80]!r}")
    return vector


def _normalised(vectors: Vectors) -> NDArray[np.float64]:
    """Of length 1; none is zero, for `_vector` refuses those."""
    wide = vectors.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    return wide
