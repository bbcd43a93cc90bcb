"""Small ranked topics, and the values that measures give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Topic, View
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import RankedTopic, ranked_topics
from ifir_eval.ranking.run import Hits, Run

Judgements = Mapping[str, Mapping[str, int]]
Scores = Mapping[str, Mapping[str, float]]

ORDERED = (Contrast("original", "changed"),)
SWAPPED = (Contrast("original", "reversed"),)


def ranked_topic(
    judgements: Judgements,
    scores: Scores,
    contrasts: Sequence[Contrast] = ORDERED,
    *,
    name: str = "t",
    grade: int = 1,
) -> RankedTopic:
    """One topic from grades and scores, both by view name; a view without scores is unanswered.

    Every view but ``bare`` has an instruction. Scores go straight into `Hits`, unchecked.
    """
    views = {
        view: View(f"{name}-{view}", view, "concerts", "" if view == "bare" else f"Only {view}.", grades)
        for view, grades in judgements.items()
    }
    benchmark = Benchmark(
        name="example",
        version="1",
        licence="",
        source="",
        corpus={},
        topics=(Topic(name, views),),
        measures=("p-MRR",),
        primary="p-MRR",
        contrasts=tuple(contrasts),
        relevant_grade=grade,
    )
    run = Run({f"{name}-{view}": hits(given) for view, given in scores.items()})
    return ranked_topics(benchmark, run)[0]


def hits(scores: Mapping[str, float]) -> Hits:
    """The given scores as they are, without the checks at the door."""
    return Hits(tuple(scores), np.array(list(scores.values()), dtype=np.float32))


def in_order(documents: str) -> dict[str, float]:
    """Scores that rank documents with names of one letter as they stand: ``in_order("bac")``."""
    return {document: float(-place) for place, document in enumerate(documents)}


def columns(topics: Sequence[RankedTopic], *measures: str) -> dict[str, dict[str, float]]:
    """All columns of the named measures: column -> topic -> value."""
    return {
        column: dict(values) for measure in find(measures) for column, values in measure.columns(topics).items()
    }


def value(measure: str, ranked: RankedTopic) -> float | None:
    """What a measure gives a topic in the column of its own name; None where it does not concern it."""
    return columns([ranked], measure)[measure].get(ranked.topic.id)
