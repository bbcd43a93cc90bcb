"""torch as it is, on whatever device: the reference for all other backends.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.encoder import Vectors


class Eager:
    """The modules of a model, one after the other."""

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model.eval()

    def __call__(self, features: dict[str, Any], task: str) -> Vectors:
        """The vectors of one batch."""
        device = self._model.device
        with torch.inference_mode():
            there = {name: on_device(value, device) for name, value in features.items()}
            vectors = self._model(there, task=task)["sentence_embedding"]
            return as_vectors(vectors[:, : self._model.truncate_dim])


def on_device(value: Any, device: torch.device) -> Any:
    """A tensor on ``device``, without waiting for its way to a GPU; anything else as it is."""
    if not isinstance(value, torch.Tensor) or device.type == value.device.type:
        return value
    pinned = value.pin_memory() if device.type == "cuda" else value
    return pinned.to(device, non_blocking=True)


def as_vectors(vectors: torch.Tensor) -> Vectors:
    """An array in float32."""
    array: Vectors = vectors.float().cpu().numpy()
    return array


def make(model: SentenceTransformer, converted: Path, *, int8: bool) -> Eager:
    """The backend for ``model``."""
    del converted, int8
    return Eager(model)
