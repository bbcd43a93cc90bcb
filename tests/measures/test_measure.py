"""Measures are found by name, and wrong names are all told at once."""

from __future__ import annotations

import pytest

from ifir_eval.errors import UnknownNameError
from ifir_eval.measures.measure import find, known_measures

PUBLISHED = (
    "p-MRR p-MRR-control p-MRR-net swap-accuracy topic-lock follow-rate swap-margin paraphrase-drift "
    "placebo-drift IRS SICR WISE robustness@10 pairwise-accuracy right-rank violations@10 nDCG@10 MAP@1000 "
    "MRR@10 recall@100"
).split()


def test_every_published_name_is_found_and_kept() -> None:
    assert [measure.name for measure in find(PUBLISHED)] == PUBLISHED


def test_measures_with_a_cutoff_are_listed_with_k() -> None:
    assert {"nDCG@k", "violations@k", "p-MRR"} <= set(known_measures())
    assert "nDCG@10" not in known_measures()


@pytest.mark.parametrize("name", ["nDCG", "nDCG@", "nDCG@0", "nDCG@ten", "nDCG@-1", "p-MRR@10", "nDCG@k", ""])
def test_a_cutoff_is_a_positive_number_where_there_is_one(name: str) -> None:
    with pytest.raises(UnknownNameError):
        find([name])


def test_all_unknown_names_are_reported_at_once_with_what_may_have_been_meant() -> None:
    with pytest.raises(UnknownNameError) as error:
        find(["p-MRR", "swap-acuracy", "ndcg@10"])
    assert error.value.unknown == ("swap-acuracy", "ndcg@10")
    assert "did you mean swap-accuracy" in str(error.value)
    assert "robustness@k" in str(error.value)
