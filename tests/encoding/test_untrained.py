"""A checkpoint that does not fill its model is refused: what it lacks would be random."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from tiny_models import save

from ifir_eval.encoding.loading import load
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

MEAN = ModelSettings(device="cpu", pooling="mean")


def without(folder: Path, part: str) -> Path:
    """The checkpoint in ``folder``, less all weights whose name has ``part``."""
    file = folder / "model.safetensors"
    kept = {name: weight for name, weight in load_file(file).items() if part not in name}
    save_file(kept, file, metadata={"format": "pt"})
    return folder


def test_a_layer_that_is_missing_is_named(tmp_path: Path) -> None:
    """The library logs it, and what is then measured is partly a random model."""
    folder = without(save(tmp_path / "model", "bert"), "layer.0.attention.self.query")
    with pytest.raises(RetrieverError, match=r"lacks weights .*attention\.self\.query"):
        load(folder, MEAN)


def test_a_pooling_layer_that_no_vector_passes_may_be_missing(tmp_path: Path) -> None:
    """Many published encoders leave BERT's out."""
    folder = without(save(tmp_path / "model", "bert"), "pooler")
    assert load(folder, MEAN).encode(["a choir"]).shape[0] == 1
