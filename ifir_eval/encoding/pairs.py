"""What models that read a query and a document together share: which tokens they see, and in which batches.

This module imports torch: import it where a model is needed, not before.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from ifir_eval.encoding.batching import plan
from ifir_eval.encoding.checkpoint import LocalModel, check
from ifir_eval.encoding.encoder import Chunk, Pair, Role, Setting, Vectors
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.memory import Room
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError

_PAIRS_AT_ONCE = 256
_BUDGETS = {"cpu": 2_048}
_BUDGET = 16_384
_LEAST = 8
"""The share of the room for texts that a query leaves to the document, at least: one in so many tokens."""


class Tokens(NamedTuple):
    """One pair as the model's tokenizer sees it, nothing cut off.

    ``columns`` are what the model is fed, each of shape ``(length,)``; ``query`` and ``document`` the places
    of the tokens that can be spared of each, in order. The rest is prompt and special tokens.
    """

    columns: Mapping[str, NDArray[np.int64]]
    query: NDArray[np.int64]
    document: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.columns["input_ids"])

    @property
    def fixed(self) -> int:
        """How many tokens are neither the query's nor the document's."""
        return len(self) - len(self.query) - len(self.document)


class PairModel(ABC):
    """A scorer of pairs: one float32 number for each, higher is more relevant.

    Where a pair is too long, the document is cut at its end, so that query and instruction stay whole. Only a
    query so long that less than an eighth of the room were left to the document is cut too. Truncation as
    sentence-transformers has it (``longest_first``) shortens both, and of the query the instruction first.
    """

    def __init__(self, source: LocalModel | HubModel, settings: ModelSettings) -> None:
        self._source = source
        self._settings = settings
        self._room = Room()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about what was seen while scoring."""
        return self._room.warnings

    @property
    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """Where and in which precision the model computes, whoever chose it."""

    @property
    @abstractmethod
    def limit(self) -> int:
        """The tokens of query, document, prompt and special tokens together that the model reads."""

    @property
    @abstractmethod
    def _query_prefix(self) -> str:
        """What stands before every query."""

    @abstractmethod
    def _tokenize(self, pairs: Sequence[Pair]) -> list[Tokens]:
        """The tokens of each of ``pairs``, prefixes already before their texts."""

    @abstractmethod
    def _score(self, columns: Sequence[Mapping[str, NDArray[np.int64]]]) -> torch.Tensor:
        """The scores of one batch, shape ``(len(columns),)``."""

    @property
    def identity(self) -> Mapping[str, Setting]:
        """Commit or fingerprint, settings and versions."""
        return {**self._source.identity, **self._settings.library_identity}

    def encode(self, items: Sequence[Pair], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """The score of each pair, long pairs first, a batch a chunk.

        Raises:
            RetrieverError: if the model fails on a batch, or the maximum length leaves no room for texts.
        """
        del role
        starts = range(0, len(items), _PAIRS_AT_ONCE)
        blocks = [self._read(items[start : start + _PAIRS_AT_ONCE]) for start in starts]
        columns = [fitted for block, _ in blocks for fitted in block]
        needed = np.concatenate([lengths for _, lengths in blocks])
        asked = frozenset(wanted)
        for planned in plan(np.minimum(needed, self.limit), self._budget):
            if batch := [place for place in planned.tolist() if place in asked]:
                scores = self._scores([columns[place] for place in batch])
                yield Chunk.dense(batch, scores[:, None], needed[batch].tolist())

    def loses(self, query: str, start: int, stop: int) -> bool:
        """Whether the maximum length cuts into ``query[start:stop]`` where it cuts a pair."""
        empty, asked = self._tokenize(
            [Pair(self._query_prefix, ""), Pair(self._query_prefix + query[:stop], "")]
        )
        return stop > start and len(asked.query) > _shares(self.limit - empty.fixed)

    def _read(self, pairs: Sequence[Pair]) -> tuple[list[Mapping[str, NDArray[np.int64]]], NDArray[np.int64]]:
        """What the model is fed for each pair, and the tokens that each would need."""
        before, beside = self._query_prefix, self._settings.document_prefix or ""
        read = self._tokenize([Pair(before + pair.query, beside + pair.document) for pair in pairs])
        lengths = np.fromiter(map(len, read), dtype=np.int64, count=len(read))
        return [_fitted(tokens, self.limit) for tokens in read], lengths

    @property
    def _budget(self) -> int:
        return self._settings.batch_tokens or _BUDGETS.get(self.environment["device"], _BUDGET)

    def _scores(self, columns: list[Mapping[str, NDArray[np.int64]]]) -> Vectors:
        """The scores of a batch."""

        def compute(part: list[Mapping[str, NDArray[np.int64]]]) -> Vectors:
            with torch.inference_mode():
                return self._score(part).float().cpu().numpy()

        longest = max(len(column["input_ids"]) for column in columns)
        return np.concatenate(self._room.halving(columns, longest, compute, "pairs"))


def safe_folder(source: LocalModel | HubModel, settings: ModelSettings) -> Path:
    """Where the model's files are, after a check that they are safe to load; the library is kept quiet."""
    folder = source.folder()
    check(folder, allow_pickle=settings.allow_pickle, trust_remote_code=settings.trust_remote_code)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return folder


def encodings(tokenizer: Any, *texts: list[str]) -> list[Any]:
    """The whole encodings of ``texts``, or of pairs of two lists of them, by a fast tokenizer.

    Raises:
        RetrieverError: for a slow one, which does not tell where its tokens come from.
    """
    if not tokenizer.is_fast:
        raise RetrieverError(f"the model's tokenizer ({type(tokenizer).__name__}) is not a fast one")
    given = tokenizer(*texts, truncation=False, padding=False, verbose=False)
    return list(given.encodings)


def padded(
    columns: Sequence[Mapping[str, NDArray[np.int64]]], fill: Mapping[str, int], *, left: bool
) -> dict[str, torch.Tensor]:
    """One batch as the model takes it, each tensor of shape ``(len(columns), longest)``, and its mask."""
    lengths = [len(column["input_ids"]) for column in columns]
    longest = max(lengths)
    batch = {name: np.full((len(columns), longest), value, dtype=np.int64) for name, value in fill.items()}
    batch["attention_mask"] = np.zeros((len(columns), longest), dtype=np.int64)
    for row, (column, length) in enumerate(zip(columns, lengths, strict=True)):
        place = slice(longest - length, None) if left else slice(length)
        batch["attention_mask"][row, place] = 1
        for name in fill:
            batch[name][row, place] = column[name]
    return {name: torch.from_numpy(values) for name, values in batch.items()}


def _shares(room: int) -> int:
    """How many of ``room`` tokens a query may take beside a document that is too long."""
    return room - room // _LEAST


def _fitted(tokens: Tokens, limit: int) -> Mapping[str, NDArray[np.int64]]:
    """The columns of ``tokens`` within ``limit``, ends of the document and then of the query left out.

    Raises:
        RetrieverError: if there is no room for both.
    """
    if len(tokens) <= limit:
        return tokens.columns
    room = limit - tokens.fixed
    if room < _LEAST:
        raise RetrieverError(
            f"the maximum length of {limit} tokens leaves no room for query and document: the model's own "
            f"prompt takes {tokens.fixed}"
        )
    query = min(len(tokens.query), _shares(room))
    kept = np.ones(len(tokens), dtype=np.bool_)
    kept[tokens.query[query:]] = False
    kept[tokens.document[room - query :]] = False
    return {name: values[kept] for name, values in tokens.columns.items()}
