"""robustness@k: how well is the topic served under its worst view? (InstructIR, arXiv 2402.14334).

The minimum nDCG@k over a topic's views. Range 0..1; an unanswered view counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ifir_eval.measures.measure import Columns, Measure, register_at
from ifir_eval.measures.ranked import RankedTopic
from ifir_eval.measures.trec_eval import view_values


def _columns(topics: Sequence[RankedTopic], k: int) -> Columns:
    values = view_values(topics, f"ndcg_cut_{k}", k)
    return {f"robustness@{k}": {topic: min(by_view.values()) for topic, by_view in values.items()}}


def robustness_at(k: int) -> Measure:
    """The measure ``robustness@k``."""
    return Measure(f"robustness@{k}", f"nDCG@{k} of the topic's worst view", partial(_columns, k=k))


register_at("robustness@k", robustness_at)
