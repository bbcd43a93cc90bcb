"""nDCG@k, MAP@k, MRR@k and recall@k, computed by trec_eval through ``pytrec_eval``.

Each is measured for every view of a topic by that view's own judgements (``nDCG@10[original]``); the
column without a view, ``nDCG@10``, is the mean over the topic's views. Range 0..1.

nDCG takes grades as linear gains, the others count documents of the benchmark's relevant grade and above
as relevant; a negative grade gains nothing. A view without relevant documents scores 0, as trec_eval has
it. So does one that the run lacks: pytrec_eval would drop it, which flatters the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytrec_eval

from ifir_eval.measures.measure import Columns, Measure, register_at
from ifir_eval.measures.ranked import RankedTopic


def view_values(topics: Sequence[RankedTopic], trec_name: str, k: int) -> dict[str, dict[str, float]]:
    """trec_eval's measure ``trec_name`` over the first ``k`` documents of every view, in one pass.

    Returns:
        topic id -> view name -> value; every view of every topic has one.
    """
    if not topics:
        return {}
    judgements = {view.id: dict(view.judgements) for ranked in topics for view in ranked.topic.views.values()}
    evaluator = pytrec_eval.RelevanceEvaluator(
        judgements, {trec_name}, relevance_level=topics[0].relevant_grade
    )
    longest = max((len(ranking) for ranked in topics for ranking in ranked.rankings.values()), default=0)
    # Our ranks stand in for scores, so that there is no tie left for trec_eval to break; and cut at k, no
    # measure can see further, reciprocal rank included, which has no cutoff of its own there.
    falling = [float(-place) for place in range(min(k, longest))]
    answered = evaluator.evaluate(
        {
            ranked.topic.views[name].id: dict(zip(ranking.top(k), falling, strict=False))
            for ranked in topics
            for name, ranking in ranked.rankings.items()
        }
    )
    # One value for each query, whatever its name: trec_eval writes a cutoff of 2**63 and above as 2**63 - 1.
    values = {query: next(iter(found.values())) for query, found in answered.items()}
    return {
        ranked.topic.id: {name: values.get(view.id, 0.0) for name, view in ranked.topic.views.items()}
        for ranked in topics
    }


def _columns(topics: Sequence[RankedTopic], name: str, trec_name: str, k: int) -> Columns:
    columns: dict[str, dict[str, float]] = {name: {}}
    for topic, values in view_values(topics, trec_name, k).items():
        columns[name][topic] = sum(values.values()) / len(values)
        for view, value in values.items():
            columns.setdefault(f"{name}[{view}]", {})[topic] = value
    return columns


def _measure_at(k: int, family: str, trec_name: str, summary: str) -> Measure:
    name = f"{family}@{k}"
    return Measure(name, summary, partial(_columns, name=name, trec_name=trec_name.format(k=k), k=k))


for _family, _trec_name, _summary in (
    ("nDCG", "ndcg_cut_{k}", "are documents of high grade ranked high?"),
    ("MAP", "map_cut_{k}", "mean precision at the ranks of the relevant documents"),
    ("MRR", "recip_rank", "one over the rank of the first relevant document"),
    ("recall", "recall_{k}", "share of the relevant documents that are found"),
):
    register_at(f"{_family}@k", partial(_measure_at, family=_family, trec_name=_trec_name, summary=_summary))
