"""Exact search through a million vectors beside faiss's, in bounded memory.

Run it with ``python perf/search.py``; perf/README.md says what it prints. Each side runs in a process of its
own, in turn, so that the peak of memory is its own too. The vectors lie in a file, as in shards.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

QUERIES, WIDTH, K = 1_000, 384, 100
BLOCK = 16_384
SIDES = ("faiss", "ifir-eval")


class Measured(NamedTuple):
    """One side's seconds, the MB that its process took at most, and what it found."""

    seconds: float
    peak_mb: float
    found: NDArray[np.int64]


def make_vectors(file: Path, count: int) -> None:
    """Random vectors of length 1, written block by block."""
    with file.open("wb") as stream:
        for start in range(0, count, BLOCK):
            block = np.random.default_rng(start).standard_normal((min(BLOCK, count - start), WIDTH), np.float32)
            stream.write((block / np.linalg.norm(block, axis=1, keepdims=True)).tobytes())


def blocks(file: Path) -> Iterator[NDArray[np.float32]]:
    """The vectors as they are read from a shard."""
    with file.open("rb") as stream:  # not mapped: pages of a mapped file would count as memory
        while len(block := np.fromfile(stream, np.float32, BLOCK * WIDTH)):
            yield block.reshape(-1, WIDTH)


def search(side: str, file: Path, threads: int, into: Path) -> None:
    """One side's search, its figures and its answer, from reading the file to the answer."""
    queries = np.random.default_rng(1).standard_normal((QUERIES, WIDTH), dtype=np.float32)
    search_with = with_faiss if side == "faiss" else with_ifir_eval
    seconds, found = search_with(queries, file, threads)
    np.save(into, found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([seconds, peak]))


def with_ifir_eval(queries: NDArray[np.float32], file: Path, threads: int) -> tuple[float, NDArray[np.int64]]:
    """Seconds and positions."""
    import torch  # noqa: PLC0415  (each side loads its own library only)

    from ifir_eval.ranking.search import top_k  # noqa: PLC0415

    torch.set_num_threads(threads)
    started = time.perf_counter()
    found = top_k(queries, blocks(file), K)
    return time.perf_counter() - started, found.positions


def with_faiss(queries: NDArray[np.float32], file: Path, threads: int) -> tuple[float, NDArray[np.int64]]:
    """Seconds and positions; filling the index, which holds all vectors in memory, counts as reading does."""
    import faiss  # noqa: PLC0415

    faiss.omp_set_num_threads(threads)
    started = time.perf_counter()
    index = faiss.IndexFlatIP(WIDTH)
    for block in blocks(file):
        index.add(block)
    found = index.search(queries, K)[1]
    return time.perf_counter() - started, found


def measured(side: str, file: Path, threads: int) -> Measured:
    """One side in a fresh process."""
    into = file.with_name(f"{side}.npy")
    command = [sys.executable, __file__, "--side", side, "--file", str(file), "--threads", str(threads)]
    done = subprocess.run([*command, "--into", str(into)], check=True, capture_output=True, text=True)  # noqa: S603
    seconds, peak = json.loads(done.stdout)
    return Measured(seconds, peak, np.load(into))


def compare(count: int, threads: int, rounds: int) -> None:
    """Print both sides' medians, their ratio, peaks, and how many places they agree on."""
    print(f"{count:,} x {WIDTH} vectors, {QUERIES:,} queries, top {K}, {threads} threads, {rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors"
        make_vectors(file, count)
        results = [{side: measured(side, file, threads) for side in SIDES} for _ in range(rounds)]
    seconds = {side: statistics.median(result[side].seconds for result in results) for side in SIDES}
    for side in SIDES:
        print(f"{side:>10} {seconds[side]:>7.2f}s   peak {results[0][side].peak_mb:>6,.0f} MB")
    same = (results[0]["faiss"].found == results[0]["ifir-eval"].found).mean()
    print(f"{'ratio':>10} {seconds['faiss'] / seconds['ifir-eval']:>7.2f}x   {same:.3%} of places the same")


def main() -> None:
    """Compare, or be one side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    for name in ("--side", "--file", "--into"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        search(given.side, Path(given.file), given.threads, Path(given.into))
    else:
        compare(given.count, given.threads, given.rounds)


if __name__ == "__main__":
    main()
