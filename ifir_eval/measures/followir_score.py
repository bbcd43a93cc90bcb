"""score-mteb2-MAP@k and score-mteb1-MAP@k (and nDCG@k): FollowIR's "Score" under the labels of either mteb.

FollowIR's Score is MAP@1000 (Robust04, Core17) or nDCG@5 (News21) of the view ``original``. In mteb 1.x the
loader exchanged the two views' judgements, so that every Score published up to 2025 is the original ranking
against the judgements of the view ``changed`` (docs/methods.md, section 3). Range 0..1; never compare one with
the other.

- ``score-mteb2-*``: original ranking, original judgements. Right, and what mteb 2 computes.
- ``score-mteb1-*``: original ranking, changed judgements. Only for a look at figures from before mteb 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ifir_eval.benchmarks.benchmark import ORIGINAL
from ifir_eval.measures.measure import Columns, Measure, register_at
from ifir_eval.measures.ranked import RankedTopic
from ifir_eval.measures.trec_eval import view_values

CHANGED = "changed"


def _judged_by(ranked: RankedTopic, labels: str) -> RankedTopic:
    """The original view alone, with its own ranking and the judgements of the view ``labels``."""
    views = ranked.topic.views
    original = replace(views[ORIGINAL], judgements=views[labels].judgements)
    answered = {name: ranking for name, ranking in ranked.rankings.items() if name == ORIGINAL}
    return replace(ranked, topic=replace(ranked.topic, views={ORIGINAL: original}), rankings=answered)


def _columns(topics: Sequence[RankedTopic], name: str, trec_name: str, k: int, labels: str) -> Columns:
    judged = [_judged_by(ranked, labels) for ranked in topics if ranked.asks(ORIGINAL, CHANGED)]
    values = view_values(judged, trec_name, k)
    return {name: {topic: value[ORIGINAL] for topic, value in values.items()}}


def _score_at(k: int, family: str, trec_name: str, labels: str, summary: str) -> Measure:
    name = f"{family}@{k}"
    columns = partial(_columns, name=name, trec_name=trec_name.format(k=k), k=k, labels=labels)
    return Measure(name, summary, columns)


for _version, _labels, _summary in (
    ("mteb2", ORIGINAL, "FollowIR's Score: original ranking, original judgements (as mteb 2)"),
    ("mteb1", CHANGED, "FollowIR's Score as published up to 2025: original ranking, changed judgements"),
):
    for _metric, _trec_name in (("MAP", "map_cut_{k}"), ("nDCG", "ndcg_cut_{k}")):
        _family = f"score-{_version}-{_metric}"
        register_at(
            f"{_family}@k",
            partial(_score_at, family=_family, trec_name=_trec_name, labels=_labels, summary=_summary),
        )
