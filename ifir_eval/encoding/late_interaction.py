"""Late interaction (ColBERT and its kin): one vector a token, and the best match of each query token counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import architectures, module_types
from ifir_eval.encoding.encoder import Ragged, Role
from ifir_eval.encoding.library_model import LibraryEmbedder, positions_of, refuse_beyond
from ifir_eval.errors import RetrieverError

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Transformer

_EMPTY_DOCUMENT = -1e9
"""The score of a document without any vector, sentence-transformers' own: below every other."""

_SCORES_AT_ONCE = 4_194_304


class LateInteractionEmbedder(LibraryEmbedder["MultiVectorEncoder"]):
    """A model of sentence-transformers, PyLate or Stanford's ColBERT, in the form that its folder describes.

    Queries and documents have maximum lengths of their own, and a ColBERT's query is short: 32 tokens, filled
    up with [MASK], of which an instruction is soon cut off. A maximum length given by the user holds for both
    sides; queries are then filled up as the model wants it, but longer ones are read on to that length.
    """

    def reads(self, role: Role) -> int:
        """The model's own length for this role, unless the user gave one."""
        transformer = _transformer(self._model)
        own = transformer.query_length if role is Role.QUERY else transformer.document_length
        expansion = transformer.query_expansion if role is Role.QUERY else None
        if expansion and expansion["strategy"] == "fixed":
            return expansion["length"]
        return min(own, sys.maxsize) if own else super().reads(role)

    @property
    def metric(self) -> None:
        """None of single vectors."""

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """MaxSim, over the query's number of vectors where the model is compared by ``meanmaxsim``."""
        scores = max_sim(queries, documents)
        if self._model.similarity_fn_name == "meanmaxsim":
            scores /= np.maximum(queries.rows, 1)[:, None]
        return scores.astype(np.float32)

    def _load(self, folder: str, arguments: Mapping[str, Any]) -> MultiVectorEncoder:
        from sentence_transformers import MultiVectorEncoder  # noqa: PLC0415  (heavy)

        _refuse_untrained(Path(folder))
        model = MultiVectorEncoder(folder, **arguments)
        if not hasattr(model[0], "document_length"):
            raise RetrieverError(f"the model in {folder} does not begin with a transformer of texts")
        if self._settings.max_length:
            _set_max_length(model, self._settings.max_length)
        return model

    def _embed(self, texts: list[str], role: Role) -> Ragged:
        encode = self._model.encode_query if role is Role.QUERY else self._model.encode_document
        vectors = encode(
            texts,
            prompt=self.prompt(role),
            batch_size=len(texts),
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        rows = np.fromiter(map(len, vectors), dtype=np.int64, count=len(texts))
        return Ragged(np.concatenate(vectors).astype(np.float32), rows)


def max_sim(queries: Ragged, documents: Ragged) -> NDArray[np.float64]:
    """Over a query's vectors, the sum of the highest dot product with one of the document's.

    Shape ``(len(queries), len(documents))``, after Khattab and Zaharia, ColBERT (arXiv 2004.12832), section
    3.3. Computed in float64 over blocks of documents; rounded to float32, a pair then has one score in
    whichever block it stands.
    """
    given = queries.values.astype(np.float64)
    scores = np.zeros((len(queries), len(documents)))
    scores[:, documents.rows == 0] = _EMPTY_DOCUMENT
    if not len(given):
        return scores
    asked, filled = np.flatnonzero(queries.rows), np.flatnonzero(documents.rows)
    query_starts = _starts(queries.rows[asked])
    ends = np.cumsum(documents.rows[filled])
    for start, stop in _blocks(documents.rows[filled], _SCORES_AT_ONCE // len(given)):
        first = ends[start - 1] if start else 0
        block = documents.values[first : ends[stop - 1]].astype(np.float64)
        best = np.maximum.reduceat(given @ block.T, _starts(documents.rows[filled[start:stop]]), axis=1)
        scores[np.ix_(asked, filled[start:stop])] = np.add.reduceat(best, query_starts, axis=0)
    return scores


def _starts(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    starts: NDArray[np.int64] = np.cumsum(rows) - rows
    return starts


def _blocks(rows: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Ranges of items with ``most`` rows together, or of one item that has more."""
    ends = np.cumsum(rows)
    start = 0
    while start < len(rows):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield start, stop
        start = stop


def _refuse_untrained(folder: Path) -> None:
    """Refuse a folder whose projection to token vectors sentence-transformers would have to make up."""
    is_stanford = "HF_ColBERT" in architectures(folder)
    if not is_stanford and {"Dense", "MultiVectorMask"}.isdisjoint(module_types(folder)):
        raise RetrieverError(
            f"{folder} is no late-interaction model: it has no projection of token vectors, and a random one "
            "would be measured in its place; without colbert: before it, it is read as a dense encoder"
        )


def _transformer(model: MultiVectorEncoder) -> Transformer:
    """The module that reads the texts and knows their lengths; `_load` has seen to it that it is there."""
    return cast("Transformer", model[0])


def _set_max_length(model: MultiVectorEncoder, max_length: int) -> None:
    transformer = _transformer(model)
    refuse_beyond(positions_of(model.transformers_model), max_length)
    expansion = transformer.query_expansion
    transformer.query_expansion = None  # else it may contradict the new length on the way
    transformer.query_length = transformer.document_length = max_length
    if expansion:
        floor = min(expansion["length"], max_length)
        transformer.query_expansion = {**expansion, "strategy": "min", "length": floor}
