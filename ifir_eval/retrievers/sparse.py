"""``splade:org/model``: learned sparse retrieval, a weight for each word of a vocabulary."""

from __future__ import annotations

import importlib.util

from ifir_eval.encoding.sparse import SparseEmbedder
from ifir_eval.errors import MissingPackageError
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.from_model import from_model
from ifir_eval.retrievers.options import Options


def build(spec: str, argument: str, options: Options) -> ByVectors:
    """Make one for the model called ``argument``: a `SparseEncoder`, or a masked language model as SPLADE is.

    Raises:
        MissingPackageError: without sentence-transformers.
        RetrieverError: as `from_model` does.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise MissingPackageError("sentence-transformers", "a sparse encoder", "ifir-eval[dense]")
    return from_model(spec, argument, options, SparseEmbedder)
