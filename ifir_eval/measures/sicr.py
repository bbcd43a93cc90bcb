"""SICR, the strict instruction compliance ratio (InfoSearch, arXiv 2410.23841).

Share of a topic's gold documents that rise with the instruction and fall with its reversal, in rank and
in score: ``R_i < R_o < R_r`` and ``S_i > S_o > S_r``. One that stands first already (R_o = 1) has to stay
there, may keep its score, and has to fall with the reversal in both. Range 0..1.

``SICR-released`` is what InfoSearch's released code computes: its counter restarts at each gold document,
so that only a topic's last one counts, divided by their number. Compare that one with published figures.
"""

from __future__ import annotations

from functools import partial

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.modes import Gold, Modes, gold_documents, golds
from ifir_eval.measures.ranked import RankedTopic


def complies(gold: Gold) -> bool:
    """Whether one gold document moves as both instructions demand."""
    falls = gold.rank_original < gold.rank_reversed and gold.score_original > gold.score_reversed
    if gold.rank_original == 1:
        return falls and gold.rank_instructed == 1 and gold.score_instructed >= gold.score_original
    return falls and gold.rank_instructed < gold.rank_original and gold.score_instructed > gold.score_original


def sicr(ranked: RankedTopic, *, released: bool = False) -> float | None:
    """SICR of one topic, in 0..1; 0 where a mode is unanswered, None without modes or gold documents."""
    modes = Modes.of(ranked)
    if modes is None or not (documents := gold_documents(ranked, modes)):
        return None
    if not ranked.answered(*modes):
        return 0.0
    verdicts = [complies(gold) for gold in golds(ranked, modes)]
    return sum(verdicts[-1:] if released else verdicts) / len(documents)


for _name, _released in (("SICR", False), ("SICR-released", True)):
    register(
        Measure(
            _name,
            "share of gold documents that obey both instruction and reversal"
            + (", as the authors' released code counts" if _released else ""),
            topic_columns(_name, partial(sicr, released=_released)),
        )
    )
