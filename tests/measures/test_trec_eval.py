"""The measures through pytrec_eval, and what has to be watched in it."""

from __future__ import annotations

import math

import pytest
import pytrec_eval
from ranked_examples import columns, hits, in_order, ranked_topic, value

from ifir_eval.ranking.order import rank

MEASURES = ("nDCG@10", "MAP@1000", "MRR@10", "recall@100")


def test_pytrec_eval_drops_a_query_that_the_run_lacks_and_we_count_it_as_0() -> None:
    """Old wrong number: a mean of 1.0 where one of two queries was never answered."""
    theirs = pytrec_eval.RelevanceEvaluator({"q1": {"a": 1}, "q2": {"a": 1}}, {"recip_rank"}).evaluate(
        {"q1": {"a": 1.0}}
    )
    assert list(theirs) == ["q1"]
    judgements = {"original": {"a": 1}}
    answered = ranked_topic(judgements, {"original": in_order("a")}, (), name="q1")
    silent = ranked_topic(judgements, {}, (), name="q2")
    for measure in MEASURES:
        assert columns([answered, silent], measure)[measure] == {"q1": 1.0, "q2": 0.0}


def test_one_column_for_each_view_and_the_mean_over_the_topics_own_views() -> None:
    two = ranked_topic(
        {"bare": {"a": 1}, "original": {"b": 1}},
        {"bare": in_order("ab"), "original": in_order("ab")},
        (),
        name="two",
    )
    one = ranked_topic({"bare": {"a": 1}}, {"bare": in_order("ba")}, (), name="one")
    assert columns([two, one], "MRR@10") == {
        "MRR@10": {"two": 0.75, "one": 0.5},
        "MRR@10[bare]": {"two": 1.0, "one": 0.5},
        "MRR@10[original]": {"two": 0.5},
    }


def test_ties_stand_in_the_order_of_our_ranking() -> None:
    tied = dict.fromkeys(["d1", "d10", "d2", "é", "Z", "😀"], 0.25) | {"x": 0.5}
    for document in tied:
        place = rank(hits(tied)).documents.index(document) + 1
        theirs = pytrec_eval.RelevanceEvaluator({"q": {document: 1}}, {"recip_rank"}).evaluate({"q": tied})
        assert theirs["q"]["recip_rank"] == pytest.approx(1 / place)
        ranked = ranked_topic({"original": {document: 1}}, {"original": tied}, ())
        assert value("MRR@10", ranked) == pytest.approx(1 / place)


@pytest.mark.parametrize("cutoff", ["9999999999", "99999999999999999999999"])
def test_a_cutoff_beyond_every_ranking_sees_all_of_it(cutoff: str) -> None:
    """One of ten digits was a MemoryError, and trec_eval calls one of 23 digits 2**63 - 1."""
    ranked = ranked_topic({"original": {"c": 1, "z": 1}}, {"original": in_order("abc")}, ())
    for family in ("nDCG", "MAP", "MRR", "recall"):
        assert value(f"{family}@{cutoff}", ranked) == value(f"{family}@1000", ranked)


def test_mrr_sees_no_further_than_its_cutoff() -> None:
    """trec_eval's reciprocal rank has no cutoff. Old wrong number: 0.25 for MRR@3."""
    ranked = ranked_topic({"original": {"d": 1}}, {"original": in_order("abcd")}, ())
    assert value("MRR@3", ranked) == 0
    assert value("MRR@4", ranked) == 0.25


def test_map_mrr_and_recall_count_from_the_relevant_grade_and_ndcg_takes_the_grades() -> None:
    judgements = {"original": {"a": 1, "b": 2, "c": 3}}
    ranked = ranked_topic(judgements, {"original": in_order("abc")}, (), grade=2)
    assert value("MRR@10", ranked) == 0.5
    assert value("MAP@10", ranked) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert value("recall@2", ranked) == 0.5
    gained = 1 + 2 / math.log2(3) + 3 / 2
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    assert value("nDCG@10", ranked) == pytest.approx(gained / ideal)


def test_a_negative_grade_gains_nothing_and_costs_nothing() -> None:
    scores = {"original": in_order("abc")}
    spam = ranked_topic({"original": {"a": -2, "b": 1, "c": 0}}, scores, ())
    plain = ranked_topic({"original": {"a": 0, "b": 1, "c": 0}}, scores, ())
    assert columns([spam], *MEASURES) == columns([plain], *MEASURES)


def test_a_view_without_relevant_documents_scores_0_as_in_trec_eval() -> None:
    ranked = ranked_topic({"original": {"a": 0}}, {"original": in_order("ab")}, ())
    assert [value(measure, ranked) for measure in MEASURES] == [0, 0, 0, 0]


def test_robustness_is_ndcg_of_the_worst_view_and_0_where_one_is_unanswered() -> None:
    judgements = {"bare": {"a": 1}, "original": {"a": 1}}
    ranked = ranked_topic(judgements, {"bare": in_order("ab"), "original": in_order("ba")}, ())
    assert value("robustness@10", ranked) == pytest.approx(1 / math.log2(3))
    assert value("robustness@10", ranked_topic(judgements, {"bare": in_order("ab")}, ())) == 0


def test_nothing_to_measure_gives_empty_columns() -> None:
    assert columns([], *MEASURES) == {measure: {} for measure in MEASURES}
