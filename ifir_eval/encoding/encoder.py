"""What everything that turns texts into numbers has in common, whether a model here or a server.

Nothing in this module loads a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Setting = str | int | float | bool | None
Vectors = NDArray[np.float32]


class Role(Enum):
    """What an item is to the model; the value lists the prompts meant for it, the first that exists counts."""

    QUERY = ("query",)
    DOCUMENT = ("document", "passage", "corpus")
    PAIR = ()


class Pair(NamedTuple):
    """A rendered query and a document's text, read together."""

    query: str
    document: str


Item = TypeVar("Item", str, Pair, contravariant=True)  # noqa: PLC0105 - the rooms above read Encoder[Item]


@dataclass(frozen=True, eq=False)
class Chunk:
    """The vectors of some of the items asked for; they become durable together.

    ``items``, shape ``(n,)``, are positions in the sequence that was asked for. Item ``items[i]`` owns
    ``rows[i]`` successive rows of ``values``, shape ``(rows.sum(), width)``: 1 for a dense vector or a
    score, one a token for late interaction, one a non-zero weight for sparse vectors. ``tokens[i]`` is what
    the item would need with prompt and special tokens, were nothing cut off; 0 where nobody can tell.
    """

    items: NDArray[np.int64]
    values: Vectors
    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]

    @classmethod
    def dense(cls, items: Sequence[int], values: Vectors, tokens: Sequence[int]) -> Chunk:
        """One row for each item."""
        count = len(items)
        return cls(
            np.asarray(items, dtype=np.int64),
            values,
            np.ones(count, dtype=np.int64),
            np.asarray(tokens, dtype=np.int64),
        )


class Encoder(Protocol[Item]):
    """Gives every item one vector or several; equal items get equal ones.

    Loads its model when it first has to.
    """

    @property
    def identity(self) -> Mapping[str, Setting]:
        """All that a user chose and that changes a number; may hash weights, loads no model, is published.

        Revision or fingerprint, length, dtype, pooling, prefixes, backend, versions (docs/methods.md, trap 1).
        """
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Where and how it computes, whoever chose it (``device`` and ``dtype``); part of the cache's key."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about what was seen while encoding, such as a memory too small for a batch."""
        ...

    @property
    def limit(self) -> int:
        """The tokens that the model reads of an item at most; `sys.maxsize` where there is no limit."""
        ...

    def encode(self, items: Sequence[Item], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """The vectors of ``items[i]`` for every ``i`` in ``wanted``, chunk by chunk as they are ready.

        Batches are planned over all of ``items``, and those of a batch that are not wanted are left out:
        work that is cut off and taken up again then forms the same batches, and gives the same bytes.

        Raises:
            RetrieverError: if the model or the server fails.
        """
        ...


@runtime_checkable
class ReadsByRole(Protocol):
    """An encoder whose queries and documents have limits of their own, as a ColBERT's have."""

    def reads(self, role: Role) -> int:
        """`Encoder.limit` for items of this role."""
        ...


@runtime_checkable
class MayChange(Protocol[Item]):
    """An encoder whose model may become another one under the same identity, as one behind a server may."""

    @property
    def place(self) -> str:
        """Where the model runs, as users know it."""
        ...

    def sample(self, items: Sequence[Item], kept: Sequence[int]) -> list[int]:
        """Those of ``kept``, positions in ``items``, that one request asks again."""
        ...

    def difference(self, items: Sequence[Item], kept: Vectors, given: Vectors) -> str | None:
        """How the vectors ``given`` now are not those ``kept`` of ``items``, and why that may be, in words.

        None where they differ by no more than the rounding of one and the same model.
        """
        ...

    def with_one_try(self) -> Encoder[Item]:
        """The same encoder, which does not wait for a model that gives no answer."""
        ...


@runtime_checkable
class HasDimension(Protocol):
    """An embedder whose vectors are wider than the rows that are kept of them, as sparse ones are."""

    @property
    def dimension(self) -> int:
        """The numbers of a vector."""
        ...


class Embedder(Encoder[str], Protocol):
    """An encoder of single texts with a similarity between their vectors."""

    @property
    def metric(self) -> str | None:
        """What `similarity` is: ``dot`` or ``cosine`` of single vectors; None for any other rule."""
        ...

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """Scores, shape ``(len(queries), len(documents))``.

        A pair has one score in whichever block it stands: computed in float64, rounded to float32.
        """
        ...

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """Whether the maximum length cuts into ``text[start:stop]``; nothing cuts into an empty stretch."""
        ...


@dataclass(frozen=True, eq=False)
class Ragged:
    """Vectors of several items: item ``i`` owns ``rows[i]`` successive rows of ``values``."""

    values: Vectors
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


def limit_for(encoder: Encoder[Item], role: Role) -> int:
    """The tokens that ``encoder`` reads of an item of this role at most."""
    return encoder.reads(role) if isinstance(encoder, ReadsByRole) else encoder.limit
