"""Which texts are computed together, and how work is prepared ahead of its use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

MOST_WASTE = 0.05
"""The share of padding among the tokens of all batches of a plan, at most."""

T = TypeVar("T")


def plan(lengths: NDArray[np.int64], budget: int) -> list[NDArray[np.int64]]:
    """Batches of the texts whose ``lengths`` in tokens are given, long texts first; each an array of positions.

    A batch, padded to its longest text, has at most ``budget`` tokens unless it is one longer text. It ends
    early where one text more would bring the padding of all batches so far above `MOST_WASTE`: what batches
    of equal lengths save, a few odd texts may spend. The same lengths always give the same batches.
    """
    order = np.argsort(-lengths, kind="stable")
    ends: list[int] = []
    start = width = 0
    padded_before = filled = 0
    for place, length in enumerate(np.maximum(lengths[order], 1).tolist()):
        padded = (place + 1 - start) * width
        allowed = MOST_WASTE * (padded_before + padded)
        if place == 0:
            width = length
        elif padded > budget or padded_before + padded - filled - length > allowed:
            ends.append(place)
            padded_before += (place - start) * width
            start, width = place, length
        filled += length
    return np.split(order, ends)


def ahead(source: Iterator[T], size: int) -> Iterator[T]:
    """The same items, made by a thread of their own, at most ``size`` of them before they are asked for.

    What ``source`` raises is raised where its next item would have come.
    """
    with ThreadPoolExecutor(1, "ahead") as worker:
        try:
            pending = deque(worker.submit(next, source, None) for _ in range(size))
            while (item := pending.popleft().result()) is not None:
                pending.append(worker.submit(next, source, None))
                yield item
        finally:
            worker.shutdown(wait=False, cancel_futures=True)
