"""How texts are put into requests, and what came back is put into their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ifir_eval.errors import RetrieverError


def estimated_tokens(text: str) -> int:
    """A quarter of the bytes in UTF-8, and one: near the truth in English, above half of it in Chinese."""
    return len(text.encode(errors="surrogatepass")) // 4 + 1


def batches(sizes: Mapping[int, int], *, tokens: int, most: int) -> Iterator[list[int]]:
    """Groups of the keys of ``sizes``, in their order, of at most ``most`` keys and ``tokens`` in sum.

    A key whose own size is above ``tokens`` stands alone.
    """
    batch: list[int] = []
    total = 0
    for item, size in sizes.items():
        if batch and (len(batch) == most or total + size > tokens):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size
    if batch:
        yield batch


def wanted_of(planned: Iterable[list[int]], wanted: Iterable[int]) -> list[list[int]]:
    """Of each planned batch what is wanted; batches of which nothing is are left out."""
    chosen = frozenset(wanted)
    kept = ([item for item in batch if item in chosen] for batch in planned)
    return [batch for batch in kept if batch]


def in_order(content: Any, field: str, expected: int) -> list[Mapping[str, Any]]:
    """The ``expected`` objects under ``field`` of a server's answer, ordered by their ``index``.

    Raises:
        RetrieverError: unless each index from 0 on stands there exactly once.
    """
    entries = content.get(field) if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise RetrieverError(
            f"the server's answer has no list of objects named {field!r}: is --base-url a server of this kind?"
        )
    placed = {entry.get("index"): entry for entry in entries}
    if len(entries) != expected or placed.keys() != set(range(expected)):
        given = ", ".join(str(entry.get("index")) for entry in entries[:10])
        raise RetrieverError(
            f"the server answers {expected} texts with {len(entries)} items of index {given}"
            f"{', …' if len(entries) > 10 else ''}; each of 0 to {expected - 1} must stand there once"  # noqa: PLR2004
        )
    return [placed[index] for index in range(expected)]
