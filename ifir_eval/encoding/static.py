"""Static embeddings in the model2vec format: one vector for each token of the vocabulary, averaged over a text.

Such a model reads a text as a bag of tokens, so an instruction and its reversal are nearly the same to it:
the natural floor of instruction sensitivity.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import LocalModel, check
from ifir_eval.encoding.encoder import Chunk, Ragged, Role, Setting, Vectors
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

if TYPE_CHECKING:
    from model2vec import StaticModel

_TEXTS_AT_ONCE = 1_024
_DOCUMENTS_AT_ONCE = 16_384
_PACKAGES = ("model2vec", "tokenizers")


class _Bags(NamedTuple):
    """The tokens of some texts, one text after the other; ``lengths[i]`` of them are text ``i``'s."""

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]


class StaticEmbedder:
    """Averages token vectors: what `model2vec.StaticModel.encode` gives, but fast and with tokens counted.

    It differs in one point: a text is cut at the model's maximum of tokens only. model2vec first cuts the
    characters at a guess of what so many tokens take, which can cost tokens that would have fitted.
    """

    def __init__(self, source: LocalModel | HubModel, settings: ModelSettings) -> None:
        self._source = source
        self._settings = settings

    @property
    def identity(self) -> Mapping[str, Setting]:
        """Commit or fingerprint (which holds the normalisation), prefixes, maximum length and versions."""
        return {
            **self._source.identity,
            "query_prefix": self._settings.query_prefix,
            "document_prefix": self._settings.document_prefix,
            "max_length": self._settings.max_length,
            **{package: version(package) for package in _PACKAGES},
        }

    @property
    def environment(self) -> Mapping[str, str]:
        """Always the CPU: there is nothing to compute but sums."""
        return {"device": "cpu", "dtype": "float32"}

    @property
    def warnings(self) -> tuple[str, ...]:
        """None of its own."""
        return ()

    @property
    def limit(self) -> int:
        """The user's maximum length, else the model's."""
        return self._settings.max_length or self._model.max_length or sys.maxsize

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """The mean of each text's token vectors; a text of unknown tokens alone gets zeros.

        Nothing is padded, and no text's vector depends on the others, so chunks may be cut anywhere.
        """
        prefix = self._prefix(role)
        for start in range(0, len(wanted), _TEXTS_AT_ONCE):
            chosen = wanted[start : start + _TEXTS_AT_ONCE]
            bags = self._tokenize([prefix + items[i] for i in chosen])
            yield Chunk.dense(chosen, self._means(bags), bags.lengths.tolist())

    @property
    def metric(self) -> str:
        """Cosine."""
        return "cosine"

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """Cosine similarity, shape ``(len(queries), len(documents))``; zeros are similar to nothing."""
        given = _unit(queries.values.astype(np.float64))
        blocks = [
            given @ _unit(documents.values[start : start + _DOCUMENTS_AT_ONCE].astype(np.float64)).T
            for start in range(0, len(documents), _DOCUMENTS_AT_ONCE)
        ]
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """Whether the tokens up to ``stop`` do not fit; nothing cuts into an empty stretch."""
        lengths = self._tokenize([self._prefix(role) + text[:stop]]).lengths
        return stop > start and bool(lengths[0] > self.limit)

    @cached_property
    def _model(self) -> StaticModel:
        from model2vec import StaticModel  # noqa: PLC0415  (optional)

        folder = self._source.folder()
        check(folder)
        try:
            model = StaticModel.from_pretrained(folder)
        except Exception as error:  # a checkpoint may fail in any way
            raise RetrieverError(f"cannot load the static embeddings in {folder}: {error}") from error
        model.tokenizer.no_truncation()  # tokens are counted before they are cut
        return model

    @cached_property
    def _table(self) -> Vectors:
        return np.ascontiguousarray(self._model.embedding, dtype=np.float32)

    def _prefix(self, role: Role) -> str:
        chosen = self._settings.query_prefix if role is Role.QUERY else self._settings.document_prefix
        return chosen or ""

    def _tokenize(self, texts: list[str]) -> _Bags:
        ids = [
            encoding.ids
            for encoding in self._model.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        ]
        lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
        return _Bags(np.fromiter(chain.from_iterable(ids), dtype=np.int64, count=lengths.sum()), lengths)

    def _means(self, bags: _Bags) -> Vectors:
        """The mean of each bag's token vectors, unknown tokens left out as model2vec does."""
        from scipy.sparse import csr_array  # noqa: PLC0415  (heavy)

        model = self._model
        owners = np.repeat(np.arange(len(bags.lengths)), bags.lengths)
        places = np.arange(len(bags.ids)) - np.repeat(np.cumsum(bags.lengths) - bags.lengths, bags.lengths)
        kept = places < self.limit
        if model.unk_token_id is not None:
            kept &= bags.ids != model.unk_token_id
        ids = bags.ids[kept]
        counts = np.bincount(owners[kept], minlength=len(bags.lengths))
        columns = ids if model.token_mapping is None else model.token_mapping[ids]
        weights = np.ones(len(ids)) if model.weights is None else model.weights[ids]
        ends = np.concatenate([[0], np.cumsum(counts)])
        share = csr_array((weights.astype(np.float32), columns, ends), shape=(len(counts), len(self._table)))
        means: Vectors = share @ self._table / np.maximum(counts, 1).astype(np.float32)[:, None]
        return _unit(means) if model.normalize else means


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    """``vectors``, shape ``(items, width)``, at length 1; zeros stay zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)
