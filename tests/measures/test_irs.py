"""IRS measures the way from the bare ranking to the ideal one."""

from __future__ import annotations

import math

import pytest
from ranked_examples import ORDERED, SWAPPED, in_order, ranked_topic, value

from ifir_eval.benchmarks.benchmark import Contrast

ADDED = Contrast("bare", "original")
JUDGEMENTS = {"bare": dict.fromkeys("ab", 1), "original": {"a": 1}, "reversed": {"b": 1}}


def irs(original: str, bare: str = "bacd") -> float | None:
    scores = {"bare": in_order(bare), "original": in_order(original)}
    judgements = {view: JUDGEMENTS[view] for view in scores}
    return value("IRS", ranked_topic(judgements, scores, [ADDED]))


def test_the_ideal_ranking_gets_1_and_the_worst_minus_1() -> None:
    assert irs("acdb") == pytest.approx(1)
    assert irs("bcda") == pytest.approx(-1)


def test_an_ignored_instruction_gets_exactly_0() -> None:
    assert irs("bacd") == 0


def test_a_step_towards_the_ideal_gets_its_share_of_the_way() -> None:
    second, fourth = (1 / math.log2(rank + 1) for rank in (2, 4))
    gained = (1 - second) - (second - 1)
    possible = (1 - second) - (fourth - 1)
    assert irs("abcd") == pytest.approx(gained / possible)


def test_where_bare_is_ideal_already_there_is_nothing_to_gain() -> None:
    assert irs("acdb", bare="adcb") == 0


def test_mean_over_the_instructed_views_that_take_part_in_a_contrast() -> None:
    scores = {"bare": in_order("bacd"), "original": in_order("acdb"), "reversed": in_order("bacd")}
    ranked = ranked_topic(JUDGEMENTS, scores, SWAPPED)
    assert value("IRS", ranked) == pytest.approx((1 + 0) / 2)
    with_placebo = ranked_topic(
        {**JUDGEMENTS, "placebo": JUDGEMENTS["bare"]}, {**scores, "placebo": in_order("dcba")}, SWAPPED
    )
    assert value("IRS", with_placebo) == value("IRS", ranked)


def test_an_unanswered_view_counts_as_0_and_a_topic_without_bare_is_not_concerned() -> None:
    scores = {"bare": in_order("bacd"), "original": in_order("acdb")}
    assert value("IRS", ranked_topic(JUDGEMENTS, scores, SWAPPED)) == pytest.approx((1 + 0) / 2)
    judgements = {"original": {"a": 1}, "changed": {"a": 0}}
    assert value("IRS", ranked_topic(judgements, dict.fromkeys(judgements, in_order("ab")), ORDERED)) is None


def test_a_ranking_shorter_than_what_is_wanted_stays_within_1() -> None:
    judgements = {"bare": dict.fromkeys("abcdef", 1), "original": dict.fromkeys("abcde", 1)}
    scores = {"bare": in_order("fxyzuvw"), "original": {"a": 1.0}}
    assert value("IRS", ranked_topic(judgements, scores, [ADDED])) == 1
