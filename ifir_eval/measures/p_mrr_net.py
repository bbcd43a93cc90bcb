"""p-MRR-net: p-MRR minus its control (docs/methods.md, section 3).

What is left of p-MRR when the general damage to the second ranking is taken off, over the contrasts that
have both changed and kept documents. Range -2..2.

The control is taken off as far as p-MRR feels damage at all: where documents only lose relevance
(FollowIR), wholly; where as many gain as lose it, p-MRR cancels damage by itself, and nothing is left to
take off. In between by (lost - gained) / (lost + gained), the share of it that does not cancel.
"""

from __future__ import annotations

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.p_mrr import has_changed, right_movement
from ifir_eval.measures.p_mrr_control import has_kept, kept_fall
from ifir_eval.measures.ranked import RankedContrast, RankedTopic


def _net(contrast: RankedContrast) -> float:
    lost, gained, _ = map(len, contrast.shift)
    uncancelled = (lost - gained) / (lost + gained)
    return right_movement(contrast) - kept_fall(contrast) * uncancelled


def p_mrr_net(ranked: RankedTopic) -> float | None:
    """p-MRR minus control of one topic, in -2..2; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(
        lambda shift: has_changed(shift) and has_kept(shift),
        _net,
        unanswered=0.0,
    )


register(
    Measure("p-MRR-net", "p-MRR minus its control", topic_columns("p-MRR-net", p_mrr_net), low=-2.0, high=2.0)
)
