"""Learned sparse retrieval (SPLADE and its kin): a weight for each word of a vocabulary, most of them zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import architectures, module_types
from ifir_eval.encoding.encoder import Ragged, Role
from ifir_eval.encoding.library_model import LibraryEmbedder, positions_of, refuse_beyond
from ifir_eval.errors import RetrieverError

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from sentence_transformers import SparseEncoder

_LARGEST_VOCABULARY = 2**24
"""Up to here float32 holds every whole number, and so the indices that are kept beside the weights."""

_SIMILARITIES = ("dot", "cosine")
_SPARSE_MODULES = {"SpladePooling", "SparseAutoEncoder", "SparseStaticEmbedding", "Router"}


class SparseEmbedder(LibraryEmbedder["SparseEncoder"]):
    """A `SparseEncoder`; a text's vectors are its non-zero weights, one row ``(index, weight)`` for each."""

    # A batch has a score for each of its tokens and each word of the vocabulary: 125 MB in 1,024 x 30,522.
    cpu_tokens = 1_024
    gpu_tokens = 16_384

    @property
    def metric(self) -> None:
        """None of single vectors."""

    @property
    def dimension(self) -> int:
        """The words of the vocabulary."""
        return int(self._model.get_embedding_dimension() or 0)

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """Dot products, or cosines where the model says so; shape ``(len(queries), len(documents))``.

        Each is summed in float64 in the order of the query's indices, so it is the same in every block.
        """
        from scipy.sparse.linalg import norm  # noqa: PLC0415  (heavy)

        width = 1 + max(int(side.values[:, 0].max(initial=0)) for side in (queries, documents))
        asked, among = _matrix(queries, width), _matrix(documents, width)
        scores = (asked @ among.T).toarray()
        if self._model.similarity_fn_name == "cosine":
            scores /= np.maximum(np.outer(norm(asked, axis=1), norm(among, axis=1)), np.finfo(np.float64).tiny)
        return np.asarray(scores, dtype=np.float32)

    def _load(self, folder: str, arguments: Mapping[str, Any]) -> SparseEncoder:
        from sentence_transformers import SparseEncoder  # noqa: PLC0415  (heavy)

        _refuse_untrained(Path(folder))
        model = SparseEncoder(folder, **arguments)
        if model.similarity_fn_name not in _SIMILARITIES:
            raise RetrieverError(
                f"the model in {folder} is compared by {model.similarity_fn_name}; sparse vectors are compared "
                f"here by {' or '.join(_SIMILARITIES)} only"
            )
        if self._settings.max_length:
            refuse_beyond(positions_of(model.transformers_model), self._settings.max_length)
            model.max_seq_length = self._settings.max_length
        return model

    def _embed(self, texts: list[str], role: Role) -> Ragged:
        encode = self._model.encode_query if role is Role.QUERY else self._model.encode_document
        weights = encode(
            texts,
            prompt=self.prompt(role),
            batch_size=len(texts),
            convert_to_sparse_tensor=False,
            save_to_cpu=True,
            show_progress_bar=False,
        )
        if weights.shape[1] > _LARGEST_VOCABULARY:
            raise RetrieverError(
                f"a vocabulary of {weights.shape[1]} is too large; at most {_LARGEST_VOCABULARY}"
            )
        dense = weights.float().numpy()
        owners, indices = np.nonzero(dense)
        values = np.column_stack([indices, dense[owners, indices]]).astype(np.float32)
        return Ragged(values, np.bincount(owners, minlength=len(texts)))


def _matrix(vectors: Ragged, width: int) -> csr_array:
    """The weights as a sparse matrix in float64, shape ``(len(vectors), width)``."""
    from scipy.sparse import csr_array  # noqa: PLC0415  (heavy)

    starts = np.concatenate([[0], np.cumsum(vectors.rows)])
    indices = vectors.values[:, 0].astype(np.int64)
    return csr_array((vectors.values[:, 1].astype(np.float64), indices, starts), shape=(len(vectors), width))


def _refuse_untrained(folder: Path) -> None:
    """Refuse a folder for which sentence-transformers would have to make up what gives the weights."""
    modules = module_types(folder)
    is_masked_lm = not modules and any(name.endswith("ForMaskedLM") for name in architectures(folder))
    if not is_masked_lm and _SPARSE_MODULES.isdisjoint(modules):
        raise RetrieverError(
            f"{folder} is no sparse encoder: nothing in it gives weights to words, and a random layer would be "
            "measured in its place; without splade: before it, it is read as a dense encoder"
        )
