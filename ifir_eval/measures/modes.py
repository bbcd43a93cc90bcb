"""InfoSearch's three modes of one topic, for SICR and WISE (arXiv 2410.23841).

A *gold* document is relevant in the instructed mode and not in the reversed one: it has to rise with the
instruction and to fall with its reversal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, REVERSED
from ifir_eval.measures.ranked import RankedTopic


class Gold(NamedTuple):
    """Rank (1-based) and score of one gold document in the original, instructed and reversed mode."""

    rank_original: int
    rank_instructed: int
    rank_reversed: int
    score_original: float
    score_instructed: float
    score_reversed: float


class Modes(NamedTuple):
    """The views of a topic that play InfoSearch's modes."""

    original: str
    instructed: str
    reversed: str

    @classmethod
    def of(cls, ranked: RankedTopic) -> Modes | None:
        """InfoSearch's own view names, or else ``bare``, ``original`` and ``reversed``; None without."""
        for modes in (cls(ORIGINAL, "instructed", REVERSED), cls(BARE, ORIGINAL, REVERSED)):
            if ranked.asks(*modes):
                return modes
        return None


def gold_documents(ranked: RankedTopic, modes: Modes) -> list[str]:
    """The gold documents, in the order of the instructed mode's judgements."""
    golds = ranked.relevant(modes.instructed) - ranked.relevant(modes.reversed)
    return [document for document in ranked.topic.views[modes.instructed].judgements if document in golds]


def golds(ranked: RankedTopic, modes: Modes) -> Iterator[Gold]:
    """Where the run puts each gold document in the three modes, all of which it must have answered."""
    documents = gold_documents(ranked, modes)
    rankings = [ranked.rankings[mode] for mode in modes]
    ranks = [ranking.ranks(documents).tolist() for ranking in rankings]
    scores = [ranking.scores_of(documents).tolist() for ranking in rankings]
    return (Gold(*columns) for columns in zip(*ranks, *scores, strict=True))
