"""``colbert:org/model``: late interaction, a vector for each token and the best match of each query token."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version

from ifir_eval.encoding.late_interaction import LateInteractionEmbedder
from ifir_eval.errors import MissingPackageError
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.from_model import from_model
from ifir_eval.retrievers.options import Options

_FIRST_VERSION = 6
"""The first sentence-transformers that knows late interaction."""


def build(spec: str, argument: str, options: Options) -> ByVectors:
    """Make one for the model called ``argument``: of sentence-transformers, PyLate or Stanford's ColBERT.

    Raises:
        MissingPackageError: without sentence-transformers, or with one that is too old.
        RetrieverError: as `from_model` does.
    """
    is_there = importlib.util.find_spec("sentence_transformers") is not None
    if not is_there or int(version("sentence-transformers").partition(".")[0]) < _FIRST_VERSION:
        needed = f"sentence-transformers>={_FIRST_VERSION}.0"
        raise MissingPackageError(needed, "late interaction", needed)
    return from_model(spec, argument, options, LateInteractionEmbedder)
