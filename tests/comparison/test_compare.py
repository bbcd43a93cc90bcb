"""Comparing records that real runs left, on the dev split of mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ifir_eval.benchmarks.catalog import load
from ifir_eval.comparison.compare import compare
from ifir_eval.comparison.paired import Difference, Named, Pair, differences, slice_differences, slices_of
from ifir_eval.errors import InvalidInputError, UnknownNameError
from ifir_eval.evaluation import evaluate
from ifir_eval.records.column import column_of
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

MEASURES = ("swap-accuracy", "p-MRR", "nDCG@10", "placebo-drift")


@pytest.fixture(scope="module")
def records() -> Mapping[str, Record]:
    benchmark = load("mirror-dev")
    specs = ("random:0", "random:1", "oracle")
    return {spec: evaluate(benchmark, build(spec, Options()), measures=MEASURES).record for spec in specs}


def difference(name: str, old: Record, new: Record) -> Difference:
    pair = Pair(column_of(old, name), Named("old", old), Named("new", new))
    (found,) = differences([pair])
    return found


def test_a_difference_is_that_of_the_means(records: Mapping[str, Record]) -> None:
    """Mean, direction, wins and a p that agrees with scipy's test of the same kind."""
    old, new = records["random:0"], records["random:1"]
    found = difference("nDCG@10[original]", old, new)
    expected = new.measures[found.column.name].value - old.measures[found.column.name].value
    assert found.estimate.value == pytest.approx(expected, abs=1e-12)
    assert found.wins + found.ties + found.losses == found.estimate.n == len(old.topics)
    values = np.array(list(found.topics.values()))
    assert found.wins == (values > 0).sum()
    by_scipy = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=20_000, vectorized=True, rng=1
    )
    assert found.p == pytest.approx(by_scipy.pvalue, abs=0.02)


def test_lower_is_better_where_the_measure_says_so(records: Mapping[str, Record]) -> None:
    """The oracle does not drift under a placebo, and that is a win on every topic."""
    old, new = records["random:0"], records["oracle"]
    found = difference("placebo-drift", old, new)
    assert found.estimate.value < 0
    assert found.is_better
    assert (found.wins, found.losses) == (len(old.topics), 0)


def test_the_better_one_wears_the_letters_of_those_it_beats(records: Mapping[str, Record]) -> None:
    """The oracle beats both random rankings, which beat nobody."""
    comparison = compare(list(records.values()), ["swap-accuracy"])
    (column,) = comparison.columns
    assert [comparison.beaten(name, column) for name in comparison.names] == ["", "", "ab"]
    assert all(pair.p_holm >= pair.difference.p for pair in comparison.pairs)


def test_one_measure_names_all_its_views(records: Mapping[str, Record]) -> None:
    columns = compare(list(records.values()), ["nDCG@10"]).columns
    assert {column.base for column in columns} == {"nDCG@10"}
    assert len(columns) > 2


def test_two_runs_of_one_retriever_are_told_apart(records: Mapping[str, Record]) -> None:
    """The same record twice: no difference anywhere, p = 1, and two names."""
    comparison = compare([records["oracle"], records["oracle"]])
    assert comparison.names == ("oracle", "oracle, run 2")
    assert {pair.difference.p for pair in comparison.pairs} == {1.0}


def test_slices_hold_the_difference_of_their_topics(records: Mapping[str, Record]) -> None:
    old, new = records["random:0"], records["oracle"]
    slices = slice_differences(difference("swap-accuracy", old, new), slices_of(old))
    (time,) = [each.estimate for each in slices if (each.name, each.value) == ("constraint", "time")]
    rows = [row for row in old.topics if row.slices["constraint"] == "time"]
    own = [1 - row.values["swap-accuracy"] for row in rows]
    assert time.value == pytest.approx(np.mean(own))
    assert time.n == len(rows)
    assert [each.name for each in slices] == sorted(
        [each.name for each in slices], key=list(rows[0].slices).index
    )


def test_what_cannot_be_compared_is_refused_with_every_reason(records: Mapping[str, Record]) -> None:
    """Another content, a limited run, published figures and another definition, all named at once."""
    first = records["oracle"]
    other = replace(first, benchmark={**first.benchmark, "content_hash": "f" * 64})
    limited = replace(first, complete=False)
    published = replace(first, origin=PUBLISHED, topics=())
    facts = {**first.benchmark["measure_facts"], "p-MRR": {"summary": "something else"}}
    redefined = replace(first, benchmark={**first.benchmark, "measure_facts": facts})
    with pytest.raises(InvalidInputError) as caught:
        compare([first, other, limited, published, redefined])
    for reason in ("(ffffffff)", "without --limit", "published figures", "p-MRR is not defined alike"):
        assert reason in str(caught.value)
    with pytest.raises(InvalidInputError, match="it takes two records"):
        compare([first])


def test_an_unknown_column_is_named_with_those_that_exist(records: Mapping[str, Record]) -> None:
    with pytest.raises(UnknownNameError, match="did you mean swap-accuracy"):
        compare(list(records.values()), ["swap-acuracy"])
