"""How a corpus is cut into shards: found out once, by reading it whole, and kept beside the vectors.

The plan has the place of every shard's first document, so that any shard is read without those before it (a
compressed file has to be unpacked up to there).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.encoding.distributed.corpus import CorpusReader, Place, Source
from ifir_eval.encoding.encoder import Role
from ifir_eval.errors import IfirEvalError, InvalidInputError, Problem
from ifir_eval.files import write_atomically, writing
from ifir_eval.progress import Progress

FILE = "corpus.json"


class ShardTask(NamedTuple):
    """One shard: where its documents begin, how many they are, and a digest of their bytes."""

    number: int
    start: Place
    documents: int
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The shards of a corpus. ``files`` has the name and the size of each of its files.

    ``without_text`` counts the documents that have no text, and are in no shard.
    """

    role: str
    documents_per_shard: int
    files: tuple[tuple[str, int | None], ...]
    shards: tuple[ShardTask, ...]
    without_text: int

    @property
    def documents(self) -> int:
        """All of them."""
        return sum(shard.documents for shard in self.shards)

    def part(self, task: ShardTask) -> str:
        """The name of a shard's files, without suffix."""
        return f"part-{task.number:05d}-of-{len(self.shards):05d}"

    def share(self, index: int, count: int) -> tuple[ShardTask, ...]:
        """The neighbouring shards that fall to worker ``index`` of ``count``."""
        return self.shards[len(self.shards) * index // count : len(self.shards) * (index + 1) // count]

    def read(self, sources: Sequence[Source], task: ShardTask) -> list[Document]:
        """The documents of one shard.

        Raises:
            InvalidInputError: if they are no longer those that were counted.
        """
        reader = CorpusReader(sources, task.start)
        documents = list(islice(reader.documents(), self.documents_per_shard))
        if reader.problems or reader.digest != task.digest:
            url = sources[task.start.source].url
            changed = Problem(
                "changed since its documents were counted; choose another --out to begin anew", url
            )
            raise InvalidInputError("the corpus", [changed, *reader.problems])
        return documents


def make_plan(
    out: Path, sources: Sequence[Source], documents_per_shard: int, role: Role, progress: Progress
) -> Plan:
    """The plan in ``out``, or else a new one, made by reading every document.

    Processes that start together wait until one of them has read the corpus, where the file system has locks.

    Raises:
        InvalidInputError: listing every line that is no document, with its file.
        IfirEvalError: if ``out`` has the shards of another corpus.
    """
    files = tuple((Path(source.url).name, source.size) for source in sources)
    with writing(out, "--out"):
        out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        stored = _read(out / FILE)
        if stored is None:
            shards, without_text = _count(sources, documents_per_shard, progress)
            plan = Plan(role.name, documents_per_shard, files, shards, without_text)
            _write(plan, out)
            return plan
    if (stored.role, stored.documents_per_shard, stored.files) != (role.name, documents_per_shard, files):
        raise IfirEvalError(
            f"{out} holds shards of another corpus, size or role ({stored.role.lower()}s of "
            f"{', '.join(name for name, _ in stored.files)}, {stored.documents_per_shard:,} to a shard); "
            "choose another --out"
        )
    return stored


def _count(
    sources: Sequence[Source], documents_per_shard: int, progress: Progress
) -> tuple[tuple[ShardTask, ...], int]:
    """The shards, and how many documents have no text."""
    shards: list[ShardTask] = []
    reader = CorpusReader(sources, Place(0, 0))
    documents = reader.documents()
    size = sum(source.size or 0 for source in sources)
    with progress("reading the corpus", total=size) as advance:
        start, read = reader.place, 0
        while count := sum(1 for _ in islice(documents, documents_per_shard)):
            shards.append(ShardTask(len(shards), start, count, reader.digest))
            reader.begin_shard()
            advance(reader.bytes_read - read)
            start, read = reader.place, reader.bytes_read
    if not shards and not reader.problems:
        reader.report("there is no document with text", sources[0].url)
    if reader.problems:
        raise InvalidInputError("the corpus", reader.problems)
    return tuple(shards), reader.without_text


def _write(plan: Plan, out: Path) -> None:
    content = {
        "role": plan.role,
        "documents": plan.documents,
        "without_text": plan.without_text,
        "documents_per_shard": plan.documents_per_shard,
        "files": plan.files,
        "shards": [[*shard.start, shard.documents, shard.digest] for shard in plan.shards],
    }
    with writing(out, "--out"):
        write_atomically(out / FILE, json.dumps(content, indent=None).encode())


def _read(file: Path) -> Plan | None:
    if not file.exists():
        return None
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        shards = (
            ShardTask(number, Place(source, offset), documents, digest)
            for number, (source, offset, documents, digest) in enumerate(content["shards"])
        )
        files = tuple((name, size) for name, size in content["files"])
        return Plan(
            content["role"], content["documents_per_shard"], files, tuple(shards), content["without_text"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IfirEvalError(
            f"{file} is no plan that this version reads ({error!r}); choose another --out"
        ) from error


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One process at a time, where locks exist."""
    if sys.platform == "win32":
        yield
        return
    from fcntl import LOCK_EX, flock  # noqa: PLC0415  (POSIX only)

    folder = os.open(out, os.O_RDONLY)
    try:
        with suppress(OSError):
            flock(folder, LOCK_EX)
        yield
    finally:
        os.close(folder)
