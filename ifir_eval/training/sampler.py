"""Which rows share a batch: all views of a pair, always, and pairs of one topic, as far as they fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heapreplace
from itertools import count
from random import Random

from ifir_eval.errors import InvalidInputError, Problem


class PairSampler:
    """All batches of a training, one after another: row positions, every row once an epoch.

    Batches hold at most ``batch_rows`` rows, all nearly the same number; there is a multiple of ``processes``
    of them, which take them in turn. A row is known by its pair and its topic (`topics_of`). Pairs of one
    topic are side by side, in at most half of a batch, so that a passage which they share is encoded once and
    other topics are there to be told apart from. Which topics meet is drawn by ``seed``, anew in every epoch.

    Raises:
        InvalidInputError: naming pairs with more rows than a batch has, or if there are too few pairs.
    """

    # accelerate asks for both; any number as the first, and it leaves out smaller batches.
    batch_size = None
    drop_last = False

    def __init__(
        self,
        rows: Sequence[tuple[str, str]],
        batch_rows: int,
        *,
        epochs: int = 1,
        seed: int = 0,
        processes: int = 1,
    ) -> None:
        pairs: dict[str, list[int]] = defaultdict(list)
        for place, (pair, _) in enumerate(rows):
            pairs[pair].append(place)
        problems = [
            Problem(f"pair {pair!r} has {len(places)} rows, more than a batch of {batch_rows} holds")
            for pair, places in pairs.items()
            if len(places) > batch_rows
        ]
        if not pairs:
            problems.append(Problem("it has no rows"))
        groups = [] if problems else _groups(rows, pairs, batch_rows // 2)
        if groups:
            self._sizes = _dealt(sorted(map(len, groups), reverse=True), batch_rows, processes)
            if not all(self._sizes):
                problems.append(
                    Problem(f"it has too few topics and pairs ({len(groups)}) for {processes} processes")
                )
        if problems:
            raise InvalidInputError("the training set", problems)
        self._by_size: dict[int, list[list[int]]] = defaultdict(list)
        for group in groups:
            self._by_size[len(group)].append(group)
        self._epochs = epochs
        self._seed = seed

    def __len__(self) -> int:
        return self._epochs * len(self._sizes)

    def __iter__(self) -> Iterator[list[int]]:
        for epoch in range(self._epochs):
            draw = Random(f"{self._seed} {epoch}")
            shuffled = {
                size: iter(draw.sample(alike, len(alike))) for size, alike in sorted(self._by_size.items())
            }
            for sizes in self._sizes:
                yield [row for size in sizes for row in next(shuffled[size])]


def _groups(rows: Sequence[tuple[str, str]], pairs: Mapping[str, Sequence[int]], most: int) -> list[list[int]]:
    """Rows that stay together: whole pairs of one topic, ``most`` rows at most, or one pair."""
    groups: list[list[int]] = []
    last: dict[str, list[int]] = {}
    for places in pairs.values():
        topic = rows[places[0]][1]
        if topic not in last or len(last[topic]) + len(places) > most:
            last[topic] = []
            groups.append(last[topic])
        last[topic].extend(places)
    return groups


def _dealt(sizes: Sequence[int], batch_rows: int, processes: int) -> list[list[int]]:
    """``sizes`` of groups, the largest first, each dealt to the emptiest of as few batches as hold them.

    There is an empty batch where each process needs one more than there are groups.
    """
    least = -(-sum(sizes) // batch_rows)
    for number in count(-(-least // processes) * processes, processes):
        batches: list[list[int]] = [[] for _ in range(number)]
        loads = [(0, batch) for batch in range(number)]
        heapify(loads)
        for size in sizes:
            load, batch = loads[0]
            batches[batch].append(size)
            heapreplace(loads, (load + size, batch))
        if max(loads)[0] <= batch_rows:
            return batches
    raise AssertionError  # pragma: no cover - `count` has no end
