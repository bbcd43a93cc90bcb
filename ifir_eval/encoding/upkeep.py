"""What lies in a vector cache, whether it is whole, and how it is kept small."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ifir_eval.encoding.cache import IDENTITY
from ifir_eval.encoding.encoder import Setting
from ifir_eval.encoding.shard import INDEX, VECTORS, ShardReader, claim
from ifir_eval.errors import IfirEvalError
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


@dataclass(frozen=True, slots=True)
class StoredSpace:
    """The vectors of one encoder. Its name and identity are empty where nothing readable tells them."""

    folder: Path
    name: str
    identity: Mapping[str, Setting]
    shards: tuple[StoredShard, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(shard.size for shard in self.shards)

    @property
    def used(self) -> float:
        """When it was last of use, in seconds since 1970; 0 where it is empty."""
        return max((shard.used for shard in self.shards), default=0)

    def texts(self) -> int:
        """How many vectors it has, read from its indexes."""
        return sum(len(shard.reader.index().records) for shard in self.shards if _has_index(shard))


class Damage(NamedTuple):
    """A shard that is not whole, and what is wrong with it."""

    shard: StoredShard
    problem: str


class Removal(NamedTuple):
    """How many shards and bytes went, and how many were left because a process writes to them."""

    shards: int
    size: int
    busy: int


def survey(folder: Path) -> list[StoredSpace]:
    """Every space of the cache in ``folder``, the last used first; none where there is no such folder."""
    spaces = [_space(path) for path in sorted(folder.glob("*")) if path.is_dir()]
    return sorted((space for space in spaces if space.shards), key=lambda space: -space.used)


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
    """Remove shards, the least recently used first, until what is left has at most ``size`` bytes.

    Raises:
        IfirEvalError: if a file cannot be removed.
    """
    shards = sorted((shard for space in spaces for shard in space.shards), key=lambda shard: shard.used)
    excess = sum(shard.size for shard in shards) - size
    removed = busy = freed = 0
    for shard in shards:
        if freed >= excess:
            break
        if remove([shard]).shards:
            removed, freed = removed + 1, freed + shard.size
        else:
            busy += 1
    return Removal(removed, freed, busy)


def remove(shards: Sequence[StoredShard]) -> Removal:
    """Remove these shards, and spaces that are empty then; not those that a process is writing to.

    Raises:
        IfirEvalError: if a file cannot be removed.
    """
    idle = [shard for shard in shards if not shard.is_busy()]
    for shard in idle:
        try:
            shard.reader.remove()
        except OSError as error:
            raise IfirEvalError(f"{shard.reader.path} cannot be removed: {error.strerror}") from error
        _drop_if_empty(shard.reader.path.parent)
    return Removal(len(idle), sum(shard.size for shard in idle), len(shards) - len(idle))


def _space(folder: Path) -> StoredSpace:
    try:
        about = json.loads((folder / IDENTITY).read_bytes())
        name, identity = str(about["name"]), dict(about["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        name, identity = "", {}
    # Vectors without an index are what an interrupted removal leaves.
    paths = {file.with_suffix("") for suffix in (INDEX, VECTORS) for file in folder.glob(f"*{suffix}")}
    return StoredSpace(folder, name, identity, tuple(map(_stored, sorted(paths))))


def _stored(path: Path) -> StoredShard:
    reader = ShardReader(path)
    size, used = 0, 0.0
    for file in reader.files():
        with suppress(FileNotFoundError):
            state = file.stat()
            size, used = size + state.st_size, max(used, state.st_mtime)
    return StoredShard(reader, size, used)


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


def _has_index(shard: StoredShard) -> bool:
    return shard.reader.index_file.exists()


def _drop_if_empty(folder: Path) -> None:
    if not any(folder.glob(f"*{VECTORS}")) and not any(folder.glob(f"*{INDEX}")):
        (folder / IDENTITY).unlink(missing_ok=True)
        with suppress(OSError):  # somebody begins a shard in it at this moment
            folder.rmdir()
