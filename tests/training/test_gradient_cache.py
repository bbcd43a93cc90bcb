"""Batches beyond memory: the same gradients as at once, each distinct text encoded once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sentence_transformers import SentenceTransformer
from small_training import load_model, pairs, small_base, varied
from torch import Tensor

from ifir_eval.retrievers.prompt import Template
from ifir_eval.training.collator import Collator
from ifir_eval.training.gradient_cache import BatchLoss
from ifir_eval.training.losses.build import build
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import Row

RECIPES = (
    Recipe(),
    Recipe(objective="inf-embed", blocks=("P", "IQ", "I"), join="uni"),
    Recipe(objective="query-preserving"),
)


@pytest.fixture
def model(tmp_path_factory: pytest.TempPathFactory) -> SentenceTransformer:
    return load_model(small_base(tmp_path_factory))


def batch_of(model: SentenceTransformer, rows: list[Row], recipe: Recipe) -> dict[str, Any]:
    collator = Collator(rows, model, Template.parse(None), build(recipe).needs, 64)
    return collator([{"row": place} for place in range(len(rows))])


def gradients(
    model: SentenceTransformer, recipe: Recipe, *, graph_tokens: int, seed: int = 7
) -> tuple[float, list[Tensor]]:
    """Loss and gradients of one batch, dropout on."""
    batch = batch_of(model, varied(), recipe)
    model.train().zero_grad()
    torch.manual_seed(seed)
    loss = BatchLoss(model, build(recipe), graph_tokens)(batch["texts"], batch["label"])
    loss.backward()
    found = [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]
    return loss.item(), found


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.objective)
def test_cached_gradients_equal_uncached_ones_with_dropout_on(
    model: SentenceTransformer, recipe: Recipe
) -> None:
    """The second pass drops what the first one dropped; without that the gradients would be of another loss."""
    whole, expected = gradients(model, recipe, graph_tokens=1 << 40)
    cached, found = gradients(model, recipe, graph_tokens=0)
    assert cached == pytest.approx(whole, rel=1e-5)
    assert len(found) == len(expected) > 20
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
    other_drops, _ = gradients(model, recipe, graph_tokens=0, seed=8)
    assert other_drops != pytest.approx(whole, rel=1e-3)  # dropout was on indeed


def test_each_distinct_text_of_a_batch_is_encoded_once(model: SentenceTransformer) -> None:
    """A dual-view pair shares its passages: 8 pairs have 16 questions and 24 documents, not 16 + 48."""
    rows = pairs(8)
    batch = batch_of(model, rows, Recipe())
    encoded = []
    handle = model[0].register_forward_pre_hook(lambda _, given: encoded.append(len(given[0]["input_ids"])))
    BatchLoss(model, build(Recipe()), 1 << 40)(batch["texts"], batch["label"])
    handle.remove()
    assert sum(len(row.passages) for row in rows) == 48
    assert sum(encoded) == 16 + 24


def test_micro_batches_stay_within_their_tokens(model: SentenceTransformer) -> None:
    """Padding included; what is computed at a time does not grow with the batch."""
    batch = batch_of(model, pairs(40), Recipe())
    sizes = [features["input_ids"].numel() for features in batch["texts"]]
    assert len(sizes) > 10
    assert max(sizes) <= 64
