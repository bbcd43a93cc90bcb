"""FollowIR's Score under either labels: the original ranking, judged twice."""

from __future__ import annotations

import pytest
from ranked_examples import in_order, ranked_topic

from ifir_eval.measures.measure import find

GRADES = {"original": {"a": 1, "b": 3, "c": 0}, "changed": {"a": 1, "b": 0, "c": 0}}


def scores(ranked_views: dict[str, dict[str, float]]) -> dict[str, float]:
    """Column -> value of one topic."""
    topic = ranked_topic(GRADES, ranked_views)
    measures = find(
        ["score-mteb2-MAP@1000", "score-mteb1-MAP@1000", "score-mteb2-nDCG@5", "score-mteb1-nDCG@5"]
    )
    return {name: values["t"] for measure in measures for name, values in measure.columns([topic]).items()}


def test_the_original_ranking_is_judged_by_either_view() -> None:
    """The changed ranking, however good, has no part in it."""
    assert scores({"original": in_order("bca"), "changed": in_order("abc")}) == pytest.approx(
        {
            "score-mteb2-MAP@1000": (1 + 2 / 3) / 2,
            "score-mteb1-MAP@1000": 1 / 3,
            "score-mteb2-nDCG@5": (3 + 1 / 2) / (3 + 1 / 1.5849625),
            "score-mteb1-nDCG@5": 1 / 2,
        }
    )


def test_an_unanswered_original_counts_as_nothing_found() -> None:
    """Even where the changed view was answered."""
    assert set(scores({"changed": in_order("abc")}).values()) == {0.0}


def test_topics_without_both_views_are_left_out() -> None:
    """InfoSearch's modes, for one, are no FollowIR."""
    topic = ranked_topic({"original": {"a": 1}, "reversed": {"a": 0}}, {"original": in_order("ab")}, ())
    (measure,) = find(["score-mteb1-MAP@1000"])
    assert measure.columns([topic]) == {"score-mteb1-MAP@1000": {}}
