"""right-rank and violations@k look at the view after a contrast only."""

from __future__ import annotations

import pytest
from ranked_examples import in_order, ranked_topic, value

from ifir_eval.measures.ranked import RankedTopic

JUDGEMENTS = {"original": dict.fromkeys("abx", 1), "changed": {"a": 1, "b": 1, "x": 0, "c": 1}}


def after(order: str) -> RankedTopic:
    return ranked_topic(JUDGEMENTS, {"changed": in_order(order)})


def test_right_rank_is_the_share_of_relevant_documents_above_the_excluded_one() -> None:
    assert value("right-rank", after("abcx")) == 1
    assert value("right-rank", after("axbc")) == pytest.approx(1 / 3)
    assert value("right-rank", after("xabc")) == 0


def test_a_pair_that_was_not_found_at_all_is_not_right() -> None:
    assert value("right-rank", after("zy")) == 0


def test_violations_is_1_exactly_if_an_excluded_document_is_in_the_top_k() -> None:
    assert value("violations@2", after("axbc")) == 1
    assert value("violations@1", after("axbc")) == 0
    assert value("violations@10", after("abc")) == 0


def test_an_unanswered_view_after_counts_as_wrong_and_as_a_violation() -> None:
    ranked = ranked_topic(JUDGEMENTS, {"original": in_order("abcx")})
    assert value("right-rank", ranked) == 0
    assert value("violations@10", ranked) == 1


def test_a_topic_that_excludes_nothing_is_not_concerned() -> None:
    ranked = ranked_topic({"original": {"a": 1}, "changed": {"a": 1}}, {"changed": in_order("ab")})
    assert value("right-rank", ranked) is None
    assert value("violations@10", ranked) is None
