"""Vectors in a pair of files that only grow: ``NAME.vectors`` and ``NAME.index``.

::

    NAME.vectors   rows of little-endian float32, nothing else
    NAME.index     records of 36 bytes (`RECORD`): groups of a head and its items, one group an append

An item's record has its key, the number of its first row, how many rows and tokens it has, and a checksum
of the rows' bytes. A group's head is a record too: its key is `_HEAD`, ``row`` the rows before it, ``rows``
the number of its items, ``tokens`` the width of the vectors, and ``crc`` covers head and items.

The rows of a group are written before its records. So a writer may be killed at any moment: a torn group
fails its checksum and is ignored as a whole. Nothing is forced to the disk (fsync): a killed process
loses no group that was appended; a power cut may lose the last seconds, and checksums show what it tore.
The bytes depend on nothing but the groups appended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.encoder import Chunk, Vectors
from ifir_eval.errors import RetrieverError

RECORD = np.dtype([("key", "<u8", (2,)), ("row", "<u8"), ("rows", "<u4"), ("tokens", "<u4"), ("crc", "<u4")])
VECTORS, INDEX = ".vectors", ".index"

Records: TypeAlias = "NDArray[np.void]"

_VALUE = np.dtype("<f4")
_HEAD = b"ifir-eval grp v1"
_HEAD_KEY = np.frombuffer(_HEAD, dtype="<u8")
_BLOCK = 8_192


class ShardWriter:
    """Appends groups to two binary files, open for writing and empty, on any file system."""

    def __init__(self, vectors: IO[bytes], index: IO[bytes]) -> None:
        self._vectors = vectors
        self._index = index
        self._width: int | None = None
        self._rows = 0
        self.size = 0
        """Bytes of both files so far."""

    def append(self, keys: Sequence[bytes], chunk: Chunk) -> Records:
        """Write ``chunk`` as one group, its item ``i`` under the 16 bytes ``keys[i]``; return its records.

        After an exception the files end in a torn group: write no more to them.

        Raises:
            RetrieverError: if the vectors have another width than those before.
            OSError: if a file cannot be written.
        """
        self._width = agreed_width(self._width, chunk.values.shape[1])
        content = np.ascontiguousarray(chunk.values, dtype=_VALUE).tobytes()
        group = self._group(keys, chunk, memoryview(content))
        _write(self._vectors, content)
        _write(self._index, group.tobytes())
        self._rows += len(chunk.values)
        self.size += len(content) + group.nbytes
        return group[1:]

    def _group(self, keys: Sequence[bytes], chunk: Chunk, content: memoryview) -> Records:
        group = np.zeros(1 + len(keys), dtype=RECORD)
        head, items = group[:1], group[1:]
        items["key"] = np.frombuffer(b"".join(keys), dtype="<u8").reshape(len(chunk.rows), 2)
        stops = np.cumsum(chunk.rows)
        items["row"] = self._rows + stops - chunk.rows
        items["rows"] = chunk.rows
        items["tokens"] = chunk.tokens
        row = chunk.values.shape[1] * _VALUE.itemsize
        bounds = zip(((stops - chunk.rows) * row).tolist(), (stops * row).tolist(), strict=True)
        items["crc"] = [crc32(content[start:stop]) for start, stop in bounds]
        head["key"], head["row"], head["rows"], head["tokens"] = _HEAD_KEY, self._rows, len(keys), self._width
        head["crc"] = _group_crc(group)
        return group


class Index(NamedTuple):
    """What an index file holds: its items, in order, and the width of their vectors (0 without items).

    ``damaged`` counts records that no intact group covers, a torn last group aside.
    """

    records: Records
    width: int
    damaged: int


@dataclass(frozen=True, slots=True)
class ShardReader:
    """A shard on a local disk; ``path`` is that of its files without their suffix.

    Keeps neither files nor memory between calls.
    """

    path: Path

    @property
    def vectors_file(self) -> Path:
        """Where the rows are."""
        return self.path.with_name(self.path.name + VECTORS)

    @property
    def index_file(self) -> Path:
        """Where the records are."""
        return self.path.with_name(self.path.name + INDEX)

    def index(self) -> Index:
        """The items, read and checked; shape of the records ``(items,)``."""
        return parse_index(self.index_file.read_bytes())

    def rows(self, numbers: NDArray[np.int64], width: int) -> Vectors:
        """The rows with these numbers, shape ``(len(numbers), width)``.

        Raises:
            OSError, ValueError, IndexError: if the file is gone or too short.
        """
        if not len(numbers):
            return np.empty((0, width), dtype=np.float32)
        content = self._content()
        values = content[: len(content) // (width * _VALUE.itemsize) * width * _VALUE.itemsize]
        return np.asarray(values.view(_VALUE).reshape(-1, width)[numbers], dtype=np.float32)

    def intact(self, records: Records, width: int) -> NDArray[np.bool_]:
        """Which of ``records`` have the very rows that were written; shape ``(len(records),)``."""
        blocks = [records[start : start + _BLOCK] for start in range(0, len(records), _BLOCK)]
        return np.concatenate([np.zeros(0, dtype=bool), *(self._intact(block, width) for block in blocks)])

    def files(self) -> list[Path]:
        """All files of this name that are there, the index first: others may lie beside the two."""
        named = sorted(self.path.parent.glob(f"{escape(self.path.name)}.*"))
        return sorted(named, key=lambda file: file != self.index_file)

    def remove(self) -> None:
        """Remove all its files, the index first: an index never stands without its vectors.

        Raises:
            OSError: if that is not allowed.
        """
        for file in self.files():
            file.unlink(missing_ok=True)

    def _intact(self, records: Records, width: int) -> NDArray[np.bool_]:
        try:
            content = self._content().data
        except (OSError, ValueError):  # gone, or empty
            content = memoryview(b"")
        row = width * _VALUE.itemsize
        starts = records["row"].astype(np.int64) * row
        stops = starts + records["rows"].astype(np.int64) * row
        listed = zip(starts.tolist(), stops.tolist(), records["crc"].tolist(), strict=True)
        checked = (
            start == stop or (stop <= len(content) and crc32(content[start:stop]) == crc)
            for start, stop, crc in listed
        )
        return np.fromiter(checked, dtype=bool, count=len(records))

    def _content(self) -> NDArray[np.uint8]:
        """Mapped anew for every call: pages that stay mapped would count as this process's memory."""
        return np.memmap(self.vectors_file, dtype=np.uint8, mode="r")


def parse_index(content: bytes) -> Index:
    """The intact groups among the bytes of an index file."""
    records = np.frombuffer(content, dtype=RECORD, count=len(content) // RECORD.itemsize)
    heads = np.flatnonzero((records["key"] == _HEAD_KEY).all(axis=1))
    is_item = np.zeros(len(records), dtype=bool)
    width = whole = covered = 0
    for head, count in zip(heads.tolist(), records["rows"][heads].tolist(), strict=True):
        stop = head + 1 + count
        if head < covered or stop > len(records) or _group_crc(records[head:stop]) != records["crc"][head]:
            continue
        width = int(records["tokens"][head])
        is_item[head + 1 : stop] = True
        whole, covered = whole + stop - head, stop
    return Index(records[is_item], width, _expected(records, heads, covered) - whole)


def _expected(records: Records, heads: NDArray[np.int64], covered: int) -> int:
    """How many records there would be, were all but a torn last group intact."""
    if len(heads) and (last := int(heads[-1])) >= covered and last + 1 + records["rows"][last] > len(records):
        return last
    return len(records)


def agreed_width(known: int | None, given: int) -> int:
    """``given``, if it is the known width of a space's vectors, or the first.

    Raises:
        RetrieverError: if the two differ, or vectors are empty.
    """
    if not given:
        raise RetrieverError("the model gave vectors without any number in them")
    if known not in {None, given}:
        raise RetrieverError(
            f"the model gave vectors of changing dimension: {known} before and {given} now; "
            "are they of one model? If it was exchanged behind its name, choose a new --cache"
        )
    return given


def _group_crc(group: Records) -> int:
    """Over all of a group but its head's own ``crc``, which comes last in it."""
    return crc32(group[1:].tobytes(), crc32(group[:1].tobytes()[: -RECORD["crc"].itemsize]))


def _write(file: IO[bytes], content: bytes) -> None:
    rest = memoryview(content)
    while rest:  # an unbuffered file may take a part only
        rest = rest[file.write(rest) :]
    file.flush()
