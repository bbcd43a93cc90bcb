"""``static:org/model``: static embeddings in the model2vec format, the floor of instruction sensitivity."""

from __future__ import annotations

import importlib.util

from ifir_eval.encoding.static import StaticEmbedder
from ifir_eval.errors import MissingPackageError
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.from_model import from_model
from ifir_eval.retrievers.options import Options


def build(spec: str, argument: str, options: Options) -> ByVectors:
    """Make one for the model called ``argument``.

    Raises:
        MissingPackageError: without model2vec.
        RetrieverError: as `from_model` does.
    """
    if importlib.util.find_spec("model2vec") is None:
        raise MissingPackageError("model2vec", "static embeddings", "ifir-eval[static]")
    return from_model(spec, argument, options, StaticEmbedder)
