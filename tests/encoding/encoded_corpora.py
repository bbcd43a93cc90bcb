"""A small corpus and a small model of static embeddings, and what an encoded corpus has on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.distributed.corpus import find_sources
from ifir_eval.encoding.distributed.plan import make_plan
from ifir_eval.encoding.distributed.shards import Job
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.static import StaticEmbedder
from ifir_eval.progress import silent

WORDS = [f"w{number}" for number in range(200)]


def save_model(folder: Path) -> Path:
    """Random vectors of 16 numbers for 200 words."""
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate([*WORDS, "[UNK]"])}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.random.default_rng(0).normal(size=(len(WORDS) + 1, 16)).astype(np.float32)
    StaticModel(vectors, tokenizer, normalize=True).save_pretrained(folder)
    return folder


def texts(count: int, seed: int = 0) -> list[str]:
    """Texts of 1 to 30 words, every tenth as one before it."""
    generator = np.random.default_rng(seed)
    made: list[str] = []
    for number in range(count):
        words = generator.choice(WORDS, generator.integers(1, 30))
        made.append(made[number // 2] if number % 10 == 9 else " ".join(words))
    return made


def write_corpus(file: Path, contents: Iterable[str], start: int = 0) -> Path:
    """One document a text, with ids from ``start`` on."""
    lines = (json.dumps({"_id": f"d{start + i}", "text": text}) for i, text in enumerate(contents))
    file.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return file


def text_of(document: Document) -> str:
    return document.text


def job_of(model: Path, out: Path, *corpora: Path | str, documents_per_shard: int = 16) -> Job:
    """As the command line makes it."""
    sources = find_sources([str(corpus) for corpus in corpora])
    plan = make_plan(out, sources, documents_per_shard, Role.DOCUMENT, silent)
    make = partial(StaticEmbedder, LocalModel(model), ModelSettings())
    return Job(sources, plan, out, "static", make, text_of)


def digests(out: Path) -> dict[str, str]:
    """Every file below ``out`` and the hash of its bytes."""
    return {
        file.relative_to(out).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(out.rglob("*"))
        if file.is_file()
    }
