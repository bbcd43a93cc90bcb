"""Exact search through vectors that come block by block, in memory that does not grow with their number.

This module imports torch: import it where a corpus is searched, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ifir_eval.errors import RetrieverError

_QUERIES_AT_ONCE = 1_024
_DOCUMENTS_AT_ONCE = 4_096
_RESCORED_AT_ONCE = 512
_CROWD = 4
"""Where more than so many times ``k`` documents pass for a query, the block's own best are looked for first."""

_HALF_ULP = 2.0**-24
_TINIEST = 2.0**-126
_FIRST_OF_ALL = 2**32 - 1
_NOTHING = torch.iinfo(torch.int64).min


Block = TypeVar("Block")


class TopK(NamedTuple):
    """The best documents of each query, best first; both of shape ``(queries, min(k, documents))``.

    ``positions`` count the documents through all blocks, from 0.
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float32]


def top_k(
    queries: NDArray[np.float32],
    blocks: Iterable[NDArray[np.float32]],
    k: int,
    *,
    cosine: bool = False,
    device: str = "cpu",
) -> TopK:
    """The ``k`` best documents by dot product or cosine, computed in float64 and rounded to float32.

    ``queries`` has shape ``(queries, width)``, each block ``(documents, width)``. Of equal scores the earlier
    position wins: hand over documents by descending id to get the project's ranking.

    A product in float32 finds the few documents that can be among the best, however it may err (the bound
    of Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), and only these are computed in
    float64. Vectors without length have cosine 0 with all.

    Raises:
        RetrieverError: if a vector is not finite, or so long that a product could overflow.
    """
    search = _Search(_tensor(queries), k, cosine, torch.device(device))
    with _full_float32():
        for block in blocks:
            search.read(_tensor(block))
    return search.best.result()


def top_k_by(
    similarity: Callable[[Block], NDArray[np.float32]], queries: int, blocks: Iterable[Block], k: int
) -> TopK:
    """As `top_k`, where ``similarity`` gives a block's scores, shape ``(queries, documents)``, by any rule."""
    best = _Best(queries, k, torch.device("cpu"))
    for block in blocks:
        scores = _tensor(similarity(block))
        places = torch.arange(scores.shape[1]).expand_as(scores)
        best.add(slice(None), _keys(scores, best.seen + places))
        best.seen += scores.shape[1]
    return best.result()


class _Best:
    """The best so far as whole numbers, so that one comparison orders by score and then by position."""

    def __init__(self, queries: int, k: int, device: torch.device) -> None:
        if k < 1:
            raise ValueError(f"k is {k}, but must be at least 1")
        self.k = k
        self.seen = 0
        self.keys = torch.full((queries, k), _NOTHING, dtype=torch.int64, device=device)

    def add(self, queries: slice, keys: torch.Tensor) -> None:
        """Offer ``keys``, shape ``(queries, any)``."""
        together = torch.cat([self.keys[queries], keys], dim=1)
        self.keys[queries] = together.topk(self.k, dim=1, sorted=False).values

    def worst(self, queries: slice) -> torch.Tensor:
        """The score that a document needs to be of interest, shape ``(queries, 1)``."""
        keys = self.keys[queries].amin(dim=1, keepdim=True)
        return torch.where(keys == _NOTHING, -torch.inf, _scores(keys))

    def result(self) -> TopK:
        """What is best of all that was offered."""
        keys = self.keys.sort(dim=1, descending=True).values[:, : self.seen].cpu()
        return TopK((_FIRST_OF_ALL - (keys & _FIRST_OF_ALL)).numpy(), _scores(keys).numpy())


class _Search:
    """What `top_k` keeps between blocks."""

    def __init__(self, queries: torch.Tensor, k: int, cosine: bool, device: torch.device) -> None:
        # Apple's GPUs have no float64.
        self._exact_device = torch.device("cpu") if device.type == "mps" else device
        self._device = device
        self._cosine = cosine
        self._exact = self._prepared(queries)
        self._queries = self._exact.to(device, torch.float32)
        self._norms = self._exact.norm(dim=1, keepdim=True)
        self.best = _Best(len(queries), k, self._exact_device)

    def read(self, block: torch.Tensor) -> None:
        """Look through one block."""
        if self.best.seen + len(block) > _FIRST_OF_ALL:
            raise ValueError("positions are counted up to 2**32 only")
        for start in range(0, len(block), _DOCUMENTS_AT_ONCE):
            part = block[start : start + _DOCUMENTS_AT_ONCE]
            exact = self._prepared(part)
            longest = exact.norm(dim=1).max()
            documents = exact.to(self._device, torch.float32)
            for first in range(0, len(self._queries), _QUERIES_AT_ONCE):
                self._compare(slice(first, first + _QUERIES_AT_ONCE), documents, exact, longest)
            self.best.seen += len(part)

    def _compare(
        self, queries: slice, documents: torch.Tensor, exact: torch.Tensor, longest: torch.Tensor
    ) -> None:
        slack = self._slack(queries, longest)
        rough = self._queries[queries] @ documents.T
        needed = self.best.worst(queries) - slack
        passing = _nonzero(rough >= needed.to(rough))
        if len(passing) > _CROWD * self.best.k * len(rough) and self.best.k < rough.shape[1]:
            # k documents of this block are at least as good as its k-th, less the slack.
            own = rough.topk(self.best.k, dim=1).values[:, -1:].to(slack)
            passing = _nonzero(rough >= torch.maximum(needed, own - 2 * slack).to(rough))
        if len(passing):
            passing = passing.to(self._exact_device)
            rows, places = passing // rough.shape[1], passing % rough.shape[1]
            keys = _keys(self._rescored(queries, exact, rows, places), self.best.seen + places)
            self.best.add(queries, _as_table(rows, keys, len(rough)))

    def _slack(self, queries: slice, longest: torch.Tensor) -> torch.Tensor:
        """How far a rough score can be from the final one, shape ``(queries, 1)``."""
        reach = self._norms[queries] * longest
        if not bool((reach < torch.finfo(torch.float32).max / 4).all()):
            raise RetrieverError(
                "a vector is not finite, or so long that its scores overflow float32; "
                "look for an overflow in half precision (--dtype float32)"
            )
        width = self._exact.shape[1]
        # Rounding the inputs (cosine) and the final score, and comparing, take another few roundings.
        slack: torch.Tensor = (width + 8) * (_HALF_ULP * 1.01 * reach + _TINIEST)
        return slack

    def _rescored(
        self, queries: slice, exact: torch.Tensor, rows: torch.Tensor, places: torch.Tensor
    ) -> torch.Tensor:
        given = self._exact[queries]
        scores = torch.empty(len(rows), dtype=torch.float32, device=rows.device)
        for start in range(0, len(rows), _RESCORED_AT_ONCE):
            some = slice(start, start + _RESCORED_AT_ONCE)
            scores[some] = torch.einsum("nd,nd->n", given[rows[some]], exact[places[some]])
        return scores

    def _prepared(self, vectors: torch.Tensor) -> torch.Tensor:
        exact = vectors.to(self._exact_device).double()
        return torch.nn.functional.normalize(exact, eps=_TINIEST) if self._cosine else exact


def _nonzero(mask: torch.Tensor) -> torch.Tensor:
    """The places of what is true in a flat ``mask``, ascending; numpy skips what is false far quicker."""
    flat = mask.view(-1)
    return flat.nonzero().view(-1) if flat.is_cuda else torch.from_numpy(np.flatnonzero(flat.cpu().numpy()))


def _tensor(vectors: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.require(vectors, np.float32, ["C", "W"]))  # torch warns of what is read-only


def _keys(scores: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Whole numbers in the order of the scores (float32) and, where they are equal, against the positions."""
    bits = (scores + 0.0).view(torch.int32).long()  # -0.0 becomes 0.0
    ordered = torch.where(bits < 0, -1 - (bits & 0x7FFFFFFF), bits)
    return ordered * 2**32 + (_FIRST_OF_ALL - positions)


def _scores(keys: torch.Tensor) -> torch.Tensor:
    """The scores that `_keys` was given."""
    ordered = keys >> 32
    bits = torch.where(ordered < 0, (-1 - ordered) | -0x80000000, ordered)
    return bits.int().view(torch.float32)


def _as_table(rows: torch.Tensor, keys: torch.Tensor, height: int) -> torch.Tensor:
    """``keys`` in rows of equal length, filled up with `_NOTHING`; ``rows`` are ascending."""
    counts = torch.bincount(rows, minlength=height)
    starts = counts.cumsum(0) - counts
    table = torch.full((height, int(counts.max())), _NOTHING, dtype=torch.int64, device=keys.device)
    table[rows, torch.arange(len(rows), device=keys.device) - starts[rows]] = keys
    return table


@contextmanager
def _full_float32() -> Iterator[None]:
    """Products of float32 in float32: the shorter formats that a process may have allowed err by more."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
