"""WISE, the weighted instruction sensitivity evaluation (InfoSearch, arXiv 2410.23841).

With R_o, R_i and R_r a gold document's rank in the original, instructed and reversed mode, N the number
of documents that are relevant in the original mode, and K = 20: a document that does not sink with the
instruction and sinks with its reversal (``R_i <= R_o < R_r``) is rewarded with

- 1 if ``R_o <= N`` and ``R_i = 1``,
- else ``(1 - sqrt(R_o - R_i) / K) / sqrt(R_i)`` if ``R_o <= K``,
- else 0.01;

any other is penalised with

- -1 if ``R_r < R_o < R_i``,
- else ``(R_o - R_i) / R_i`` if ``R_o <= R_i``,
- else ``(R_r - R_o) / R_o``.

Mean over a topic's gold documents; range -1..1, 0 where both instructions are ignored.

``WISE-released`` is what InfoSearch's released code computes: it rewards ``R_o < N`` instead of
``R_o <= N``. Compare that one with published figures.
"""

from __future__ import annotations

import math
from functools import partial

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.modes import Gold, Modes, gold_documents, golds
from ifir_eval.measures.ranked import RankedTopic, mean

CUTOFF = 20
"""K of the paper: below it a rise counts by where it leads, beyond it only as a token."""

_TOKEN = 0.01


def reward(original: int, instructed: int, *, top: int) -> float:
    """The reward of a gold document that obeys, in 0..1; ``top`` is the last rank that earns a full one."""
    if original <= top and instructed == 1:
        return 1.0
    if original <= CUTOFF:
        return (1 - math.sqrt(original - instructed) / CUTOFF) / math.sqrt(instructed)
    return _TOKEN


def penalty(original: int, instructed: int, reversed_: int) -> float:
    """The penalty of a gold document that does not obey, in -1..0."""
    if reversed_ < original < instructed:
        return -1.0
    if original <= instructed:
        return (original - instructed) / instructed
    return (reversed_ - original) / original


def _judge(gold: Gold, top: int) -> float:
    original, instructed, reversed_ = gold.rank_original, gold.rank_instructed, gold.rank_reversed
    if instructed <= original < reversed_:
        return reward(original, instructed, top=top)
    return penalty(original, instructed, reversed_)


def wise(ranked: RankedTopic, *, released: bool = False) -> float | None:
    """WISE of one topic, in -1..1; 0 where a mode is unanswered, None without modes or gold documents."""
    modes = Modes.of(ranked)
    if modes is None or not gold_documents(ranked, modes):
        return None
    if not ranked.answered(*modes):
        return 0.0
    top = len(ranked.relevant(modes.original)) - (1 if released else 0)
    return mean(_judge(gold, top) for gold in golds(ranked, modes))


for _name, _released in (("WISE", False), ("WISE-released", True)):
    register(
        Measure(
            _name,
            "reward and penalty for how gold documents move with instruction and reversal"
            + (", as the authors' released code weighs" if _released else ""),
            topic_columns(_name, partial(wise, released=_released)),
            low=-1.0,
        )
    )
