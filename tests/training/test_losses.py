"""Losses, from rows to one number, against loops over rows that know nothing of batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
import torch
from sentence_transformers import SentenceTransformer
from small_training import load_model, small_base, varied
from torch import Tensor

from ifir_eval.retrievers.prompt import Template
from ifir_eval.training.collator import Collator
from ifir_eval.training.gradient_cache import BatchLoss
from ifir_eval.training.losses.build import build
from ifir_eval.training.losses.query_preserving import QueryPreserving
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import Row

TEMPLATE = Template.parse(None)
ROWS = varied()
ALL_AT_ONCE = 1 << 40
VECTORS: dict[str, Tensor] = {}  # all tests use the same weights


@pytest.fixture
def model(tmp_path_factory: pytest.TempPathFactory) -> SentenceTransformer:
    return load_model(small_base(tmp_path_factory))


def ours(model: SentenceTransformer, rows: Sequence[Row], recipe: Recipe) -> float:
    """The loss of a batch of all ``rows``, in several micro-batches."""
    objective = build(recipe)
    collator = Collator(rows, model, TEMPLATE, objective.needs, 64)
    batch = collator([{"row": place} for place in range(len(rows))])
    assert len(batch["texts"]) > 2
    loss: Tensor = BatchLoss(model, objective, ALL_AT_ONCE)(batch["texts"], batch["label"])
    return loss.item()


class Plain(NamedTuple):
    """Cosines of single texts, encoded one by one."""

    model: SentenceTransformer
    rows: Sequence[Row]

    def vector(self, text: str) -> Tensor:
        if text not in VECTORS:
            VECTORS[text] = self.model.encode(text, convert_to_tensor=True).double()
        return VECTORS[text]

    def cosine(self, one: str, other: str) -> float:
        return (self.vector(one) @ self.vector(other)).item()

    def unknown(self, row: Row, passage: str) -> bool:
        """Not listed by the row itself, but by another view of its pair, or another row with its query."""
        kin = [other for other in self.rows if other.pair_id == row.pair_id or other.query == row.query]
        return passage not in row.passages and any(passage in other.passages for other in kin)

    def documents(self) -> list[str]:
        return list(dict.fromkeys(passage for row in self.rows for passage in row.passages))


def question(row: Row, instruction: str | None = None) -> str:
    given = row.instruction if instruction is None else instruction
    return f"{row.query} {given}" if given else row.query


def entropy(right: float, wrong: Sequence[float]) -> float:
    """Of a softmax, by its definition."""
    return -right + math.log(math.exp(right) + sum(map(math.exp, wrong)))


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def wrong_documents(plain: Plain, row: Row, *, in_batch: bool) -> list[str]:
    if not in_batch:
        return list(row.negatives)
    return [text for text in plain.documents() if text != row.positive and not plain.unknown(row, text)]


def info_nce(plain: Plain, temperature: float, *, in_batch: bool) -> float:
    return mean(
        [
            entropy(
                plain.cosine(question(row), row.positive) / temperature,
                [
                    plain.cosine(question(row), text) / temperature
                    for text in wrong_documents(plain, row, in_batch=in_batch)
                ],
            )
            for row in plain.rows
        ]
    )


def wrong_scores(plain: Plain, row: Row, block: str) -> list[float]:
    """The cosines of InF-Embed's negatives for one row; every instruction of the batch is crossed."""
    if block == "P":
        positives = dict.fromkeys(other.positive for other in plain.rows)
        return [
            plain.cosine(question(row), text)
            for text in positives
            if text != row.positive and not plain.unknown(row, text)
        ]
    if block == "IQ":
        return [
            plain.cosine(row.positive, question(other))
            for other in plain.rows
            if other != row and other.positive != row.positive and not plain.unknown(other, row.positive)
        ]
    if not row.instruction:
        return []
    given = dict.fromkeys(other.instruction for other in plain.rows if other.instruction)
    questions = [question(row, instruction) for instruction in given if instruction != row.instruction]
    return [plain.cosine(row.positive, text) for text in questions if not may_be_right(plain, row, text)]


def may_be_right(plain: Plain, row: Row, text: str) -> bool:
    """Whether the crossed question is a row's own, which the passage answers or may answer."""
    asking = [other for other in plain.rows if question(other) == text]
    return any(other.positive == row.positive or plain.unknown(other, row.positive) for other in asking)


@pytest.mark.parametrize("in_batch", [False, True])
def test_info_nce_is_the_softmax_over_negatives_that_the_view_knows_to_be_wrong(
    model: SentenceTransformer, in_batch: bool
) -> None:
    """A twin's passages count as the row itself says, and not at all where it says nothing."""
    recipe = Recipe(in_batch=in_batch, temperature=0.1)
    expected = info_nce(Plain(model, ROWS), 0.1, in_batch=in_batch)
    assert ours(model, ROWS, recipe) == pytest.approx(expected, abs=1e-4)


def test_the_twins_positive_is_no_in_batch_negative_of_a_bare_row(model: SentenceTransformer) -> None:
    """A bare query is answered by both positives of a dual view; the other one as a negative is a lie."""
    bare, twin = ROWS[6], ROWS[1]
    assert (bare.view, twin.pair_id) == ("bare", bare.pair_id)
    assert twin.positive not in wrong_documents(Plain(model, ROWS), bare, in_batch=True)
    with_twin = ours(model, [bare, twin, ROWS[8]], Recipe(temperature=0.1))
    expected = info_nce(Plain(model, [bare, twin, ROWS[8]]), 0.1, in_batch=True)
    assert with_twin == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("blocks", [("P",), ("IQ",), ("I",), ("P", "I"), ("P", "IQ", "I")])
@pytest.mark.parametrize("join", ["multi", "uni"])
def test_inf_embed_is_the_sum_of_its_blocks_or_one_softmax_over_them(
    model: SentenceTransformer, blocks: tuple[str, ...], join: str
) -> None:
    plain = Plain(model, ROWS)
    losses = []
    for row in ROWS:
        right = plain.cosine(question(row), row.positive) / 0.1
        wrong = [[score / 0.1 for score in wrong_scores(plain, row, block)] for block in blocks]
        losses.append(
            entropy(right, [score for scores in wrong for score in scores])
            if join == "uni"
            else sum(entropy(right, scores) for scores in wrong)
        )
    recipe = Recipe(objective="inf-embed", blocks=blocks, join=join, temperature=0.1, share=1.0)
    assert ours(model, ROWS, recipe) == pytest.approx(mean(losses), abs=1e-4)


def test_the_reversed_instruction_is_always_a_negative_whatever_the_share(model: SentenceTransformer) -> None:
    """The two methods compose: of the crossed instructions, that of the pair's other view is never left out."""
    collator = Collator(ROWS, model, TEMPLATE, build(Recipe(objective="inf-embed", share=1e-6)).needs, 64)
    label = collator([{"row": place} for place in range(4)])["label"]
    assert label["crossed"].tolist() == [[1], [0], [3], [2]]


def span_vector(model: SentenceTransformer, row: Row) -> Tensor:
    """The mean over the query's tokens, which follow the first special token."""
    tokens: Any = model.encode(question(row), output_value="token_embeddings", convert_to_tensor=True)
    length = len(model.tokenizer(row.query, add_special_tokens=False)["input_ids"])
    return torch.nn.functional.normalize(tokens[1 : 1 + length].double().mean(dim=0), dim=0)


def divergence(p: Sequence[float], q: Sequence[float]) -> float:
    """Kullback-Leibler, of two lists of scores."""
    ps, qs = (torch.softmax(torch.tensor(scores, dtype=torch.float64), 0) for scores in (p, q))
    return float(sum(a * (a.log() - b.log()) for a, b in zip(ps, qs, strict=True)))


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("in_batch", [False, True])
def test_query_preserving_adds_the_query_alone_and_the_divergence_from_its_span(
    model: SentenceTransformer, direction: str, in_batch: bool
) -> None:
    plain, temperature = Plain(model, ROWS), 0.1
    extra = []
    for row in ROWS:
        if not row.instruction:
            extra.append(0.0)
            continue
        scores = {text: plain.cosine(row.query, text) / temperature for text in plain.documents()}
        wrong = [
            scores[text]
            for text in wrong_documents(plain, row, in_batch=in_batch)
            if text not in row.instruction_negatives
        ]
        span = span_vector(model, row)
        inside = [(span @ plain.vector(text)).item() / temperature for text in scores]
        both = (list(scores.values()), inside)
        kl = divergence(*(both if direction == "forward" else both[::-1]))
        extra.append(entropy(scores[row.positive], wrong) + 0.7 * kl)
    recipe = Recipe(
        objective="query-preserving",
        weight=0.7,
        direction=direction,
        temperature=temperature,
        in_batch=in_batch,
    )
    expected = info_nce(plain, temperature, in_batch=in_batch) + mean(extra)
    assert ours(model, ROWS, recipe) == pytest.approx(expected, abs=1e-4)


def test_with_stop_gradient_the_query_alone_learns_nothing_from_the_divergence() -> None:
    """Only h_q(q+I) moves; without it both do."""
    query = torch.randn(3, 5, requires_grad=True)
    span = torch.randn(3, 5, requires_grad=True)
    for stop, moves in ((True, False), (False, True)):
        query.grad = span.grad = None
        torch.autograd.backward(QueryPreserving(stop_gradient=stop)._divergence(query, span).sum())
        assert span.grad is not None
        assert (query.grad is not None) is moves
