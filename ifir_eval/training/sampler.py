"""Which rows share a batch: all views of a pair, always."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from heapq import heapify, heapreplace
from itertools import count
from random import Random

from ifir_eval.errors import InvalidInputError, Problem


class PairSampler:
    """All batches of a training, one after another: row positions, every row once an epoch.

    Batches hold at most ``batch_rows`` rows, all nearly the same number, and pairs of few and of many views
    in the same shares; there is a multiple of ``processes`` of them, which take them in turn. Which pairs fill
    them is drawn by ``seed``, anew in every epoch.

    Raises:
        InvalidInputError: naming pairs with more rows than a batch has, or if there are too few pairs.
    """

    # accelerate asks for both; any number as the first, and it leaves out smaller batches.
    batch_size = None
    drop_last = False

    def __init__(
        self, pair_ids: Sequence[str], batch_rows: int, *, epochs: int = 1, seed: int = 0, processes: int = 1
    ) -> None:
        pairs: dict[str, list[int]] = defaultdict(list)
        for row, pair in enumerate(pair_ids):
            pairs[pair].append(row)
        problems = [
            Problem(f"pair {pair!r} has {len(rows)} rows, more than a batch of {batch_rows} holds")
            for pair, rows in pairs.items()
            if len(rows) > batch_rows
        ]
        if not pairs:
            problems.append(Problem("it has no rows"))
        if not problems:
            self._sizes = _dealt(sorted(map(len, pairs.values()), reverse=True), batch_rows, processes)
            if not all(self._sizes):
                problems.append(Problem(f"it has too few pairs ({len(pairs)}) for {processes} processes"))
        if problems:
            raise InvalidInputError("the training set", problems)
        self._by_size: dict[int, list[list[int]]] = defaultdict(list)
        for rows in pairs.values():
            self._by_size[len(rows)].append(rows)
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


def _dealt(sizes: Sequence[int], batch_rows: int, processes: int) -> list[list[int]]:
    """``sizes`` of pairs, the largest first, each dealt to the emptiest of as few batches as hold them.

    There is an empty batch where each process needs one more than there are pairs.
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
