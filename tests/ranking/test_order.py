"""The one ranking: score descending as float32, ties by document id descending."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ifir_eval.ranking.order import rank, rank_all
from ifir_eval.ranking.run import Hits

scored = st.dictionaries(st.text(max_size=3), st.integers(-3, 3).map(float))


def hits(scores: dict[str, float]) -> Hits:
    return Hits.of("q", list(scores), list(scores.values()))


@given(scored)
def test_the_order_is_that_of_python_sorting_by_score_and_id(scores: dict[str, float]) -> None:
    expected = sorted(scores, key=lambda document: (scores[document], document), reverse=True)
    ranking = rank(hits(scores))
    assert list(ranking.documents) == expected
    assert ranking.scores.tolist() == [scores[document] for document in expected]
    assert ranking.top(2) == expected[:2]
    assert len(ranking) == len(scores)
    assert ranking.ranks(expected).tolist() == [place + 1 for place in range(len(expected))]
    assert ranking.scores_of(expected).tolist() == ranking.scores.tolist()


def test_ids_are_compared_as_strings() -> None:
    assert rank(hits({"10": 1.0, "9": 1.0, "8": 2.0})).documents == ("8", "9", "10")


def test_scores_that_differ_below_float32_resolution_are_tied() -> None:
    assert rank(hits({"a": 1.0 + 1e-9, "b": 1.0})).documents == ("b", "a")


def test_zero_and_minus_zero_are_tied() -> None:
    assert rank(hits({"a": 0.0, "b": -0.0})).documents == ("b", "a")


def test_an_absent_document_ranks_behind_the_last_one_and_scores_below_all() -> None:
    ranking = rank(hits({"a": 1.0, "b": -1e30}))
    assert ranking.ranks(["c", "a", "d"]).tolist() == [3, 1, 3]
    assert ranking.scores_of(["c", "a"]).tolist() == [-np.inf, 1.0]


def test_nothing_retrieved_is_a_ranking_of_length_0() -> None:
    ranking = rank(hits({}))
    assert (ranking.documents, ranking.top(5), ranking.ranks(["a"]).tolist()) == ((), [], [1])


@given(st.lists(scored, max_size=4))
def test_ranking_many_is_ranking_each(answers: list[dict[str, float]]) -> None:
    together = rank_all(hits(scores) for scores in answers)
    alone = [rank(hits(scores)) for scores in answers]
    for one, other in zip(together, alone, strict=True):
        assert one.documents == other.documents
        assert one.ranks(other.documents).tolist() == other.ranks(other.documents).tolist()
