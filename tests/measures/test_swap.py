"""The swap family and pairwise accuracy: chance, blindness, perfection, ties."""

from __future__ import annotations

import numpy as np
import pytest
from ranked_examples import SWAPPED, Scores, columns, in_order, ranked_topic, value

from ifir_eval.measures.ranked import RankedTopic

JUDGEMENTS = {"original": {"a": 1, "b": 0}, "reversed": {"a": 0, "b": 1}}
FAMILY = ("swap-accuracy", "topic-lock", "follow-rate", "swap-margin", "pairwise-accuracy")


def pair(original: dict[str, float], reversed_: dict[str, float]) -> RankedTopic:
    return ranked_topic(JUDGEMENTS, {"original": original, "reversed": reversed_}, SWAPPED)


def family(ranked: RankedTopic) -> list[float | None]:
    return [value(measure, ranked) for measure in FAMILY]


def test_a_retriever_that_follows_gets_everything_right() -> None:
    # Scores 0, -1, -2 have the standard deviation sqrt(2/3); the margin moves from 1 to -1.
    margin = pytest.approx(1 / np.sqrt(2 / 3))
    assert family(pair(in_order("abc"), in_order("bac"))) == [1, 0, 1, margin, 1]


def test_an_instruction_blind_retriever_gets_swap_accuracy_0_and_topic_lock_1() -> None:
    assert family(pair(in_order("abc"), in_order("abc"))) == [0, 1, 0.5, 0, 0]


def test_a_retriever_that_does_the_opposite_gets_nothing_right() -> None:
    margin = pytest.approx(-1 / np.sqrt(2 / 3))
    assert family(pair(in_order("bac"), in_order("abc"))) == [0, 0, 0, margin, 0]


def test_a_constant_score_prefers_nothing_and_follows_at_chance() -> None:
    """Old wrong number: follow rate 0.416, below chance, for a BM25 that was merely blind and often tied."""
    constant = {"a": 1.0, "b": 1.0, "c": 1.0}
    assert family(pair(constant, constant)) == [0, 0, 0.5, 0, 0]


def test_a_tie_is_wrong_for_swap_accuracy_and_goes_by_document_id_for_pairwise_accuracy() -> None:
    ranked = pair(in_order("abc"), {"a": 0.0, "b": 0.0, "c": 1.0})
    assert value("swap-accuracy", ranked) == 0
    assert value("pairwise-accuracy", ranked) == 1


def test_a_random_retriever_gets_a_quarter_right() -> None:
    generator = np.random.default_rng(0)

    def scores() -> dict[str, float]:
        return dict(zip("abcdef", generator.random(6).tolist(), strict=True))

    drawn: list[Scores] = [{"original": scores(), "reversed": scores()} for _ in range(2000)]
    topics = [ranked_topic(JUDGEMENTS, given, SWAPPED, name=str(n)) for n, given in enumerate(drawn)]
    chances = {"swap-accuracy": 0.25, "pairwise-accuracy": 0.25, "topic-lock": 0.5, "follow-rate": 0.5}
    for measure, chance in chances.items():
        mean = np.mean(list(columns(topics, measure)[measure].values()))
        assert mean == pytest.approx(chance, abs=0.03), measure


def test_every_pair_of_a_lost_and_a_gained_document_counts() -> None:
    judgements = {"original": dict.fromkeys("ab", 1), "reversed": dict.fromkeys("cd", 1)}
    scores = {"original": in_order("acbd"), "reversed": in_order("cabd")}
    ranked = ranked_topic(judgements, scores, SWAPPED)
    # Before, a beats c and d, b beats d. After, c beats a and b, d beats none.
    assert value("swap-accuracy", ranked) == pytest.approx(1 / 4)
    assert value("follow-rate", ranked) == pytest.approx((3 + 2) / 8)


def test_swap_margin_does_not_depend_on_the_scale_of_the_scores() -> None:
    ranked = [
        pair({"a": 3 * scale, "b": scale, "c": 0.0}, {"a": scale, "b": 2 * scale, "c": 0.0})
        for scale in (1.0, 1000.0)
    ]
    assert value("swap-margin", ranked[0]) == pytest.approx(value("swap-margin", ranked[1]))


def test_an_absent_document_loses_to_any_that_is_found() -> None:
    ranked = pair({"a": -5.0, "c": 1.0}, {"b": -5.0, "c": 1.0})
    assert value("swap-accuracy", ranked) == 1
    assert value("swap-margin", ranked) == 0  # it stands with the lowest score found, so no margin


def test_a_contrast_that_only_loses_documents_has_no_pair_to_swap() -> None:
    judgements = {"original": {"a": 1}, "reversed": {"a": 0}}
    ranked = ranked_topic(judgements, {"original": in_order("ab"), "reversed": in_order("ba")}, SWAPPED)
    assert family(ranked) == [None] * 5
