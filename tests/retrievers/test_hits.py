"""From scores to hits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_benchmarks import TEXTS, benchmark

from ifir_eval.benchmarks.benchmark import View
from ifir_eval.ranking.order import rank
from ifir_eval.ranking.run import Hits
from ifir_eval.retrievers.hits import DEPTH, answer_with, hits_of

WHOLE_CORPUS = View("q", "bare", "choirs", "", {"d1": 1})


@settings(max_examples=30)
@given(st.lists(st.integers(0, 5), min_size=DEPTH - 2, max_size=DEPTH + 30))
def test_a_search_keeps_exactly_the_head_of_the_whole_ranking(scores: list[int]) -> None:
    """Ties at the edge fall as the ranking's own tie rule says."""
    documents = [f"d{number}" for number in range(len(scores))]
    whole = rank(Hits.of("q", documents, scores)).documents
    assert rank(hits_of(WHOLE_CORPUS, documents, scores)).documents == whole[:DEPTH]


def test_a_candidate_list_is_never_cut() -> None:
    documents = tuple(f"d{number}" for number in range(DEPTH + 500))
    view = View("q", "bare", "choirs", "", {"d1": 1}, candidates=documents)
    assert len(hits_of(view, documents, np.zeros(DEPTH + 500)).documents) == DEPTH + 500


def test_excluded_documents_are_left_out_before_a_search_is_cut() -> None:
    """The best ones cost no place of the head: cut first, ten excluded documents left 990 (BRIGHT's AoPS)."""
    documents = tuple(f"d{number}" for number in range(DEPTH + 50))
    view = View("q", "bare", "choirs", "", {"d1": 1}, excluded=frozenset(documents[-10:]))
    ranked = rank(hits_of(view, documents, np.arange(DEPTH + 50.0))).documents
    assert ranked == tuple(reversed(documents[40:-10]))


def test_foreign_scores_are_fitted_to_the_candidates_and_the_misfit_is_counted() -> None:
    answer = answer_with(
        benchmark(), {"q-original": {"d1": 1.0, "d5": 3.0}, "q-changed": {"d1": 1.0, "d2": 2.0, "d3": 0.0}}
    )
    assert answer.run.hits["q-original"].documents == ("d1",)
    assert answer.counts == {"documents_dropped": 1, "candidates_unscored": 2}
    assert answer.warnings == (
        "1 documents are not among their query's candidates and were dropped",
        "2 candidates have no score and rank below all that have one",
    )


def test_a_query_left_without_documents_counts_as_not_answered() -> None:
    answer = answer_with(benchmark(), {"q-original": {"d5": 3.0}, "q-changed": {"d1": 1.0}})
    assert answer.run.hits.keys() == {"q-changed"}


@pytest.mark.parametrize("candidates", [None, tuple(TEXTS)])
def test_scores_that_fit_give_no_warning(candidates: tuple[str, ...] | None) -> None:
    scores = dict.fromkeys(TEXTS, 0.5)
    answer = answer_with(benchmark(candidates=candidates), {"q-original": scores, "q-changed": scores})
    assert answer.warnings == ()
    assert set(answer.run.hits["q-original"].documents) == set(TEXTS)
