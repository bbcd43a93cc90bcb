"""``cross:MODEL``: a sentence-transformers CrossEncoder of the hub or in a local folder."""

from __future__ import annotations

import importlib.util

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.hub import HubModel
from ifir_eval.errors import MissingPackageError, RetrieverError
from ifir_eval.retrievers.by_pairs import ByPairs, first_stage
from ifir_eval.retrievers.by_vectors import vector_cache
from ifir_eval.retrievers.options import Options, refuse_what_encoders_take
from ifir_eval.retrievers.presets import settings_for, source_for
from ifir_eval.retrievers.prompt import Template


def build(spec: str, argument: str, options: Options) -> ByPairs:
    """Make one for a hub name, name@commit or a local folder; nothing is loaded yet.

    Raises:
        MissingPackageError: if sentence-transformers is not installed.
        RetrieverError: if there is no such model, or an option cannot reach it.
    """
    source = pair_model(spec, argument, options)
    from ifir_eval.encoding.cross_encoder import CrossEncoder

    scorer = CrossEncoder(source, settings_for(argument, options))
    template = Template.parse(options.template)
    return ByPairs(spec, "cross", scorer, template, vector_cache(options), first=first_stage(options))


def pair_model(spec: str, argument: str, options: Options) -> LocalModel | HubModel:
    """Where the model of a reranker is, once nothing stands in its way.

    Raises:
        MissingPackageError: if sentence-transformers is not installed.
        RetrieverError: if there is no such model, or an option cannot reach it.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise MissingPackageError("sentence-transformers", spec, "ifir-eval[dense]")
    refuse_what_encoders_take(spec, "a reranker", options)
    source = source_for(argument, options) if argument else None
    if source is None:
        raise RetrieverError(
            f"{spec!r} names no model; after the colon write org/model, org/model@<40-hex commit> or a folder"
        )
    return source
