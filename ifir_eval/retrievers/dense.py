"""Dense encoders: a model of the Hugging Face hub, or one in a local folder."""

from __future__ import annotations

import importlib.util

from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder
from ifir_eval.errors import MissingPackageError, RetrieverError
from ifir_eval.retrievers.by_vectors import ByVectors, vector_cache
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.presets import settings_for, source_for, template_for


def build(spec: str, argument: str, options: Options) -> ByVectors:
    """The retriever for the model that a user calls ``argument``; nothing is loaded yet.

    Raises:
        MissingPackageError: without sentence-transformers, or a package of the backend.
        RetrieverError: if ``argument`` names no model, or one that cannot be loaded as the options want it.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise MissingPackageError("sentence-transformers", "a dense encoder", "ifir-eval[dense]")
    source = source_for(argument, options)
    if source is None:
        raise RetrieverError(f"{spec!r} names no model; write org/model, org/model@<40-hex commit> or a folder")
    embedder = SentenceTransformerEmbedder(source, settings_for(argument, options))
    return ByVectors(spec, "dense", embedder, template_for(argument, options), vector_cache(options))
