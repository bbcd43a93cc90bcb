"""``onnx`` and ``onnx-int8``: ONNX Runtime on the CPU.

This module imports torch and onnxruntime: import it where a model is loaded, not before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
import torch
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.backends.chain import OUTPUT, Chain, converting, export, quiet
from ifir_eval.encoding.backends.converted import kept
from ifir_eval.encoding.encoder import Vectors
from ifir_eval.errors import RetrieverError

_FILE = "model.onnx"


class Onnx:
    """A model in a session of ONNX Runtime."""

    def __init__(self, file: Path, names: tuple[str, ...]) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._names = names

    def __call__(self, features: dict[str, Any], task: str) -> Vectors:
        """The vectors of one batch."""
        del task
        vectors: Vectors
        (vectors,) = self._session.run(None, {name: features[name].numpy() for name in self._names})
        return vectors


def make(model: SentenceTransformer, converted: Path, *, int8: bool) -> Onnx:
    """The backend for ``model``.

    Raises:
        RetrieverError: if ONNX Runtime cannot compute it.
    """
    if model.dtype is not torch.float32:
        raise RetrieverError("--backend onnx computes in float32: write --dtype float32, or another backend")
    chain = Chain(model)

    def convert(folder: Path) -> None:
        program = export(chain)
        with quiet(), converting():
            converted = torch.onnx.export(
                program, input_names=list(chain.names), output_names=[OUTPUT], dynamo=True
            )
            assert converted is not None  # it is without dynamo
            converted.save(folder / _FILE)
            if int8:
                _quantize(folder / _FILE)

    return Onnx(kept(converted, convert) / _FILE, chain.names)


def _quantize(file: Path) -> None:
    """Weights in int8, a scale for each column; activations in int8, scaled by what a batch holds."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415  (only int8 needs it)

    quantize_dynamic(file, file, per_channel=True, weight_type=QuantType.QInt8)
