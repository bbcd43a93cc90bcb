"""A small model and rows for it, for the tests of training."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest
from library_models import tokenizer
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, set_seed

from ifir_eval.training.rows import Row

THINGS = "apple river stone cloud engine garden letter window bridge planet mirror candle".split()
QUALITIES = "red blue old new large small warm cold loud quiet heavy light".split()


def pairs(number: int, seed: int = 0, hard_negatives: int = 1) -> list[Row]:
    """Dual views: the same query with two instructions, whose positives are each other's negatives."""
    draw = random.Random(seed)
    rows = []
    for pair in range(number):
        thing, other = draw.sample(THINGS, 2)
        one, two, three = draw.sample(QUALITIES, 3)
        passages = [f"the {one} {thing} number {pair}", f"a {two} {thing} of {pair}"]
        hard = tuple(f"the {three} {other} {pair} {place}" for place in range(hard_negatives))
        query = f"{thing} {pair}"
        rows += [
            Row(f"p{pair}", "original", query, f"only {one} ones", passages[0], (passages[1],), hard, "toy"),
            Row(f"p{pair}", "reversed", query, f"not {one} ones", passages[1], (passages[0],), hard, "toy"),
        ]
    return rows


def texts_of(rows: Iterable[Row]) -> list[str]:
    """All texts of ``rows``."""
    return [text for row in rows for text in (row.query, row.instruction, *row.passages)]


def save_model(folder: Path, rows: Iterable[Row], *, dropout: float = 0.1, layers: int = 2) -> Path:
    """A BERT of random weights that knows every word of ``rows``, as sentence-transformers saves it."""
    set_seed(0)
    words = tokenizer(texts_of(rows))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.3,  # or all texts would look alike
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    plain = folder.with_name(folder.name + "-plain")
    BertModel(config).save_pretrained(plain)
    words.save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=64)
    modules = [transformer, Pooling(32, "mean"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def load_model(folder: Path) -> SentenceTransformer:
    """The saved model, without dropout."""
    return SentenceTransformer(str(folder), device="cpu").eval()


def varied() -> list[Row]:
    """Rows of all kinds: dual views, a bare twin, one query in two pairs, ordinary rows, a shared passage."""
    dual = pairs(3, hard_negatives=2)
    first, second = dual[0], dual[2]
    return [
        *dual,
        Row("p0", "bare", first.query, "", first.positive, (), first.hard_negatives[:1], "toy"),
        Row("p9", "original", first.query, "only quiet ones", "a quiet one of another pair", (), (), "toy"),
        Row("web-1", "bare", "warm candle", "", "a candle that is warm", (), ("the cold river",), "web"),
        Row("web-2", "bare", "cold river", "", "the cold river", (), (second.positive,), "web"),
    ]


def small_base(factory: pytest.TempPathFactory) -> Path:
    """The folder of a small model that knows the words of all rows of these tests; made once a session."""
    folder = factory.getbasetemp() / "small-base"
    return folder if folder.is_dir() else save_model(folder, [*pairs(40), *varied()])
