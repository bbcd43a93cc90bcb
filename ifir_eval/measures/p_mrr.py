"""p-MRR, its control over kept documents, and their difference (FollowIR, arXiv 2403.15246).

p-MRR alone rewards damage: a random second ranking scores about +0.91 where the changed documents
stood in the first one's top 30. The control is the same statistic over the documents that stay
relevant; a retriever that follows instructions keeps it near or below 0. Where documents gain
relevance as well, a rise counts as right with the opposite sign, so that damage to the second
ranking alone cancels out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.ranked import RankedContrast, RankedTopic


def fall(contrast: RankedContrast, documents: Sequence[str]) -> NDArray[np.float64]:
    """How far each of ``documents`` fell, in -1..1; shape ``(len(documents),)``.

    With R the 1-based rank: ``R_after / R_before - 1`` if it rose, else ``1 - R_before / R_after``.
    """
    before, after = (ranking.ranks(documents) for ranking in (contrast.before, contrast.after))
    return np.where(before >= after, after / before - 1, 1 - before / after)


def _p_mrr(contrast: RankedContrast) -> float:
    lost, gained, _ = contrast.shift
    return float(np.concatenate([fall(contrast, lost), -fall(contrast, gained)]).mean())


def _control(contrast: RankedContrast) -> float:
    return float(fall(contrast, contrast.shift.kept).mean())


def _has_changed(shift: Shift) -> bool:
    return bool(shift.lost or shift.gained)


def _has_kept(shift: Shift) -> bool:
    return bool(shift.kept)


def p_mrr(ranked: RankedTopic) -> float | None:
    """p-MRR of one topic: mean over its changed documents, then over its contrasts."""
    return ranked.over_contrasts(_has_changed, _p_mrr, unanswered=0.0)


def p_mrr_control(ranked: RankedTopic) -> float | None:
    """The same movement over the kept documents, which have no reason to fall."""
    return ranked.over_contrasts(_has_kept, _control, unanswered=0.0)


def p_mrr_net(ranked: RankedTopic) -> float | None:
    """p-MRR minus its control, over the contrasts that have both changed and kept documents."""
    return ranked.over_contrasts(
        lambda shift: _has_changed(shift) and _has_kept(shift),
        lambda contrast: _p_mrr(contrast) - _control(contrast),
        unanswered=0.0,
    )


for _name, _summary, _value, _low, _high in (
    ("p-MRR", "do documents that change relevance move the right way?", p_mrr, -1.0, 1.0),
    (
        "p-MRR-control",
        "do documents that stay relevant fall as well? near or below 0 is good",
        p_mrr_control,
        -1.0,
        1.0,
    ),
    ("p-MRR-net", "p-MRR minus its control", p_mrr_net, -2.0, 2.0),
):
    register(
        Measure(
            name=_name,
            summary=_summary,
            columns=topic_columns(_name, _value),
            low=_low,
            high=_high,
            higher_is_better=_name != "p-MRR-control",
        )
    )
