"""One shard of a corpus: read, encoded and written, the same bytes whoever does it.

::

    <out>/corpus.json                           the plan
    <out>/<space>/part-00003-of-00128.vectors   as the vector cache writes them (`ifir_eval.encoding.shard`)
                                     .index     written last: the shard is finished
                                     .ids       line n: the ids of the documents whose text is entry n

``ifir-eval run --cache <out>`` finds every vector there. Every distinct text of a shard is encoded, whatever
other shards hold, and its batches are formed from the shard alone.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.encoding.cache import VectorCache, describe
from ifir_eval.encoding.distributed.corpus import Source
from ifir_eval.encoding.distributed.plan import Plan, ShardTask
from ifir_eval.encoding.encoder import Chunk, Embedder, Role, limit_for
from ifir_eval.encoding.once import WINDOW, check_finite, key
from ifir_eval.encoding.shard import INDEX, VECTORS, ShardWriter
from ifir_eval.files import claim, writing
from ifir_eval.progress import Advance, Progress

IDS = ".ids"
_SUFFIXES = (VECTORS, IDS, INDEX)


@dataclass(frozen=True)
class Job:
    """A corpus and what encodes it; handed to other processes, where ``embedder`` makes the model."""

    sources: tuple[Source, ...]
    plan: Plan
    out: Path
    model: str
    embedder: Callable[[], Embedder]
    text: Callable[[Document], str]


class Outcome(NamedTuple):
    """What was done: documents in all, those in shards that were there already, and those that were cut."""

    documents: int = 0
    found: int = 0
    truncated: int = 0

    def plus(self, other: Outcome) -> Outcome:
        """Both together."""
        return Outcome(*(one + another for one, another in zip(self, other, strict=True)))


class ShardEncoder:
    """Encodes shards of a job with a model of its own."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._role = Role[job.plan.role]
        self._embedder = job.embedder()
        identity = {**self._embedder.identity, **self._embedder.environment}
        self._folder = VectorCache(job.out).folder_of(identity)
        with writing(job.out, "--out"):
            describe(self._folder, identity, job.model)

    def encode(self, task: ShardTask, advance: Advance) -> Outcome:
        """Encode one shard, unless that was done.

        Raises:
            RetrieverError: if the model fails.
            InvalidInputError: if the corpus has changed.
            IncompleteError: if the disk is full; nothing of this shard is left then.
        """
        part = self._folder / self._job.plan.part(task)
        if _file(part, INDEX).exists():
            advance(task.documents)
            return Outcome(task.documents, found=task.documents)
        texts: dict[str, list[str]] = {}
        for document in self._job.plan.read(self._job.sources, task):
            texts.setdefault(self._job.text(document), []).append(document.id)
        return Outcome(task.documents, truncated=self._write(part, texts, advance))

    def _write(self, part: Path, texts: Mapping[str, list[str]], advance: Advance) -> int:
        """Write a shard under other names, and rename it when it is whole; the number of documents cut."""
        _sweep(part)
        mark = f".{secrets.token_hex(8)}.part"
        written = {suffix: part.with_name(f".{part.name}{suffix}{mark}") for suffix in _SUFFIXES}
        truncated, limit = 0, limit_for(self._embedder, self._role)
        try:
            with writing(self._folder, "--out"), ExitStack() as stack:
                vectors, ids, index = (stack.enter_context(file.open("xb")) for file in written.values())
                claim(index)
                writer = ShardWriter(vectors, index)
                for chosen, chunk in self._chunks(list(texts)):
                    owners = [texts[text] for text in chosen]
                    writer.append([key(text, self._role) for text in chosen], chunk)
                    ids.writelines(f"{' '.join(owner)}\n".encode() for owner in owners)
                    counts = np.array([len(owner) for owner in owners])
                    truncated += int(counts[chunk.tokens > limit].sum())
                    advance(int(counts.sum()))
                for file in (vectors, ids, index):
                    file.flush()
                    os.fsync(file.fileno())
                for suffix, finished in written.items():  # the index last
                    finished.replace(_file(part, suffix))
        except BaseException:
            _remove(written.values())
            raise
        return truncated

    def _chunks(self, texts: Sequence[str]) -> Iterator[tuple[list[str], Chunk]]:
        """Chunks of vectors, each with the texts they stand for."""
        for start in range(0, len(texts), WINDOW):
            window = texts[start : start + WINDOW]
            for chunk in self._embedder.encode(window, self._role, range(len(window))):
                check_finite(chunk, window)
                yield [window[i] for i in chunk.items.tolist()], chunk


def encode_here(job: Job, tasks: Sequence[ShardTask], progress: Progress) -> Outcome:
    """Encode shards in this process, one after the other."""
    encoder, outcome = ShardEncoder(job), Outcome()
    with progress("encoding documents", total=sum(task.documents for task in tasks)) as advance:
        for task in tasks:
            outcome = outcome.plus(encoder.encode(task, advance))
    return outcome


def _file(part: Path, suffix: str) -> Path:
    return part.with_name(part.name + suffix)


def _sweep(part: Path) -> None:
    """Remove what killed processes have left of a shard; a living one holds the lock of its index."""
    start = f".{part.name}{INDEX}."
    for index in part.parent.glob(f"{start}*"):
        with index.open("rb") as file:
            is_left = claim(file)
        if is_left:
            mark = index.name.removeprefix(start)
            _remove(part.with_name(f".{part.name}{suffix}.{mark}") for suffix in _SUFFIXES)


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
