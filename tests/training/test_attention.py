"""InF-Embed's instruction-query attention: its formula, and a model that pools by it, saved and read."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from small_training import pairs, small_base
from torch import Tensor

from ifir_eval.benchmarks.benchmark import View
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.instruction_attention import InstructionQueryAttention
from ifir_eval.errors import IfirEvalError
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build
from ifir_eval.training.base import find, load
from ifir_eval.training.recipe import ATTENTION, Recipe
from ifir_eval.training.train import train

ROWS = pairs(8)
RECIPE = Recipe(batch_rows=16, checkpoints=1, dropout=0.0, pooling=ATTENTION)
CLS, SEP, PAD = 2, 3, 0


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_base(tmp_path_factory)


def by_formula(query: Tensor, instruction: Tensor) -> Tensor:
    """The mean over instruction tokens of softmax(H_I H_Q^T / sqrt(d)) H_Q, token by token."""
    looked = []
    for token in instruction:
        weights = torch.softmax(torch.stack([token @ other for other in query]) / math.sqrt(len(token)), dim=0)
        looked.append(sum(weight * other for weight, other in zip(weights, query, strict=True)))
    return torch.stack([torch.as_tensor(vector) for vector in looked]).mean(dim=0)


@pytest.mark.parametrize("query_first", [True, False])
def test_the_instructions_tokens_attend_to_the_querys(query_first: bool) -> None:
    """Of three texts the first two have both parts; the last, a document, is the mean of its tokens."""
    ids = torch.tensor(
        [
            [CLS, 10, 11, SEP, 12, SEP, PAD, PAD],
            [CLS, 10, SEP, 12, 13, 14, 15, SEP],
            [CLS, 10, 11, 12, SEP, PAD, PAD, PAD],
        ]
    )
    hidden = torch.randn(3, 8, 6)
    features: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": (ids != PAD).long(),
        "token_embeddings": hidden,
    }
    pooled = InstructionQueryAttention(6, SEP, CLS, query_first=query_first)(features)["sentence_embedding"]
    parts = [(hidden[0, 1:3], hidden[0, 4:5]), (hidden[1, 1:2], hidden[1, 3:7])]
    for found, (first, second) in zip(pooled, parts, strict=False):
        query, instruction = (first, second) if query_first else (second, first)
        torch.testing.assert_close(found, by_formula(query, instruction))
    torch.testing.assert_close(pooled[2], hidden[2, :5].mean(dim=0))


def test_texts_of_one_part_leave_gradients_that_are_numbers() -> None:
    """Trap: a softmax over no tokens at all is NaN, and its gradient stays NaN behind torch.where."""
    hidden = torch.randn(1, 3, 6, requires_grad=True)
    ids = torch.tensor([[CLS, 10, SEP]])
    features: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "token_embeddings": hidden,
    }
    InstructionQueryAttention(6, SEP, CLS, query_first=True)(features)["sentence_embedding"].sum().backward()
    assert hidden.grad is not None
    assert hidden.grad.isfinite().all()


def test_a_model_trained_with_it_answers_as_it_was_trained(base: Path, tmp_path: Path) -> None:
    """Saved with the model and read by ``--model`` without remote code, the separator's template with it."""
    folder = train(f"{base}", ROWS, tmp_path / "out", RECIPE, on_cpu=True).folder
    retriever = build(f"{folder}", Options(keep_vectors=False))
    assert isinstance(retriever, ByVectors)
    view = View("q", "original", "apple 1", "only red ones", {})
    assert retriever.render(view) == "apple 1[SEP]only red ones"
    (chunk,) = retriever.embedder.encode([retriever.render(view)], Role.QUERY, [0])

    plain = SentenceTransformer(f"{base}", device="cpu")
    plain[0].load_state_dict(load(find(f"{folder}", Recipe()), "it", Recipe()).model[0].state_dict())
    hidden: Any = plain.encode(
        "apple 1[SEP]only red ones", output_value="token_embeddings", convert_to_tensor=True
    )
    vector = by_formula(hidden[1:3], hidden[4:7])
    np.testing.assert_allclose(chunk.values[0], (vector / vector.norm()).numpy(), atol=1e-5)


def test_a_template_without_the_separator_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(
        IfirEvalError, match=r"by '\[SEP\]', which the template '\{query\} \{instruction\}' lacks"
    ):
        train(f"{base}", ROWS, tmp_path / "out", replace(RECIPE, template="default"), on_cpu=True)
