"""The two ends of every scale: random scores and the oracle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from small_benchmarks import benchmark

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import silent
from ifir_eval.ranking.order import rank
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.oracle import Oracle
from ifir_eval.retrievers.random_scores import RandomScores

MANY = {f"d{number}": f"text {number}" for number in range(20_000)}


def draw(seed: int, asked: Benchmark) -> dict[str, dict[str, float]]:
    hits = RandomScores(f"random:{seed}", seed).answer(asked, silent).run.hits
    return {query: dict(zip(of.documents, of.scores.tolist(), strict=True)) for query, of in hits.items()}


def drawn_for_many(seed: int, query: str) -> NDArray[np.float64]:
    scores = draw(seed, benchmark(MANY, candidates=tuple(MANY)))[query]
    return np.array([scores[document] for document in MANY])


def test_a_random_score_depends_on_seed_query_and_document_alone() -> None:
    few = draw(7, benchmark(candidates=("d2", "d1")))["q-original"]
    more = draw(7, benchmark(candidates=("d1", "d2", "d3", "d4")))["q-original"]
    assert few == {document: more[document] for document in few}


def test_random_scores_are_uniform() -> None:
    """Kolmogorov-Smirnov against the uniform distribution, fixed seed."""
    from scipy.stats import kstest  # noqa: PLC0415 - heavy

    assert kstest(drawn_for_many(0, "q-original"), "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    ("first", "second"),
    [((0, "q-original"), (0, "q-changed")), ((0, "q-original"), (1, "q-original"))],
    ids=["two views", "two seeds"],
)
def test_random_scores_of_two_views_or_seeds_are_unrelated(
    first: tuple[int, str], second: tuple[int, str]
) -> None:
    correlation = np.corrcoef(drawn_for_many(*first), drawn_for_many(*second))[0, 1]
    assert abs(correlation) < 3 / np.sqrt(len(MANY))


@pytest.mark.parametrize("argument", ["", "x", "-1", "1.5", pytest.param("9" * 5000, id="5000 digits")])
def test_random_asks_for_a_whole_number(argument: str) -> None:
    with pytest.raises(RetrieverError, match="write random:0"):
        RandomScores.build(f"random:{argument}", argument, Options())


def with_judgements(judgements: dict[str, int]) -> Benchmark:
    asked = benchmark(instructions={"bare": ""}, candidates=("d1", "d2", "d3", "d4"))
    topic = asked.topics[0]
    view: View = replace(topic.views["bare"], judgements=judgements)
    return replace(asked, topics=(replace(topic, views={"bare": view}),))


@pytest.mark.parametrize(
    ("judgements", "order"),
    [
        ({"d1": 0, "d3": 1, "d2": 2}, ("d2", "d3", "d1", "d4")),
        ({"d1": -2, "d3": 1, "d2": 0}, ("d3", "d2", "d1", "d4")),
    ],
)
def test_the_oracle_ranks_by_grade_and_the_unjudged_last(
    judgements: dict[str, int], order: tuple[str, ...]
) -> None:
    hits = Oracle().answer(with_judgements(judgements), silent).run.hits["q-bare"]
    assert rank(hits).documents == order
