"""What a space knows about its vectors without reading them: one record an entry, found by key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.shard import RECORD, Records

UNCHECKED, INTACT, DAMAGED = range(3)

_FRESH = 65_536


class Entries:
    """A growing table, begun with the records of whole shards; an entry keeps its number.

    Takes about 60 bytes an entry.
    """

    def __init__(self, shards: Sequence[Records]) -> None:
        counts = [len(records) for records in shards]
        self._records = np.concatenate([np.zeros(0, dtype=RECORD), *shards])
        self._shards = np.repeat(np.arange(len(shards), dtype=np.int32), counts)
        self._count = len(self._records)
        self._state = np.full(self._count, UNCHECKED, dtype=np.int8)
        self._fresh: dict[bytes, int] = {}
        self._sort()

    def __len__(self) -> int:
        return self._count

    @property
    def records(self) -> Records:
        """Shape ``(entries,)``."""
        return self._records[: self._count]

    @property
    def shards(self) -> NDArray[np.int32]:
        """The number of the shard that has an entry's rows, shape ``(entries,)``."""
        return self._shards[: self._count]

    @property
    def state(self) -> NDArray[np.int8]:
        """`UNCHECKED`, `INTACT` or `DAMAGED`, shape ``(entries,)``; may be written to."""
        return self._state[: self._count]

    def add(self, keys: Sequence[bytes], records: Records, shard: int) -> None:
        """Add what was just written, which is intact; it takes precedence over entries of the same key."""
        start, stop = self._count, self._count + len(records)
        if stop > len(self._records):
            more = max(stop - len(self._records), len(self._records) // 2)
            self._records = np.append(self._records, np.zeros(more, dtype=RECORD))
            self._shards = np.append(self._shards, np.zeros(more, dtype=np.int32))
            self._state = np.append(self._state, np.zeros(more, dtype=np.int8))
        self._records[start:stop], self._shards[start:stop], self._state[start:stop] = records, shard, INTACT
        self._count = stop
        self._fresh.update(zip(keys, range(start, stop), strict=True))
        if len(self._fresh) > max(_FRESH, len(self._order) // 4):
            self._sort()

    def find(self, keys: Sequence[bytes]) -> NDArray[np.int64]:
        """An entry that is not damaged for each key, shape ``(len(keys),)``; -1 where there is none."""
        wanted = np.frombuffer(b"".join(keys), dtype="<u8").reshape(len(keys), 2)
        found = np.full(len(keys), -1, dtype=np.int64)
        if self._fresh:
            found[:] = [self._fresh.get(key, -1) for key in keys]
        open_ = np.flatnonzero(found < 0)
        place = np.searchsorted(self._high, wanted[open_, 0])
        while len(open_):  # several entries may share a key, and in theory half a key
            at_end = place == len(self._high)
            open_, place = open_[~at_end], place[~at_end]
            same = self._high[place] == wanted[open_, 0]
            open_, place = open_[same], place[same]
            entries = self._order[place]
            hit = self._records["key"][entries, 1] == wanted[open_, 1]
            hit &= self._state[entries] != DAMAGED
            found[open_[hit]] = entries[hit]
            open_, place = open_[~hit], place[~hit] + 1
        return found

    def _sort(self) -> None:
        # Among equal keys the newest comes first, as it does while it is fresh.
        high = self._records["key"][: self._count, 0]
        self._order = (self._count - 1 - np.argsort(high[::-1], kind="stable")).astype(np.int64)
        self._high = high[self._order]
        self._fresh = {}
