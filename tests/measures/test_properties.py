"""What holds for every measure, whatever is judged and ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ranked_examples import ORDERED, Judgements, Scores, columns, ranked_topic, value

from ifir_eval.benchmarks.benchmark import Contrast
from ifir_eval.measures.measure import find, known_measures

EVERY = [name.replace("@k", "@3") for name in known_measures()]
VIEWS = ("bare", "original", "reversed", "paraphrase", "placebo")
CONTRASTS = (Contrast("original", "reversed"), Contrast("bare", "original"))
DOCUMENTS = [*"abcdefgh"]

# These look at the whole list by definition: at its length, or at the spread of all its scores.
SEEING_THE_TAIL = {"IRS", "swap-margin", "paraphrase-drift", "placebo-drift"}

Number = TypeVar("Number", int, float)

documents = st.sampled_from(DOCUMENTS)
# Few levels, so that ties are common; quarters are exact in float32.
levels = st.integers(-12, 12).map(lambda quarters: quarters / 4)
judgements_of_all = st.fixed_dictionaries(
    {view: st.dictionaries(documents, st.integers(-1, 3), min_size=1) for view in VIEWS}
)
scores_of_all = st.fixed_dictionaries(
    {view: st.fixed_dictionaries(dict.fromkeys(DOCUMENTS, levels)) for view in VIEWS}
)
scores_of_some = st.dictionaries(st.sampled_from(VIEWS), st.dictionaries(documents, levels))


def measured(judgements: Judgements, scores: Scores, measures: Sequence[str] = EVERY) -> dict[str, float]:
    """Column -> value of one topic, for each column that the topic concerns."""
    found = columns([ranked_topic(judgements, scores, CONTRASTS)], *measures)
    return {column: number for column, values in found.items() for number in values.values()}


@given(judgements_of_all, scores_of_some)
def test_values_stay_in_their_range_even_where_documents_and_queries_are_missing(
    judgements: Judgements, scores: Scores
) -> None:
    for measure in find(EVERY):
        for column, number in measured(judgements, scores, [measure.name]).items():
            assert measure.low <= number <= measure.high, column


@given(judgements_of_all, scores_of_all, st.permutations(DOCUMENTS))
def test_the_order_of_documents_changes_nothing(
    judgements: Judgements, scores: Scores, order: list[str]
) -> None:
    shuffled = {view: {document: row[document] for document in order} for view, row in scores.items()}
    assert measured(judgements, shuffled) == pytest.approx(measured(judgements, scores))


@given(judgements_of_all, scores_of_all)
def test_renaming_documents_in_the_same_order_changes_nothing(judgements: Judgements, scores: Scores) -> None:
    def renamed(table: Mapping[str, Mapping[str, Number]]) -> dict[str, dict[str, Number]]:
        return {view: {f"é {document * 3}": n for document, n in row.items()} for view, row in table.items()}

    assert measured(renamed(judgements), renamed(scores)) == measured(judgements, scores)


@given(judgements_of_all, scores_of_all, st.integers(1, 30))
def test_an_irrelevant_tail_changes_nothing(judgements: Judgements, scores: Scores, length: int) -> None:
    tail = {f"tail {place}": -100.0 - place for place in range(length)}
    longer = {view: {**row, **tail} for view, row in scores.items()}
    measures = [name for name in EVERY if name not in SEEING_THE_TAIL]
    assert measured(judgements, longer, measures) == measured(judgements, scores, measures)


@given(judgements_of_all, scores_of_all)
def test_identical_views_show_no_sensitivity_at_all(judgements: Judgements, scores: Scores) -> None:
    same = dict.fromkeys(VIEWS, scores["original"])
    zero = ["p-MRR", "p-MRR-control", "p-MRR-net", "swap-accuracy", "swap-margin", "pairwise-accuracy", "IRS"]
    zero += ["SICR", "SICR-released", "WISE", "WISE-released", "paraphrase-drift", "placebo-drift"]
    assert set(measured(judgements, same, zero).values()) <= {0.0}


ranks_of_one = st.tuples(*[st.fixed_dictionaries(dict.fromkeys(DOCUMENTS, levels))] * 2)


@given(ranks_of_one)
def test_exchanging_the_rankings_negates_single_document_p_mrr(
    rankings: tuple[dict[str, float], dict[str, float]],
) -> None:
    first, second = rankings
    judgements = {"original": {"d": 1}, "changed": {"d": 0}}
    there = value("p-MRR", ranked_topic(judgements, {"original": first, "changed": second}, ORDERED))
    back = value("p-MRR", ranked_topic(judgements, {"original": second, "changed": first}, ORDERED))
    assert there is not None
    assert back == -there


@given(judgements_of_all, scores_of_all)
def test_reading_a_contrast_backwards_changes_no_p_mrr(judgements: Judgements, scores: Scores) -> None:
    there = ranked_topic(judgements, scores, [Contrast("original", "reversed")])
    back = ranked_topic(judgements, scores, [Contrast("reversed", "original")])
    assert value("p-MRR", there) == pytest.approx(value("p-MRR", back))


@given(judgements_of_all, scores_of_all)
def test_missing_queries_count_as_failures_in_every_column(judgements: Judgements, scores: Scores) -> None:
    """No column loses its topic; each reads 0, or 1 where 1 is the failure."""
    failed_at_1 = {"topic-lock", "violations@3", "paraphrase-drift", "placebo-drift"}
    answered, silent = measured(judgements, scores), measured(judgements, {})
    assert silent == {column: float(column in failed_at_1) for column in answered}
