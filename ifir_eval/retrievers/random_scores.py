"""``random:SEED``: the baseline that knows nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.hits import documents_of, hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity


class RandomScores:
    """Independent uniform scores in [0, 1), one for each seed, query id and document id.

    A pair's score depends on nothing else: not on the order, not on the other candidates.
    """

    def __init__(self, spec: str, seed: int) -> None:
        self.identity = Identity(spec, "random", {"seed": seed})
        self._seed = seed

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> RandomScores:
        """Make one from ``random:SEED``."""
        del options
        if not re.fullmatch(r"\d{1,18}", argument):
            raise RetrieverError(
                f"{spec[:40]!r} lacks its seed, a whole number of at most 18 digits: write random:0"
            )
        return cls(spec, int(argument))

    def render(self, view: View) -> None:
        """No text is made."""

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Draw the scores of every view."""
        del progress
        hits = {}
        for view in benchmark.views():
            documents = documents_of(view, benchmark)
            pairs = _hashes(documents) ^ _hashes([f"{self._seed} {view.id}"])
            uniform = (_mixed(pairs) >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
            hits[view.id] = hits_of(view, documents, uniform)
        return Answer(Run(hits))


def _hashes(texts: Iterable[str]) -> NDArray[np.uint64]:
    digests = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): every bit depends on every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
