"""SICR and WISE follow InfoSearch's text; the released variants its code."""

from __future__ import annotations

import math

import pytest
from ranked_examples import in_order, ranked_topic, value

from ifir_eval.measures.ranked import RankedTopic
from ifir_eval.measures.wise import penalty, reward

GOLD = {"original": {"g": 1, "n": 1}, "instructed": {"g": 1, "n": 0}, "reversed": {"g": 0, "n": 1}}


def moved(original: int, instructed: int, reversed_: int) -> RankedTopic:
    """One gold document at these ranks of 30; original mode has two relevant documents."""

    def at(rank: int) -> dict[str, float]:
        others = [*"abcdefhijklmnopqrstuvwxyzABCD"]
        return {name: float(-i) for i, name in enumerate([*others[: rank - 1], "g", *others[rank - 1 :]])}

    scores = {"original": at(original), "instructed": at(instructed), "reversed": at(reversed_)}
    return ranked_topic(GOLD, scores, ())


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ((2, 1, 5), 1.0),  # within the positives and led to the top
        ((5, 1, 9), 1 - math.sqrt(4) / 20),
        ((5, 4, 9), (1 - math.sqrt(1) / 20) / math.sqrt(4)),
        ((25, 1, 30), 0.01),
        ((5, 9, 1), -1.0),
        ((5, 10, 20), -0.5),
        ((5, 2, 3), -0.4),
        ((4, 4, 4), 0.0),
    ],
)
def test_wise_rewards_and_penalises_as_the_paper_says(ranks: tuple[int, int, int], expected: float) -> None:
    assert value("WISE", moved(*ranks)) == pytest.approx(expected)


def test_the_released_wise_demands_a_rank_below_the_number_of_positives() -> None:
    """Old wrong number for an original rank of 2 with two positives: 0.95 instead of 1."""
    assert value("WISE", moved(2, 1, 5)) == 1
    assert value("WISE-released", moved(2, 1, 5)) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("ranks", "complies"),
    [((3, 2, 4), 1), ((3, 3, 4), 0), ((3, 2, 3), 0), ((1, 1, 2), 1), ((1, 1, 1), 0), ((1, 2, 3), 0)],
)
def test_sicr_demands_a_rise_and_a_fall(ranks: tuple[int, int, int], complies: int) -> None:
    assert value("SICR", moved(*ranks)) == complies


def test_sicr_demands_them_of_the_scores_as_well() -> None:
    scores = {
        "original": {"g": 5.0, "n": 6.0, "z": 0.0},
        "instructed": {"g": 5.0, "n": 4.0, "z": 0.0},
        "reversed": {"g": 1.0, "n": 6.0, "z": 2.0},
    }
    assert value("SICR", ranked_topic(GOLD, scores, ())) == 0
    scores["instructed"]["g"] = 5.5
    assert value("SICR", ranked_topic(GOLD, scores, ())) == 1


def test_the_released_sicr_counts_the_last_gold_document_only() -> None:
    judgements = {
        "original": {"g": 1, "h": 1, "n": 1},
        "instructed": {"g": 1, "h": 1, "n": 0},
        "reversed": {"g": 0, "h": 0, "n": 1},
    }
    scores = {
        "original": {"g": 3.0, "h": 4.0, "n": 5.0, "z": 1.0},
        "instructed": {"g": 3.5, "h": 5.0, "n": 2.0, "z": 1.0},
        "reversed": {"g": 1.0, "h": 2.0, "n": 5.0, "z": 2.5},
    }
    ranked = ranked_topic(judgements, scores, ())
    assert value("SICR", ranked) == 1
    assert value("SICR-released", ranked) == 0.5


def test_without_an_instructed_view_the_modes_are_bare_original_and_reversed() -> None:
    judgements = {"bare": GOLD["original"], "original": GOLD["instructed"], "reversed": GOLD["reversed"]}
    scores = {"bare": in_order("nagb"), "original": in_order("gnab"), "reversed": in_order("nabg")}
    ranked = ranked_topic(judgements, scores, ())
    assert value("SICR", ranked) == 1
    assert value("WISE", ranked) == pytest.approx(1 - math.sqrt(2) / 20)


def test_an_unanswered_mode_counts_as_0_and_missing_modes_do_not_concern() -> None:
    scores = {"original": in_order("ng"), "instructed": in_order("gn")}
    unanswered = ranked_topic(GOLD, scores, ())
    assert [value(name, unanswered) for name in ("SICR", "WISE")] == [0, 0]
    elsewhere = ranked_topic({"original": {"g": 1}}, {"original": in_order("g")}, ())
    assert [value(name, elsewhere) for name in ("SICR", "WISE")] == [None, None]


@pytest.mark.parametrize("original", range(1, 41))
def test_no_reward_beats_1_and_no_penalty_minus_1(original: int) -> None:
    for instructed in range(1, 41):
        if instructed <= original:
            assert 0 < reward(original, instructed, top=5) <= 1
        for reversed_ in range(1, 41):
            if not instructed <= original < reversed_:
                assert -1 <= penalty(original, instructed, reversed_) <= 0
