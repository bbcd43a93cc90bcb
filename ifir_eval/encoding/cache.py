"""Vectors on disk, addressed by content: what was computed once is never computed again.

::

    <folder>/<hash of an encoder's identity>/space.json      that identity, for people
                                             <name>.vectors  shards, see `ifir_eval.encoding.shard`
                                             <name>.index
                                             converted/      the model as a faster backend reads it

Several processes may use a folder at once without waiting for each other: each appends to shards of its
own and reads those of the others that were there when it opened the space.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.encoder import Chunk, Ragged, Setting, Vectors
from ifir_eval.encoding.entries import DAMAGED, INTACT, UNCHECKED, Entries
from ifir_eval.encoding.shard import INDEX, Records, ShardReader, ShardWriter, agreed_width
from ifir_eval.errors import IncompleteError
from ifir_eval.files import claim, write_atomically, writing

IDENTITY = "space.json"
CONVERTED = "converted"
HALF_CONVERTED = f".{CONVERTED}-"
"""How the names of folders begin in which a model is being converted."""

METHOD = 1
"""To be raised when the code of this package makes other vectors of the same text, model and settings: the
old ones are then not found any more."""

SHARD_BYTES = 256_000_000
"""How large a shard grows before a new one is begun."""


def default_folder() -> Path:
    """Where vectors are kept unless the user names a folder: in the user's cache folder."""
    from platformdirs import user_cache_path  # noqa: PLC0415  (only where no folder is named)

    return user_cache_path("ifir-eval") / "vectors"


class VectorCache:
    """A folder with a space for each encoder; it is made when the first vector is kept.

    ``is_temporary`` says that it ends with the process, so that nobody else's vectors are in it.
    """

    def __init__(self, folder: Path, *, is_temporary: bool = False) -> None:
        self.folder = folder
        self.is_temporary = is_temporary

    def space(self, identity: Mapping[str, Setting], name: str = "") -> Space:
        """The vectors of one encoder, as they are on disk now.

        ``identity`` is all that changes a vector (`Encoder.identity` and `Encoder.environment`); ``name`` is
        what people call the encoder.

        Raises:
            RetrieverError: if vectors of different widths lie there.
        """
        return Space(self.folder_of(identity), identity, name, is_temporary=self.is_temporary)

    def folder_of(self, identity: Mapping[str, Setting]) -> Path:
        """Where the vectors of one encoder lie, or will."""
        content = json.dumps([METHOD, dict(identity)], sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:32]
        return self.folder / digest


def describe(folder: Path, identity: Mapping[str, Setting], name: str) -> None:
    """Make the folder of a space and write into it whose vectors it holds; the last ``name`` given counts."""
    folder.mkdir(parents=True, exist_ok=True)
    about = folder / IDENTITY
    if name or not about.exists():
        content = {"name": name, "identity": dict(identity)}
        write_atomically(about, json.dumps(content, ensure_ascii=True, indent=1).encode())


class Space:
    """The vectors of one encoder by the 16-byte key of their text and role."""

    def __init__(
        self, folder: Path, identity: Mapping[str, Setting], name: str = "", *, is_temporary: bool = False
    ) -> None:
        self.is_temporary = is_temporary
        self._folder = folder
        self._identity = identity
        self._name = name
        self._shards: list[ShardReader] = []
        self._used: set[int] = set()
        self._width: int | None = None
        self._unused = 0
        self._unreadable: list[str] = []
        self._writer: ShardWriter | None = None
        self._files = ExitStack()
        weakref.finalize(self, self._files.close)
        self._entries = Entries(list(self._load()))

    @property
    def folder(self) -> Path:
        """Where the vectors lie."""
        return self._folder

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about damage seen so far."""
        damaged = (
            f"{self._unused} entries in {self._folder} are damaged: what is needed of them is computed again; "
        )
        told = [damaged + "'ifir-eval cache verify' tells what is broken"] if self._unused else []
        return (*told, *self._unreadable)

    def find(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        """The entry of each key, shape ``(len(keys),)``; -1 where nothing intact is known.

        Reads the vectors of entries that it finds for the first time, to check them.
        """
        entries = first = self._entries.find(keys)
        while self._check(np.unique(entries[entries >= 0])):
            entries = self._entries.find(keys)  # another entry of the same key may be intact
        self._unused += int(np.count_nonzero((entries < 0) & (first >= 0)))
        return entries

    def append(self, keys: Sequence[bytes], chunk: Chunk) -> None:
        """Keep a chunk whose item ``i`` has the key ``keys[i]``: all of it or, if this is cut off, nothing.

        Raises:
            RetrieverError: if its vectors have another width than those of the space.
            IncompleteError: if the disk is full.
        """
        if not keys:
            return
        self._width = agreed_width(self._width, chunk.values.shape[1])
        try:
            with writing(self._folder):
                writer = self._writer or self._begin_shard()
                records = writer.append(keys, chunk)
        except BaseException:
            self._end_shard()
            raise
        self._entries.add(keys, records, len(self._shards) - 1)
        if writer.size >= SHARD_BYTES:
            self._end_shard()

    def vectors(self, entries: NDArray[np.int64]) -> Ragged:
        """The vectors of entries that `find` gave, read from disk into memory.

        Raises:
            IncompleteError: if they were removed meanwhile.
        """
        records, shards = self._entries.records[entries], self._entries.shards[entries]
        rows = records["rows"].astype(np.int64)
        starts = np.cumsum(rows) - rows
        numbers = np.repeat(records["row"].astype(np.int64) - starts, rows) + np.arange(rows.sum())
        owners = np.repeat(shards, rows)
        distinct = np.unique(owners).tolist()
        if len(distinct) == 1:
            return Ragged(self._read(distinct[0], numbers), rows)
        values = np.empty((len(numbers), self._width or 0), dtype=np.float32)
        for shard in distinct:
            values[owners == shard] = self._read(shard, numbers[owners == shard])
        return Ragged(values, rows)

    def tokens(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        """The tokens of each entry's text, nothing cut off."""
        return self._entries.records["tokens"][entries].astype(np.int64)

    def rows(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many rows each entry has."""
        return self._entries.records["rows"][entries].astype(np.int64)

    def _load(self) -> Iterator[Records]:
        """The records of each shard."""
        for file in sorted(self._folder.glob(f"*{INDEX}")):
            shard = ShardReader(file.with_suffix(""))
            try:
                index = shard.index()
            except FileNotFoundError:  # another process has just removed it
                continue
            except OSError as error:
                self._unreadable.append(f"{file} cannot be read, and is not used: {error.strerror}")
                continue
            self._unused += index.damaged
            if len(index.records):
                self._width = agreed_width(self._width, index.width)
                self._shards.append(shard)
                yield index.records

    def _check(self, entries: NDArray[np.int64]) -> bool:
        """Check those of ``entries`` that never were; whether one of them is damaged."""
        state = self._entries.state
        entries = entries[state[entries] == UNCHECKED]
        shards = self._entries.shards[entries]
        for shard in np.unique(shards).tolist():
            members = entries[shards == shard]
            intact = self._shards[shard].intact(self._entries.records[members], self._width or 0)
            state[members] = np.where(intact, INTACT, DAMAGED)
            self._touch(shard)
        return bool((state[entries] == DAMAGED).any())

    def _read(self, shard: int, numbers: NDArray[np.int64]) -> Vectors:
        try:
            return self._shards[shard].rows(numbers, self._width or 0)
        except (OSError, ValueError, IndexError) as error:
            raise IncompleteError(
                f"vectors were removed from {self._folder} while they were in use; run the same command again"
            ) from error

    def _touch(self, shard: int) -> None:
        """Tell `ifir-eval cache prune` that a shard is of use."""
        if shard not in self._used:
            self._used.add(shard)
            with suppress(OSError):  # another user's cache may be read
                os.utime(self._shards[shard].index_file)

    def _begin_shard(self) -> ShardWriter:
        describe(self._folder, self._identity, self._name)
        shard = ShardReader(self._folder / secrets.token_hex(8))
        index = self._files.enter_context(shard.index_file.open("xb", buffering=0))
        claim(index)
        vectors = self._files.enter_context(shard.vectors_file.open("xb", buffering=0))
        self._shards.append(shard)
        self._writer = ShardWriter(vectors, index)
        return self._writer

    def _end_shard(self) -> None:
        self._files.close()
        if self._writer and not self._writer.size:
            self._shards[-1].remove()
        self._writer = None
