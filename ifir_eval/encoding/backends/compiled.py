"""``torch-compile``: one graph for batches of any shape, fused by torch's own compiler.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.backends.chain import Chain, quiet
from ifir_eval.encoding.backends.eager import as_vectors, on_device
from ifir_eval.encoding.encoder import Vectors
from ifir_eval.errors import RetrieverError


class Compiled:
    """A compiled model; the first batches wait for the compiler."""

    def __init__(self, model: SentenceTransformer) -> None:
        chain = Chain(model)
        self._names = chain.names
        self._device = model.device
        with quiet():  # the compiler imports parts of torch that warn of themselves
            self._compute = torch.compile(chain, dynamic=True)

    def __call__(self, features: dict[str, Any], task: str) -> Vectors:
        """The vectors of one batch."""
        del task
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return as_vectors(self._compute(*(on_device(features[name], self._device) for name in self._names)))


def make(model: SentenceTransformer, converted: Path, *, int8: bool) -> Compiled:
    """The backend for ``model``.

    Raises:
        RetrieverError: if there is no C++ compiler, which torch's needs.
    """
    del converted, int8
    if not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++"))):
        raise RetrieverError(
            "--backend torch-compile needs a C++ compiler, and there is no g++ or clang++ here; install one "
            "(or name it in CXX), or leave out --backend"
        )
    return Compiled(model)
