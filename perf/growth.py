"""How time and memory grow from ten thousand documents to a million: counted, encoded, searched.

Run it with ``python perf/growth.py``; ``--workers`` compares one and two workers of a Ray cluster instead.
perf/README.md says what it prints. The model is one of static embeddings, made here; each size has a process
of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.distributed.corpus import find_sources
from ifir_eval.encoding.distributed.plan import make_plan
from ifir_eval.encoding.distributed.shards import Job, encode_here
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.shard import INDEX, ShardReader
from ifir_eval.encoding.static import StaticEmbedder
from ifir_eval.progress import silent
from ifir_eval.retrievers.prompt import document_text

SIZES = (10_000, 100_000, 1_000_000)
WORDS, WIDTH, QUERIES, K = 20_000, 256, 100, 100
LENGTHS = (10, 40)


def save_model(folder: Path) -> None:
    """Random vectors for made-up words."""
    from model2vec import StaticModel  # noqa: PLC0415  (only the first process makes the model)
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415

    words = {f"w{number}": number for number in range(WORDS)}
    tokenizer = Tokenizer(models.WordLevel({**words, "[UNK]": WORDS}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    vectors = np.random.default_rng(0).standard_normal((WORDS + 1, WIDTH), dtype=np.float32)
    StaticModel(vectors, tokenizer, normalize=True).save_pretrained(folder)


def write_corpus(file: Path, count: int) -> None:
    """Short documents, their words as frequent as in language (Zipf)."""
    generator = np.random.default_rng(0)
    with file.open("w", encoding="utf-8") as stream:
        for number in range(count):
            words = np.minimum(generator.zipf(1.3, generator.integers(*LENGTHS)), WORDS) - 1
            text = " ".join(f"w{word}" for word in words)
            stream.write(f'{{"_id": "d{number}", "text": "{text}"}}\n')


def job_of(folder: Path, corpus: Path, out: Path) -> Job:
    """As ``ifir-eval encode`` makes it."""
    sources = find_sources([str(corpus)])
    plan = make_plan(out, sources, 8_192, Role.DOCUMENT, silent)
    make = partial(StaticEmbedder, LocalModel(folder / "model"), ModelSettings())
    return Job(sources, plan, out, "static", make, document_text)


def vectors_of(out: Path) -> Iterator[NDArray[np.float32]]:
    """Every shard's vectors."""
    for index in sorted(out.rglob(f"*{INDEX}")):
        shard = ShardReader(index.with_suffix(""))
        found = shard.index()
        yield shard.rows(np.arange(len(found.records)), found.width)


def one_size(folder: Path, count: int) -> None:
    """Everything for one size; prints seconds by step and the peak of memory."""
    from ifir_eval.ranking.search import top_k  # noqa: PLC0415  (imports torch)

    corpus, out = folder / "corpus.jsonl", folder / "out"
    write_corpus(corpus, count)
    started = time.process_time()
    times = [time.perf_counter()]
    job = job_of(folder, corpus, out)
    times.append(time.perf_counter())
    encode_here(job, job.plan.shards, silent)
    times.append(time.perf_counter())
    queries = np.random.default_rng(1).standard_normal((QUERIES, WIDTH), dtype=np.float32)
    top_k(queries, vectors_of(out), K)
    times.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps([*np.diff(times).tolist(), time.process_time() - started, peak]))


def growth() -> None:
    """Print each size's figures; processor seconds count no waiting for other processes or the disk."""
    print(f"documents of {LENGTHS[0]} to {LENGTHS[1] - 1} words, {WIDTH} numbers, {QUERIES} queries, top {K}")
    heads = "".join(
        f" {head:>9}" for head in ("counted", "encoded", "searched", "in all", "processor", "1M take")
    )
    print(f"{'documents':>10}{heads} {'peak':>8}")
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            save_model(Path(folder) / "model")
            command = [sys.executable, __file__, "--size", str(count), "--folder", folder]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        *steps, processor, peak = json.loads(done.stdout)
        row = "".join(
            f" {seconds:>8.1f}s" for seconds in (*steps, sum(steps), processor, processor * 1e6 / count)
        )
        print(f"{count:>10,}{row} {peak:>5,.0f} MB")


def workers(count: int) -> None:
    """Print the time of one and two workers of a Ray cluster, one thread each, once they have begun."""
    from ifir_eval.encoding.distributed.on_ray import encode_on_ray  # noqa: PLC0415  (imports ray)

    print(f"{count:,} documents on Ray, one thread a worker")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_model(folder / "model")
        write_corpus(folder / "corpus.jsonl", count)
        warm = job_of(folder, folder / "corpus.jsonl", folder / "warm")
        encode_on_ray(warm, warm.plan.shards[:2], 2, silent)
        seconds = {}
        for number in (1, 2):
            job = job_of(folder, folder / "corpus.jsonl", folder / f"out-{number}")
            started = time.perf_counter()
            encode_on_ray(job, job.plan.shards, number, silent)
            seconds[number] = time.perf_counter() - started
            print(f"{number:>3} workers {seconds[number]:>7.1f}s")
    print(f"{'ratio':>11} {seconds[1] / seconds[2]:>7.2f}x")


def main() -> None:
    """Growth, workers, or one size of the former."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", action="store_true", help="one and two workers instead")
    parser.add_argument("--count", type=int, default=500_000, help="documents for --workers")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.size:
        one_size(Path(given.folder), given.size)
    elif given.workers:
        workers(given.count)
    else:
        growth()


if __name__ == "__main__":
    main()
