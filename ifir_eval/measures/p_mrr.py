"""p-MRR: do documents that change relevance move the right way? (FollowIR, arXiv 2403.15246).

With R the 1-based rank among the candidates (absent: run length + 1), a document that loses relevance
scores ``R_after / R_before - 1`` if it rose, which is wrong, else ``1 - R_before / R_after``. One that
gains relevance scores the opposite, so that damage to the second ranking alone cancels out where both
kinds occur. Mean over a topic's changed documents, then over its contrasts; topics without a changed
document contribute nothing. Range -1..1; papers print it x100.

Where documents only lose relevance, p-MRR alone rewards damage: a random second ranking scores about
+0.91 if the changed documents stood in the first one's top 30 of 1,000. Read it beside its control.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.ranked import RankedContrast, RankedTopic


def fall(contrast: RankedContrast, documents: Sequence[str]) -> NDArray[np.float64]:
    """How far each of ``documents`` fell, in -1..1; shape ``(len(documents),)``."""
    before, after = contrast.before.ranks(documents), contrast.after.ranks(documents)
    return np.where(before >= after, after / before - 1, 1 - before / after)


def has_changed(shift: Shift) -> bool:
    """Whether any document loses or gains relevance."""
    return bool(shift.lost or shift.gained)


def right_movement(contrast: RankedContrast) -> float:
    """Mean over the changed documents of how far they moved the right way, in -1..1."""
    lost, gained, _ = contrast.shift
    moved = fall(contrast, lost + gained)
    moved[len(lost) :] *= -1
    return float(moved.mean())


def p_mrr(ranked: RankedTopic) -> float | None:
    """p-MRR of one topic, in -1..1; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(has_changed, right_movement, unanswered=0.0)


register(
    Measure(
        "p-MRR",
        "do documents that change relevance move the right way?",
        topic_columns("p-MRR", p_mrr),
        low=-1.0,
    )
)
