"""Each distinct item is encoded once: what the cache holds is not computed, and what is computed is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.cache import Space
from ifir_eval.encoding.encoder import Chunk, Encoder, Item, Pair, Ragged, Role, limit_for
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Progress

WINDOW = 8_192
"""Items whose batches are planned together, and whose tokens are in memory at a time."""


@dataclass(frozen=True, eq=False)
class Encoded(Generic[Item]):
    """Items and where their vectors lie; the vectors themselves stay on disk until they are asked for.

    ``entries`` maps every distinct item to its entry in ``space``. ``computed`` of them were not in the cache.
    """

    space: Space
    entries: Mapping[Item, int]
    limit: int
    computed: int

    def of(self, items: Sequence[Item]) -> Ragged:
        """The vectors of ``items``, read from disk."""
        return self.space.vectors(self._entries(items))

    def cut(self, items: Sequence[Item]) -> NDArray[np.bool_]:
        """Which of ``items`` the model does not see whole; shape ``(len(items),)``."""
        return self.space.tokens(self._entries(items)) > self.limit

    @property
    def tokens_read(self) -> int:
        """How many tokens the model needs for all items, padding aside."""
        return int(np.minimum(self.space.tokens(self._entries(list(self.entries))), self.limit).sum())

    def _entries(self, items: Sequence[Item]) -> NDArray[np.int64]:
        return np.fromiter((self.entries[item] for item in items), dtype=np.int64, count=len(items))


def key(item: str | Pair, role: Role) -> bytes:
    """The name of an item's vectors among those of one encoder: 16 bytes of BLAKE2b over role and text."""
    parts = (item,) if isinstance(item, str) else item
    digest = hashlib.blake2b(role.name.encode(), digest_size=16)
    for part in parts:
        text = part.encode(errors="surrogatepass")
        digest.update(len(text).to_bytes(8, "little") + text)
    return digest.digest()


def encode_once(
    encoder: Encoder[Item], space: Space, items: Sequence[Item], role: Role, progress: Progress
) -> Encoded[Item]:
    """Encode each distinct item that ``space`` lacks; every chunk is on disk before the next one is computed.

    Raises:
        RetrieverError: if the model fails, or gives a vector that is not finite, naming its text.
        IncompleteError: if the disk is full; the same command goes on from there.
    """
    distinct = list(dict.fromkeys(items))
    keys = [key(item, role) for item in distinct]
    computed = 0
    with progress(f"encoding {role.name.lower()} texts", total=len(distinct)) as advance:
        for start in range(0, len(distinct), WINDOW):
            window, window_keys = distinct[start : start + WINDOW], keys[start : start + WINDOW]
            missing = np.flatnonzero(space.find(window_keys) < 0).tolist()
            advance(len(window) - len(missing))
            for chunk in encoder.encode(window, role, missing) if missing else ():
                check_finite(chunk, window)
                space.append([window_keys[i] for i in chunk.items.tolist()], chunk)
                advance(len(chunk.items))
            computed += len(missing)
    entries = space.find(keys)
    listed = dict(zip(distinct, entries.tolist(), strict=True))
    return Encoded(space, listed, limit_for(encoder, role), computed)


def check_finite(chunk: Chunk, items: Sequence[str | Pair]) -> None:
    """Refuse vectors that are not finite.

    Raises:
        RetrieverError: naming the text.
    """
    finite = np.isfinite(chunk.values).all(axis=1)
    if finite.all():
        return
    owners = np.repeat(chunk.items, chunk.rows)
    item = items[int(owners[np.flatnonzero(~finite)[0]])]
    text = item if isinstance(item, str) else " | ".join(item)
    raise RetrieverError(
        f"the model gives a vector that is not finite (NaN or infinity) for the text {text[:80]!r}; "
        "an overflow in half precision is the usual cause (--dtype float32)"
    )
