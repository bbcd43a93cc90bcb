"""p-MRR-control: do documents that keep their relevance fall as well? (docs/methods.md, section 3).

The same statistic as p-MRR over the documents that are relevant in both views and have no reason to
move. A retriever that follows instructions keeps it near or below 0; one whose second ranking is merely
worse gets a p-MRR and a control that are both high. Range -1..1.
"""

from __future__ import annotations

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.p_mrr import fall
from ifir_eval.measures.ranked import RankedContrast, RankedTopic


def has_kept(shift: Shift) -> bool:
    """Whether any document is relevant in both views."""
    return bool(shift.kept)


def kept_fall(contrast: RankedContrast) -> float:
    """Mean over the kept documents of how far they fell, in -1..1."""
    return float(fall(contrast, contrast.shift.kept).mean())


def p_mrr_control(ranked: RankedTopic) -> float | None:
    """The control of one topic, in -1..1; an unanswered contrast counts as 0."""
    return ranked.over_contrasts(has_kept, kept_fall, unanswered=0.0)


register(
    Measure(
        "p-MRR-control",
        "do documents that stay relevant fall as well? near or below 0 is good",
        topic_columns("p-MRR-control", p_mrr_control),
        low=-1.0,
        higher_is_better=False,
    )
)
