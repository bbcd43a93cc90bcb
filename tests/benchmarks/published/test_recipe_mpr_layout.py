"""Recipe-MPR's one file: five candidates a request, slices by query type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.recipe_mpr import read_recipe_mpr
from ifir_eval.errors import InvalidInputError

FILE = "data/500QA.json"


def request(answer: str, **changes: object) -> dict[str, object]:
    types = {"Specific": 0, "Commonsense": 1, "Negated": 0, "Analogical": 0, "Temporal": 0}
    options = {name: f"Dish {name}" for name in "abcde"}
    return {
        "query": " I want a warm dish",
        "query_type": types,
        "options": options,
        "answer": answer,
        "correctness_explanation": {"warm": ["soup", "stew"]},
    } | changes


def test_each_request_ranks_its_own_five_options(tmp_path: Path) -> None:
    """A recipe that two requests describe is two documents, and types become slices."""
    other = dict.fromkeys("axyzw", "Other words for it")
    benchmark = read_recipe_mpr(write_copy(tmp_path, {FILE: [request("b"), request("a", options=other)]}))
    first, second = benchmark.topics
    assert first.views["original"].query == "I want a warm dish"
    assert first.views["original"].candidates == ("1-a", "1-b", "1-c", "1-d", "1-e")
    assert first.views["original"].judgements == {"1-a": 0, "1-b": 1, "1-c": 0, "1-d": 0, "1-e": 0}
    assert second.views["original"].judgements["2-a"] == 1
    assert (benchmark.corpus["1-a"].text, benchmark.corpus["2-a"].text) == ("Dish a", "Other words for it")
    assert first.slices == {
        "Specific": "no",
        "Commonsense": "yes",
        "Negated": "no",
        "Analogical": "no",
        "Temporal": "no",
    }
    assert benchmark.notes == (
        "number of topics: 2 in this copy, 500 published",
        "number of documents: 10 in this copy, 2,500 published",
    )


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """As Windows editors save it; it was called no valid JSON."""
    copy = write_copy(tmp_path, {FILE: "\ufeff" + json.dumps([request("b")])})
    assert len(read_recipe_mpr(copy).topics) == 1


def test_faults_are_listed_by_entry(tmp_path: Path) -> None:
    """A wrong answer and too few options are both named."""
    rows = [request("z"), request("a", options={"a": "Soup"})]
    with pytest.raises(InvalidInputError) as caught:
        read_recipe_mpr(write_copy(tmp_path, {FILE: rows}))
    assert list(map(str, caught.value.problems)) == [
        f"{FILE}: entry 1: the answer 'z' is none of the options",
        f"{FILE}: entry 2: 'options' must give 5 recipes with their descriptions",
    ]
