"""Texts of the benchmarks that will judge must not be trained on: exact copies and near duplicates.

The rule. Texts are compared as words: letters and digits in lower case, all else is space. Two texts are the
same if all their words are. They are near duplicates if they share at least half of the runs of `RUN` words of
the shorter one; texts with fewer words can only be the same. Passages are compared with documents and with
queries, and so are queries, alone and with their instruction. An instruction alone is language, not content,
and is not compared.

Half of the shorter one's runs of eight words: a sentence that both quote, or a formula such as "is a 1990
American comedy film directed by", stays below it; a passage that was cut, extended or edited here and there
does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.retrievers.prompt import Template, document_text

RUN = 8
"""Words in a run."""

SHARED = 0.5
"""The share of the shorter text's runs from which on two texts are near duplicates."""

_WORD = re.compile(r"[^\W_]+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIXERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))

Hashes = NDArray[np.uint64]


class Leak(NamedTuple):
    """Where a text stands already."""

    benchmark: str
    exact: bool


class _Runs(NamedTuple):
    """The distinct runs of several texts: hashes, and the position of the text of each."""

    hashes: Hashes
    texts: NDArray[np.int64]


class Screen:
    """Finds texts that a benchmark holds. Built once, it looks at ten thousand passages in a second."""

    def __init__(self, benchmarks: Sequence[Benchmark]) -> None:
        self._vocabulary: dict[str, int] = {}
        owners = [(text, benchmark.name) for benchmark in benchmarks for text in _texts(benchmark)]
        self._owners = [owner for _, owner in owners]
        coded = [self._coded(text) for text, _ in owners]
        self._whole = {
            _key(codes): owner for codes, owner in zip(reversed(coded), reversed(self._owners), strict=True)
        }
        runs = _runs(coded)
        self._known, columns = np.unique(runs.hashes, return_inverse=True)
        self._holding = _table(columns, runs.texts, (len(self._known), len(coded)))
        self._sizes = np.bincount(runs.texts, minlength=len(coded))

    def leaks(self, texts: Sequence[str]) -> list[Leak | None]:
        """For each text where it stands already, or None."""
        coded = [self._coded(text) for text in texts]
        near = self._near(coded)
        found: list[Leak | None] = []
        for place, codes in enumerate(coded):
            exact = self._whole.get(_key(codes)) if len(codes) else None
            owner = exact or near.get(place)
            found.append(Leak(owner, exact is not None) if owner else None)
        return found

    def _near(self, coded: Sequence[Hashes]) -> dict[int, str]:
        """By position of a text the benchmark of a near duplicate."""
        runs = _runs(coded)
        sizes = np.bincount(runs.texts, minlength=len(coded))
        columns = np.searchsorted(self._known, runs.hashes)
        columns[columns == len(self._known)] = 0
        is_known = self._known[columns] == runs.hashes if len(self._known) else np.zeros(len(columns), bool)
        ours = _table(runs.texts[is_known], columns[is_known], (len(coded), len(self._known)))
        # The number of runs that each of our texts, a row, shares with each of the benchmarks', a column.
        shared = (ours @ self._holding).tocoo()
        near = shared.data >= SHARED * np.minimum(sizes[shared.row], self._sizes[shared.col])
        found = sorted(zip(shared.row[near].tolist(), shared.col[near].tolist(), strict=True), reverse=True)
        return {one: self._owners[other] for one, other in found}

    def _coded(self, text: str) -> Hashes:
        """Each word as a number of its own."""
        known = self._vocabulary
        codes = [known.setdefault(word, len(known)) for word in _WORD.findall(text.lower())]
        return np.array(codes, dtype=np.uint64)


def _texts(benchmark: Benchmark) -> Iterator[str]:
    """All that a benchmark shows a retriever."""
    asked = Template.parse(None)
    yield from dict.fromkeys(map(document_text, benchmark.corpus.values()))
    yield from dict.fromkeys(
        text for view in benchmark.views() for text in (view.query, asked.render(view).text)
    )


def _table(rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> Any:
    """A sparse matrix with a 1 at each of these places."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy; only a drawing needs it

    return csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)


def _key(codes: Hashes) -> bytes:
    return codes.tobytes()


def _runs(coded: Sequence[Hashes]) -> _Runs:
    """The distinct runs of each text, as 64-bit hashes of their words in order."""
    if not coded:
        return _Runs(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    lengths = np.array([len(codes) for codes in coded])
    words = _mixed(np.concatenate(coded))
    hashes = np.zeros(max(0, len(words) - RUN + 1), np.uint64)
    for place in range(RUN):
        hashes = _mixed(hashes * _MULTIPLIER + words[place : place + len(hashes)])
    texts = np.repeat(np.arange(len(coded)), lengths)[: len(hashes)]
    within = np.arange(len(hashes)) + RUN <= np.cumsum(lengths)[texts]  # not across the end of a text
    texts, hashes = texts[within], hashes[within]
    order = np.lexsort((hashes, texts))
    texts, hashes = texts[order], hashes[order]
    is_new = np.ones(len(texts), bool)
    is_new[1:] = (texts[1:] != texts[:-1]) | (hashes[1:] != hashes[:-1])
    return _Runs(hashes[is_new], texts[is_new])


def _mixed(values: Hashes) -> Hashes:
    """Each value as another that looks random: the finalizer of splitmix64 (Steele et al., 2014)."""
    values = (values ^ (values >> np.uint64(30))) * _MIXERS[0]
    values = (values ^ (values >> np.uint64(27))) * _MIXERS[1]
    return values ^ (values >> np.uint64(31))
