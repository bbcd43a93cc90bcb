"""How the queries of a task become topics and views, and what is measured: one shape for each family.

Query ids are mteb's own everywhere, so that runs made elsewhere fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import BARE, Contrast, Topic, View
from ifir_eval.benchmarks.folder import SEARCH_MEASURES
from ifir_eval.benchmarks.queries import FOLLOWIR_CONTRAST, FOLLOWIR_VIEWS
from ifir_eval.errors import InvalidInputError, Problem

INSTRUCTED = "instructed"
_MOVEMENT = ("p-MRR", "p-MRR-control", "p-MRR-net")
_MTEB_SCORE = re.compile(r"(ndcg|map|mrr|recall)_at_(\d+)")
_FAMILIES = {"ndcg": "nDCG", "map": "MAP", "mrr": "MRR", "recall": "recall"}


class Place(NamedTuple):
    """Where a query belongs: its topic, and which view of it."""

    topic: str
    view: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A family of tasks: where its queries belong, and what is measured. ``measures[0]`` is the primary.

    ``query_of`` gives for the id of a topic that of the query it stands on, which several topics may share.
    """

    place: Callable[[View], Place]
    views: tuple[str, ...]
    measures: tuple[str, ...]
    contrasts: tuple[Contrast, ...] = ()
    query_of: Callable[[str], str] = str

    def topics(self, name: str, queries: Iterable[View]) -> tuple[Topic, ...]:
        """``queries`` grouped into topics, in order of first appearance.

        Raises:
            InvalidInputError: if a query stands twice.
        """
        grouped: dict[str, dict[str, View]] = {}
        problems: list[Problem] = []
        for query in queries:
            topic, view = self.place(query)
            views = grouped.setdefault(topic, {})
            if view in views:
                problems.append(Problem(f"query {query.id!r} stands twice"))
            views[view] = replace(query, name=view)
        if problems:
            raise InvalidInputError(f"benchmark {name!r}", problems)
        return tuple(Topic(topic, views) for topic, views in grouped.items())


def shape_of(task: str, main_score: str) -> Shape:
    """The shape of the mteb task called ``task``; one of no known family is a plain search.

    ``main_score`` is mteb's (``ndcg_at_10``); it decides what a plain search is judged by.
    """
    return _SHAPES.get(task) or Shape(
        _plain, (BARE,), tuple(dict.fromkeys((*_measure_for(main_score), *SEARCH_MEASURES)))
    )


def _measure_for(main_score: str) -> tuple[str, ...]:
    found = _MTEB_SCORE.fullmatch(main_score)
    return (f"{_FAMILIES[found[1]]}@{found[2]}",) if found else ()


def _plain(query: View) -> Place:
    return Place(query.id, INSTRUCTED if query.instruction else BARE)


def _followir(query: View) -> Place:
    for suffix, view in FOLLOWIR_VIEWS.items():
        if query.id.endswith(suffix):
            return Place(query.id.removesuffix(suffix), view)
    return _plain(query)


def _nevir(query: View) -> Place:
    topic, _, view = query.id.partition("_")
    return Place(topic, view)


def _instructir(query: View) -> Place:
    topic, _, number = query.id.partition("_")
    return Place(topic, f"instruction-{number}")


def _leveled(query: View) -> Place:
    """As mteb's level scores: each level stands alone, so that its mean over queries is ours over topics.

    With the levels of a query as views of one topic it would not be: IFIRAila has 85 queries, so that not all
    have three levels.
    """
    level = _level(query.id)
    return Place(query.id, f"level-{level[1:]}" if level else INSTRUCTED)


def _level(query_id: str) -> str:
    return next((level for level in ("v1", "v2", "v3") if level in query_id), "")


def _without_level(query_id: str) -> str:
    return query_id.replace(_level(query_id), "")


def _scored_by(score: str, *others: str) -> Shape:
    return Shape(
        _followir,
        tuple(FOLLOWIR_CONTRAST),
        (*_MOVEMENT, f"score-mteb2-{score}", f"score-mteb1-{score}", score, *others),
        (FOLLOWIR_CONTRAST,),
    )


_FOLLOWIR_MAP = _scored_by("MAP@1000", "nDCG@5", "nDCG@10")
_FOLLOWIR_NDCG = _scored_by("nDCG@5", "MAP@1000", "nDCG@10")
_MFOLLOWIR = Shape(
    _followir, tuple(FOLLOWIR_CONTRAST), (*_MOVEMENT, "nDCG@20", "MAP@1000", "nDCG@10"), (FOLLOWIR_CONTRAST,)
)
_NEVIR = Shape(
    _nevir,
    ("q1", "q2"),
    ("pairwise-accuracy", "swap-accuracy", "topic-lock", "follow-rate", "swap-margin", "nDCG@10"),
    (Contrast("q1", "q2"),),
)
_INSTRUCTIR = Shape(
    _instructir, tuple(f"instruction-{number}" for number in range(1, 11)), ("robustness@10", "nDCG@10")
)
_IFIR_MEASURES = ("nDCG@20", "nDCG@10", "MRR@10", "recall@100")
_LEVELS = Shape(_leveled, ("level-1", "level-2", "level-3"), _IFIR_MEASURES, query_of=_without_level)
_ONE_LEVEL = Shape(_plain, (INSTRUCTED,), _IFIR_MEASURES)
_SHAPES = {
    "Robust04InstructionRetrieval": _FOLLOWIR_MAP,
    "Core17InstructionRetrieval": _FOLLOWIR_MAP,
    "News21InstructionRetrieval": _FOLLOWIR_NDCG,
    "mFollowIR": _MFOLLOWIR,
    "mFollowIRCrossLingual": _MFOLLOWIR,
    "NevIR": _NEVIR,
    "InstructIR": _INSTRUCTIR,
    **dict.fromkeys(("IFIRAila", "IFIRFiQA", "IFIRPm", "IFIRScifact"), _LEVELS),
    **dict.fromkeys(("IFIRCds", "IFIRFire", "IFIRNFCorpus"), _ONE_LEVEL),
}
