"""A retriever around an embedder that is made from nothing but a model and its settings."""

from __future__ import annotations

from collections.abc import Callable

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Embedder
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.by_vectors import ByVectors, vector_cache
from ifir_eval.retrievers.options import Options, refuse_what_encoders_take
from ifir_eval.retrievers.presets import settings_for, source_for
from ifir_eval.retrievers.prompt import Template

Make = Callable[[LocalModel | HubModel, ModelSettings], Embedder]


def from_model(spec: str, argument: str, options: Options, make: Make) -> ByVectors:
    """The retriever for ``spec``, ``KIND:argument``, around ``make(model, settings)``; nothing is loaded yet.

    Raises:
        RetrieverError: if ``argument`` names no model, or one that cannot be loaded as the options want it.
    """
    kind = spec.partition(":")[0]
    source = source_for(argument, options) if argument else None
    if source is None:
        raise RetrieverError(
            f"{spec!r} names no model; write {kind}:org/model, {kind}:org/model@<40-hex commit>, or "
            f"{kind}: and a folder"
        )
    refuse_what_encoders_take(spec, f"a model after {kind}:", options)
    embedder = make(source, settings_for(argument, options))
    return ByVectors(spec, kind, embedder, Template.parse(options.template), vector_cache(options))
