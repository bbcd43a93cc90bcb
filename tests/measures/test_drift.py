"""Drift is one minus Webber's extrapolated rank-biased overlap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ranked_examples import hits, in_order, ranked_topic, value

from ifir_eval.measures.drift import rank_biased_distance
from ifir_eval.ranking.order import rank

orders = st.permutations("abcdefghijkl").flatmap(
    lambda letters: st.integers(1, len(letters)).map(lambda length: "".join(letters[:length]))
)


def distance(one: str, other: str, p: float = 0.9) -> float:
    return rank_biased_distance(rank(hits(in_order(one))), rank(hits(in_order(other))), p)


def overlap_as_defined(one: str, other: str, p: float, depth: int = 2000) -> float:
    """RBO summed to ``depth``, both lists agreeing beyond their ends at the rate that they had reached.

    The assumption that equation 32 puts into closed form: the short list goes on at its agreement with
    the long one, and beyond both the agreement stays.
    """
    short, long = sorted((one, other), key=len)
    common = [len(set(short[:d]) & set(long[:d])) for d in range(len(long) + 1)]
    total, agreement = 0.0, 0.0
    for d in range(1, depth + 1):
        if d <= len(long):
            assumed = common[len(short)] / len(short) * max(d - len(short), 0)
            agreement = (common[d] + assumed) / d
        total += (1 - p) * p ** (d - 1) * agreement
    return total


@given(orders, orders, st.sampled_from([0.5, 0.9, 0.98]))
def test_agrees_with_the_definition_summed_to_depth_2000(one: str, other: str, p: float) -> None:
    assert distance(one, other, p) == pytest.approx(1 - overlap_as_defined(one, other, p), abs=1e-9)


@given(orders, orders)
def test_is_symmetric_and_exactly_0_for_equal_rankings(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert distance(one, one) == 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ab", "ba", 0.1),  # they agree fully from depth 2 on, which weighs p = 0.9
        ("abc", "xyz", 1.0),
        ("a", "ab", 0.0),
        ("b", "ab", 0.55),  # 0.5 of agreement from depth 2 on
    ],
)
def test_small_cases_by_hand(one: str, other: str, expected: float) -> None:
    assert distance(one, other) == pytest.approx(expected)


def test_paraphrase_drift_compares_original_and_placebo_drift_bare() -> None:
    views = {name: {"a": 1} for name in ("bare", "original", "paraphrase", "placebo")}
    scores = dict.fromkeys(views, in_order("ab"))
    assert value("paraphrase-drift", ranked_topic(views, scores)) == 0
    moved = {**scores, "paraphrase": in_order("ba")}
    assert value("paraphrase-drift", ranked_topic(views, moved)) == pytest.approx(0.1)
    assert value("placebo-drift", ranked_topic(views, moved)) == 0
    moved = {**scores, "bare": in_order("ba")}
    assert value("placebo-drift", ranked_topic(views, moved)) == pytest.approx(0.1)


def test_an_unanswered_or_empty_view_drifts_as_far_as_can_be() -> None:
    views = {"original": {"a": 1}, "paraphrase": {"a": 1}}
    assert value("paraphrase-drift", ranked_topic(views, {"original": in_order("ab")})) == 1
    assert value("paraphrase-drift", ranked_topic(views, {"original": in_order("ab"), "paraphrase": {}})) == 1


def test_a_topic_without_the_views_is_not_concerned() -> None:
    ranked = ranked_topic({"original": {"a": 1}}, {"original": in_order("ab")})
    assert value("paraphrase-drift", ranked) is None
