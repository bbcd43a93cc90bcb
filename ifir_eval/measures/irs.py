"""IRS, the instruction responsiveness score (FollowTable, arXiv 2605.00400).

With w(r) = 1 / log2(r + 1), T+ the documents that are right under query and instruction, T- those that
are right for the query alone but not under the instruction, and G+ and G- the sums of w over them:
``S = (G+(with) - G+(bare)) - (G-(with) - G-(bare))`` compares a view that has an instruction with the
view ``bare``. IRS is S over what the ideal ranking would get (T+ first, T- last) if S >= 0, and over the
size of what the worst one would (the mirror) if S < 0. Range -1..1; 0 where the instruction is ignored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import BARE
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.ranked import RankedTopic, mean


def _balance(wanted: NDArray[np.int64], unwanted: NDArray[np.int64]) -> float:
    """G+ minus G- of documents at these ranks; summed in rank order, so that equal ranks cancel exactly."""
    gains = [np.sum(1 / np.log2(np.sort(ranks) + 1)) for ranks in (wanted, unwanted)]
    return float(gains[0] - gains[1])


def responsiveness(ranked: RankedTopic, view: str) -> float:
    """IRS of one ``view`` against ``bare``, in -1..1; 0 where either is unanswered.

    An absent document stands behind the last one. Where the bare ranking leaves nothing to gain because
    it is ideal already, or nothing to lose, the score is 0.
    """
    if not ranked.answered(view, BARE):
        return 0.0
    targets = [sorted(ranked.relevant(view)), sorted(ranked.relevant(BARE) - ranked.relevant(view))]
    bare, given = ([ranked.rankings[name].ranks(docs) for docs in targets] for name in (BARE, view))
    length = len(ranked.rankings[view])
    pool = length + int(np.sum(np.concatenate(given) > length))
    first = [np.arange(1, len(docs) + 1) for docs in targets]
    last = [np.arange(pool - len(docs) + 1, pool + 1) for docs in targets]
    moved = _balance(*given) - _balance(*bare)
    if moved >= 0:
        bound = _balance(first[0], last[1]) - _balance(*bare)
    else:
        bound = _balance(*bare) - _balance(last[0], first[1])
    # Absent documents share one rank, which in a very short ranking is better than any real one.
    return float(np.clip(moved / bound, -1, 1)) if bound > 0 else 0.0


def irs(ranked: RankedTopic) -> float | None:
    """Mean IRS over one topic's views that have an instruction and take part in a contrast."""
    if not ranked.asks(BARE):
        return None
    contrasted = {view for contrast in ranked.contrasts for view in contrast}
    return mean(
        responsiveness(ranked, name)
        for name, view in ranked.topic.views.items()
        if name != BARE and name in contrasted and view.instruction
    )


register(
    Measure(
        "IRS",
        "how far the instruction moves the ranking towards the ideal, from no instruction",
        topic_columns("IRS", irs),
        low=-1.0,
    )
)
