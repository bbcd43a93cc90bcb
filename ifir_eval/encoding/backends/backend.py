"""The one interface of all backends, and how one is chosen.

Nothing in this module loads a model or imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from ifir_eval.encoding.encoder import Vectors
from ifir_eval.errors import MissingPackageError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class Backend(Protocol):
    """A model, ready to compute."""

    def __call__(self, features: dict[str, Any], task: str) -> Vectors:
        """The vectors of one batch, shape ``(texts, dimension)``; ``task`` is ``query`` or ``document``."""
        ...


class _Kind(NamedTuple):
    """``module`` has ``make(model, converted, int8=…)``; only `torch` itself computes on every device."""

    module: str
    packages: tuple[str, ...] = ()
    extra: str = "dense"


_KINDS = {
    "torch": _Kind("eager"),
    "torch-compile": _Kind("compiled"),
    "onnx": _Kind("onnx", ("onnxruntime", "onnx", "onnxscript"), "onnx"),
    "onnx-int8": _Kind("onnx", ("onnxruntime", "onnx", "onnxscript"), "onnx"),
    "openvino": _Kind("openvino", ("openvino",), "openvino"),
    "openvino-int8": _Kind("openvino", ("openvino", "nncf"), "openvino"),
}


def converts(name: str) -> bool:
    """Whether the backend called ``name`` makes another form of the model, which computes on the CPU only."""
    return bool(_KINDS[name].packages)


def versions(name: str) -> Mapping[str, str]:
    """The versions of what the backend called ``name`` adds to torch: packages, texts to calibrate by.

    Raises:
        MissingPackageError: if one is not installed.
    """
    kind = _KINDS[name]
    found = {}
    for package in kind.packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            raise MissingPackageError(package, f"--backend {name}", f"ifir-eval[{kind.extra}]") from None
    if "nncf" in kind.packages:
        from ifir_eval.benchmarks.mirror.generate import VERSION  # noqa: PLC0415  (only where it calibrates)

        found["calibration"] = f"mirror-train {VERSION}"
    return found


def make(name: str, model: SentenceTransformer, converted: Path) -> Backend:
    """The backend called ``name`` (one of `ifir_eval.retrievers.options.BACKENDS`) for a loaded ``model``.

    ``converted`` is the folder for another form of this very model, if the backend needs one.

    Raises:
        RetrieverError: if it cannot compute this model.
    """
    module = import_module(f"ifir_eval.encoding.backends.{_KINDS[name].module}")
    return cast("Backend", module.make(model, converted, int8=name.endswith("-int8")))
