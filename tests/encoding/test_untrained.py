"""A checkpoint that does not fill its model is refused: what it lacks would be random."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import library_models
import pytest
from safetensors.torch import load_file, save_file
from tiny_models import save

from ifir_eval.encoding.causal_reranker import CausalReranker
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.cross_encoder import CrossEncoder
from ifir_eval.encoding.late_interaction import LateInteractionEmbedder
from ifir_eval.encoding.loading import load
from ifir_eval.encoding.question import Question
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.sparse import SparseEmbedder
from ifir_eval.errors import RetrieverError

sys.path.insert(0, str(Path(__file__).parents[1] / "retrievers"))
import small_rerankers

MEAN = ModelSettings(device="cpu", pooling="mean")
CPU = ModelSettings(device="cpu")
WORDS = ["choir concerts in june", "potatoes are planted when soil is warm"]
QUESTION = Question("Is {query} answered by {document}?", "yes", "no", 64)


def causal(model: LocalModel, settings: ModelSettings) -> CausalReranker:
    return CausalReranker(model, settings, QUESTION)


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


@pytest.mark.parametrize(
    ("make", "model", "part"),
    [
        (small_rerankers.save_cross_encoder, CrossEncoder, "classifier"),
        (small_rerankers.save_cross_encoder, CrossEncoder, "bert.pooler"),
        (small_rerankers.save_cross_encoder, CrossEncoder, "layer.1.output"),
        (small_rerankers.save_causal_reranker, causal, "layers.1.mlp"),
        (library_models.pylate, LateInteractionEmbedder, "layer.0.attention"),
        (library_models.splade, SparseEmbedder, "cls.predictions.transform"),
    ],
)
def test_it_is_named_whatever_the_kind_of_model(
    make: Callable[..., Path], model: Callable[..., Any], part: str, tmp_path: Path
) -> None:
    """A BERT cross-encoder classifies what its pooling layer gives: without one it scored at random."""
    folder = without(make(tmp_path / "model", WORDS), part)
    with pytest.raises(RetrieverError, match=f"lacks weights .*{part}"):
        _ = model(LocalModel(folder), CPU)._model


def test_a_user_who_wants_the_library_quiet_is_told_too(tmp_path: Path) -> None:
    """With TRANSFORMERS_VERBOSITY=error nothing was logged, and a random model was measured."""
    folder = without(save(tmp_path / "model", "bert"), "layer.0.attention.self.query")
    library = logging.getLogger("transformers")
    before = library.level
    library.setLevel(logging.ERROR)
    try:
        with pytest.raises(RetrieverError, match="lacks weights"):
            load(folder, MEAN)
    finally:
        library.setLevel(before)


def test_the_library_logs_nothing_of_its_own(tmp_path: Path) -> None:
    """Neither its table of weights that are missing nor that a model becomes one of late interaction."""
    colbert = library_models.pylate(tmp_path / "whole", [*WORDS, ", ."])
    bert = without(save(tmp_path / "model", "bert"), "pooler")
    heard = BufferingHandler(100)
    libraries = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    for library in libraries:
        library.addHandler(heard)
    try:
        _ = LateInteractionEmbedder(LocalModel(colbert), CPU)._model
        load(bert, MEAN)
    finally:
        for library in libraries:
            library.removeHandler(heard)
    assert [record.getMessage() for record in heard.buffer] == []
