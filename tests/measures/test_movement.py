"""p-MRR with its control and difference: traps, and agreement with mteb."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ranked_examples import columns, in_order, ranked_topic, value

from ifir_eval.benchmarks.benchmark import Contrast
from ifir_eval.measures.ranked import RankedTopic

Scores = np.typing.NDArray[np.float64]


def topic_mean(measure: str, topics: list[RankedTopic]) -> float:
    return float(np.mean(list(columns(topics, measure)[measure].values())))


def fifty_topics(second: Callable[[np.random.Generator, Scores], Scores]) -> list[RankedTopic]:
    """Right-skewed scores as retrievers give them (Gumbel, sd 1) for 1,000 candidates, then ``second``'s.

    In the first ranking's top 30 stand ten documents that lose relevance and ten that keep it.
    """
    generator = np.random.default_rng(0)
    names = [f"d{i:03d}" for i in range(1000)]
    topics = []
    for number in range(50):
        scores = generator.gumbel(size=1000) / (np.pi / np.sqrt(6))
        chosen = generator.choice(np.argsort(-scores)[:30], 20, replace=False)
        lost, kept = ([names[i] for i in some] for some in (chosen[:10], chosen[10:]))
        topics.append(
            ranked_topic(
                {
                    "original": dict.fromkeys([*lost, *kept], 1),
                    "changed": {**dict.fromkeys(lost, 0), **dict.fromkeys(kept, 1)},
                },
                {
                    "original": dict(zip(names, scores.tolist(), strict=True)),
                    "changed": dict(zip(names, second(generator, scores).tolist(), strict=True)),
                },
                name=str(number),
            )
        )
    return topics


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda generator, scores: generator.random(len(scores)), 0.91),
        (lambda _, scores: -scores, 0.98),
        (lambda generator, scores: scores + generator.normal(scale=0.5, size=len(scores)), 0.13),
    ],
    ids=["a random second ranking", "a reversed one", "noise of half a standard deviation"],
)
def test_p_mrr_alone_rewards_damage_and_its_control_exposes_it(
    damage: Callable[[np.random.Generator, Scores], Scores], expected: float
) -> None:
    topics = fifty_topics(damage)
    assert topic_mean("p-MRR", topics) == pytest.approx(expected, abs=0.03)
    assert topic_mean("p-MRR-control", topics) == pytest.approx(expected, abs=0.05)
    assert topic_mean("p-MRR-net", topics) == pytest.approx(0, abs=0.05)


def test_documents_that_gain_relevance_count_the_other_way() -> None:
    judgements = {"original": {"a": 1, "b": 0}, "changed": {"a": 0, "b": 1}}
    followed = ranked_topic(judgements, {"original": in_order("abc"), "changed": in_order("bca")})
    # a falls from 1 to 3: 1 - 1/3; b rises from 2 to 1: 1 - 1/2.
    assert value("p-MRR", followed) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_p_mrr_is_the_mean_over_documents_then_contrasts() -> None:
    ranked = ranked_topic(
        {"one": {"a": 1, "b": 1}, "two": {"a": 0, "b": 1}, "three": {"a": 0, "b": 0}},
        {"one": in_order("abc"), "two": in_order("bac"), "three": in_order("cba")},
        [Contrast("one", "two"), Contrast("one", "three")],
    )
    # one>two: a from 1 to 2. one>three: a from 1 to 3, b stays second.
    assert value("p-MRR", ranked) == pytest.approx((1 / 2 + (2 / 3 + 0) / 2) / 2)


def test_the_control_looks_at_documents_relevant_in_both_views() -> None:
    ranked = ranked_topic(
        {"original": {"a": 1, "b": 1, "c": 0}, "changed": {"a": 0, "b": 1, "c": 0}},
        {"original": in_order("abc"), "changed": in_order("cab")},
    )
    assert value("p-MRR", ranked) == pytest.approx(1 / 2)
    assert value("p-MRR-control", ranked) == pytest.approx(1 / 3)
    assert value("p-MRR-net", ranked) == pytest.approx(1 / 2 - 1 / 3)


def test_net_takes_nothing_off_where_p_mrr_cancels_damage_itself() -> None:
    """Old wrong number: -0.425 for a noisy second view in which lost, gained and kept documents fall alike."""
    ranked = ranked_topic(
        {"original": {"a": 1, "b": 0, "c": 1}, "changed": {"a": 0, "b": 1, "c": 1}},
        {"original": in_order("abcxyz"), "changed": in_order("xyzabc")},
    )
    moved = (1 - 1 / 4) / 2 - (1 - 2 / 5) / 2
    assert value("p-MRR", ranked) == pytest.approx(moved)
    assert value("p-MRR-control", ranked) == pytest.approx(1 / 2)
    assert value("p-MRR-net", ranked) == pytest.approx(moved)


def test_a_topic_without_changed_documents_contributes_nothing() -> None:
    ranked = ranked_topic(
        {"original": {"a": 1}, "changed": {"a": 1}},
        {"original": in_order("ab"), "changed": in_order("ba")},
    )
    assert value("p-MRR", ranked) is None
    assert value("p-MRR-net", ranked) is None
    assert value("p-MRR-control", ranked) == pytest.approx(1 / 2)


def test_a_missing_query_counts_as_0_where_mteb_leaves_the_topic_out() -> None:
    """Old wrong number: 0.75 over the one answered topic of two."""
    judgements = {"original": {"a": 1}, "changed": {"a": 0}}
    answered = ranked_topic(
        judgements, {"original": in_order("abcd"), "changed": in_order("bcda")}, name="answered"
    )
    silent = ranked_topic(judgements, {"original": in_order("abcd")}, name="silent")
    assert columns([answered, silent], "p-MRR")["p-MRR"] == {"answered": 0.75, "silent": 0.0}


def test_agrees_with_mteb_on_random_runs_with_ties_and_absent_documents() -> None:
    from mteb._evaluators.retrieval_metrics import calculate_pmrr  # noqa: PLC0415 - takes seconds to import

    generator = np.random.default_rng(3)
    names = np.array([f"d{i}" for i in range(40)])
    topics: list[RankedTopic] = []
    before: dict[str, dict[str, float]] = {}
    after: dict[str, dict[str, float]] = {}
    lost: dict[str, list[str]] = {}
    for number in range(200):
        query = str(number)
        levels = int(generator.integers(2, 100))
        for run, suffix in ((before, "-og"), (after, "-changed")):
            found = generator.permutation(names)[: generator.integers(20, 41)]
            scores = generator.integers(levels, size=len(found)) / 8
            run[query + suffix] = dict(zip(found.tolist(), scores.tolist(), strict=True))
        lost[query] = generator.choice(names, generator.integers(1, 8), replace=False).tolist()
        topics.append(
            ranked_topic(
                {"original": dict.fromkeys(lost[query], 1), "changed": dict.fromkeys(lost[query], 0)},
                {"original": before[query + "-og"], "changed": after[query + "-changed"]},
                name=query,
            )
        )
    assert topic_mean("p-MRR", topics) == pytest.approx(calculate_pmrr(before, after, lost), abs=1e-12)
