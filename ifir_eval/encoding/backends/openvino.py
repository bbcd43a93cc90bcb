"""``openvino`` and ``openvino-int8``: Intel's inference engine, on any x86 or ARM processor.

This module imports torch and openvino: import it where a model is loaded, not before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.backends.calibration import batches
from ifir_eval.encoding.backends.chain import Chain, converting, export, quiet
from ifir_eval.encoding.backends.converted import kept
from ifir_eval.encoding.encoder import Vectors

_FILE = "model.xml"


class OpenVino:
    """A model that OpenVINO compiled for this processor."""

    def __init__(self, file: Path, names: tuple[str, ...], hint: str) -> None:
        settings = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",  # one batch at a time, on all threads
            "INFERENCE_PRECISION_HINT": hint,
        }
        self._request = openvino.Core().compile_model(file, "CPU", settings).create_infer_request()
        self._names = names

    def __call__(self, features: dict[str, Any], task: str) -> Vectors:
        """The vectors of one batch."""
        del task
        inputs = [features[name].numpy() for name in self._names]
        return np.array(self._request.infer(inputs, share_inputs=True)[0], dtype=np.float32)


def make(model: SentenceTransformer, converted: Path, *, int8: bool) -> OpenVino:
    """The backend for ``model``; its dtype is the one that is computed in where not in int8.

    Raises:
        RetrieverError: if OpenVINO cannot compute it.
    """
    hint = "bf16" if model.dtype is torch.bfloat16 else "f32"
    chain = Chain(model.float())

    def convert(folder: Path) -> None:
        program = export(chain)
        with quiet(), converting():
            converted = openvino.convert_model(program)
            if int8:
                converted = _quantized(converted, model)
            openvino.save_model(converted, folder / _FILE, compress_to_fp16=False)

    return OpenVino(kept(converted, convert) / _FILE, chain.names, hint)


def _quantized(converted: openvino.Model, model: SentenceTransformer) -> openvino.Model:
    """Weights and activations in int8, their ranges taken from texts; embeddings and norms stay as they are."""
    import nncf  # noqa: PLC0415  (only int8 needs it)

    inputs = [[tensor.numpy() for tensor in batch.values()] for batch in batches(model)]
    return nncf.quantize(
        converted, nncf.Dataset(inputs), subset_size=len(inputs), model_type=nncf.ModelType.TRANSFORMER
    )
