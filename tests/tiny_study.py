"""A study of seconds: a small model of random weights, rows of mirror's train split, topics of its dev."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from library_models import tokenizer
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import BertConfig, BertModel, set_seed

from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Topic
from ifir_eval.benchmarks.catalog import load
from ifir_eval.benchmarks.folder import write_folder

MIXES = {"plain": ["original"], "dual": ["original", "reversed"]}
STUDY = """
name = "tiny"
about = "Nothing is learnt here."
bases = ["{folder}/base"]
mixes = ["plain.toml", "dual.toml"]
budgets = ["16 rows", "32 rows"]
seeds = [1, 2]
instruction = ["{folder}/following/"]
general = ["{folder}/general/"]
compare = [["dual", "plain"], ["dual", "base"]]

[recipe]
batch_rows = 16
learning_rate = 1e-3
max_length = 32
checkpoints = 1

[evaluation]
device = "cpu"
"""


def write_study(folder: Path, text: str = STUDY) -> Path:
    """The study's file in ``folder``, with all that it names beside it."""
    save_base(folder / "base")
    for benchmark in (following(), general()):
        write_folder(benchmark, folder / benchmark.name)
    for name, views in MIXES.items():
        part = f"[[parts]]\nviews = {views}\nsources = {{ mirror-train = 1 }}\nhard_negatives = 1\n"
        (folder / f"{name}.toml").write_text(part, encoding="utf-8")
    file = folder / "tiny.toml"
    file.write_text(text.format(folder=folder), encoding="utf-8")
    return file


@cache
def following() -> Benchmark:
    """Eight topics of mirror's dev split, taken for a whole benchmark."""
    return replace(load("mirror-dev").limited(8), name="following", is_limited=False)


@cache
def general() -> Benchmark:
    """Eight other topics, asked without an instruction."""
    whole = load("mirror-dev")
    topics = tuple(Topic(topic.id, {BARE: topic.views[BARE]}, {}) for topic in whole.topics[8:16])
    return replace(
        whole, name="general", topics=topics, measures=("nDCG@10",), primary="nDCG@10[bare]", contrasts=()
    )


def save_base(folder: Path) -> Path:
    """A BERT of random weights with the words of mirror's train split, as sentence-transformers saves it."""
    set_seed(0)
    words = tokenizer([document.text for document in load("mirror-train").corpus.values()])
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.3,  # or all texts would look alike
    )
    plain = folder.with_name(f"{folder.name}-plain")
    BertModel(config).save_pretrained(plain)
    words.save_pretrained(plain)
    modules = [Transformer(str(plain), max_seq_length=64), Pooling(16, "mean"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder
