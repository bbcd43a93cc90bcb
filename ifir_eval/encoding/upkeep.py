"""What lies in a vector cache, whether it is whole, and how it is kept small."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ifir_eval.encoding.cache import CONVERTED, HALF_CONVERTED, IDENTITY
from ifir_eval.encoding.encoder import Setting
from ifir_eval.encoding.shard import INDEX, VECTORS, ShardReader
from ifir_eval.errors import IfirEvalError
from ifir_eval.files import claim
from ifir_eval.progress import Progress


@dataclass(frozen=True, slots=True)
class StoredShard:
    """A shard's bytes on disk, and when it was last of use, in seconds since 1970."""

    reader: ShardReader
    size: int
    used: float

    def is_busy(self) -> bool:
        """Whether a process is writing to it right now."""
        try:
            with self.reader.index_file.open("r+b") as index:
                return not claim(index)
        except OSError:  # without an index; or no business of this user
            return False

    def texts(self) -> int:
        """How many vectors it has, read from its index; 0 where none can be read."""
        try:
            return len(self.reader.index().records)
        except OSError:
            return 0

    @property
    def path(self) -> Path:
        """Of its files, without their suffix."""
        return self.reader.path

    def remove(self) -> None:
        """Remove its files.

        Raises:
            OSError: if that is not allowed.
        """
        self.reader.remove()


@dataclass(frozen=True, slots=True)
class StoredConversion:
    """A model in the form of a faster backend, or what a killed conversion has left: a folder of a space."""

    path: Path
    size: int
    used: float

    def is_busy(self) -> bool:
        """Never: whoever reads it goes on doing so."""
        return False

    def remove(self) -> None:
        """Remove the folder.

        Raises:
            OSError: if that is not allowed.
        """
        shutil.rmtree(self.path)


Stored: TypeAlias = StoredShard | StoredConversion


@dataclass(frozen=True, slots=True)
class StoredSpace:
    """The vectors of one encoder. Its name and identity are empty where nothing readable tells them."""

    folder: Path
    name: str
    identity: Mapping[str, Setting]
    shards: tuple[StoredShard, ...]
    conversions: tuple[StoredConversion, ...]

    @property
    def stored(self) -> tuple[Stored, ...]:
        """All that can be removed on its own."""
        return (*self.shards, *self.conversions)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(each.size for each in self.stored)

    @property
    def used(self) -> float:
        """When it was last of use, in seconds since 1970; 0 where it is empty."""
        return max((each.used for each in self.stored), default=0)

    def texts(self) -> int:
        """How many vectors it has, read from its indexes."""
        return sum(shard.texts() for shard in self.shards)


class Damage(NamedTuple):
    """A shard that is not whole, and what is wrong with it."""

    shard: StoredShard
    problem: str


class Removal(NamedTuple):
    """What went, and how many shards were left because a process writes to them; ``size`` is in bytes."""

    shards: int = 0
    conversions: int = 0
    size: int = 0
    busy: int = 0


def survey(folder: Path) -> list[StoredSpace]:
    """Every space of the cache in ``folder``, the last used first; none where there is no such folder."""
    spaces = [_space(path) for path in sorted(folder.glob("*")) if path.is_dir()]
    return sorted((space for space in spaces if space.stored), key=lambda space: -space.used)


def verify(spaces: Sequence[StoredSpace], progress: Progress) -> list[Damage]:
    """Read every byte and list what is broken.

    What a killed process left unfinished is no damage.
    """
    shards = [shard for space in spaces for shard in space.shards]
    found = []
    with progress("verifying vectors", total=sum(shard.size for shard in shards)) as advance:
        for shard in shards:
            found += [Damage(shard, problem) for problem in _problems(shard.reader)]
            advance(shard.size)
    return found


def prune(spaces: Sequence[StoredSpace], size: int) -> Removal:
    """Remove what was not used for the longest time until what is left has at most ``size`` bytes.

    Raises:
        IfirEvalError: if a file cannot be removed.
    """
    stored = sorted((each for space in spaces for each in space.stored), key=lambda each: each.used)
    excess = sum(each.size for each in stored) - size
    total = Removal()
    for each in stored:
        if total.size >= excess:
            break
        total = Removal(*(sum(pair) for pair in zip(total, remove([each]), strict=True)))
    return total


def remove(stored: Sequence[Stored]) -> Removal:
    """Remove these, and spaces that are empty then; not the shards that a process is writing to.

    Raises:
        IfirEvalError: if a file cannot be removed.
    """
    idle = [each for each in stored if not each.is_busy()]
    for each in idle:
        try:
            each.remove()
        except OSError as error:
            raise IfirEvalError(f"{each.path} cannot be removed: {error.strerror}") from error
        _drop_if_empty(each.path.parent)
    shards = sum(isinstance(each, StoredShard) for each in idle)
    return Removal(shards, len(idle) - shards, sum(each.size for each in idle), len(stored) - len(idle))


def _space(folder: Path) -> StoredSpace:
    try:
        about = json.loads((folder / IDENTITY).read_bytes())
        name, identity = str(about["name"]), dict(about["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        name, identity = "", {}
    # Vectors without an index are what an interrupted removal leaves.
    paths = {file.with_suffix("") for suffix in (INDEX, VECTORS) for file in folder.glob(f"*{suffix}")}
    shards = (StoredShard(reader, *_size_and_use(reader.files())) for reader in map(ShardReader, sorted(paths)))
    # Somebody may name a folder that holds other things: only what bears our names is ours to remove.
    converted = [*folder.glob(CONVERTED), *folder.glob(f"{HALF_CONVERTED}*")] if identity else []
    conversions = (
        StoredConversion(path, *_size_and_use([path, *path.rglob("*")]))
        for path in sorted(converted)
        if path.is_dir()
    )
    return StoredSpace(folder, name, identity, tuple(shards), tuple(conversions))


def _size_and_use(paths: Iterable[Path]) -> tuple[int, float]:
    """Bytes of all files together, and when one of ``paths`` was last changed or touched."""
    size, used = 0, 0.0
    for path in paths:
        with suppress(FileNotFoundError):  # another process has just removed it
            state = path.stat()
            size, used = size + (state.st_size if path.is_file() else 0), max(used, state.st_mtime)
    return size, used


def _problems(shard: ShardReader) -> Iterator[str]:
    try:
        index = shard.index()
    except FileNotFoundError:
        yield "vectors without an index"
        return
    except OSError as error:
        yield f"cannot be read: {error.strerror}"
        return
    if index.damaged:
        yield f"{index.damaged} records of the index are damaged"
    if broken := int((~shard.intact(index.records, index.width)).sum()):
        missing = "" if shard.vectors_file.exists() else " (the file is missing)"
        yield f"{broken} of {len(index.records)} texts have damaged vectors{missing}"


def _drop_if_empty(folder: Path) -> None:
    if all(path.name == IDENTITY for path in folder.iterdir()):
        (folder / IDENTITY).unlink(missing_ok=True)
        with suppress(OSError):  # somebody begins a shard in it at this moment
            folder.rmdir()
