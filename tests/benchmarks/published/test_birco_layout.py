"""BIRCO's pickles and objectives; a pickle that could run code is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.birco import TASKS, read_birco
from ifir_eval.errors import InvalidInputError

README = """# BIRCO

### RELIC:

Find the passage
that fits.

### DORIS-MAE:

Find abstracts.

## Setup
Run conda.
"""
CONTENT = {
    "query": {"q 1": "A [masked sentence(s)] B", "q2": "C [masked sentence(s)] D"},
    "corpus": {"book_1": "One.", "book_2": "Two.", "book 3": "Three."},
    "qrel": {"q 1": {"book_1": 1, "book_2": 0}, "q2": {"book_2": 1, "book 3": 0}},
}


def files(task: str, content: object) -> dict[str, object]:
    return {"README.md": README, f"datasets/{task}/test_set.pickle": content}


def test_the_objective_is_the_instruction(tmp_path: Path) -> None:
    """Both views rank the query's own pool; only one of them says the objective, in the release's words."""
    benchmark = read_birco(write_copy(tmp_path, files("relic", CONTENT)), "relic")
    first, _ = benchmark.topics
    bare, original = first.views["bare"], first.views["original"]
    assert (first.id, bare.query, bare.instruction) == ("q_1", "A [masked sentence(s)] B", "")
    assert original.instruction == "Find the passage that fits."
    assert bare.candidates == original.candidates == ("book_1", "book_2")
    assert set(benchmark.corpus) == {"book_1", "book_2", "book_3"}
    assert first.shift(benchmark.contrasts[0], benchmark.relevant_grade) == ((), (), ("book_1",))
    assert benchmark.notes == (
        "number of topics: 2 in this copy, 100 published",
        "number of documents: 3 in this copy, 5,023 published",
    )


def test_fractions_keep_their_order_and_one_is_relevant(tmp_path: Path) -> None:
    """DORIS-MAE's scores become whole grades at one scale, relevant from a score of 1."""
    content = {**CONTENT, "qrel": {"q 1": {"book_1": 1.0, "book_2": 0.53846}, "q2": {"book_2": 1.25}}}
    benchmark = read_birco(write_copy(tmp_path, files("doris-mae", content)), "doris-mae")
    first, second = benchmark.topics
    assert first.views["bare"].judgements == {"book_1": 1000, "book_2": 538}
    assert first.relevant("bare", benchmark.relevant_grade) == {"book_1"}
    assert second.views["bare"].judgements == {"book_2": 1250}


class _Malicious:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    """Trap: pickle.load runs what the file says."""
    marker = tmp_path / "ran"
    attack = pickle.dumps(_Malicious(marker))
    copy = write_copy(tmp_path, files("relic", {}))
    (copy / "datasets/relic/test_set.pickle").write_bytes(attack)
    with pytest.raises(InvalidInputError, match="not only plain values"):
        read_birco(copy, "relic")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"query": {}, "corpus": {}}, "must hold texts in 'query' and 'corpus'"),
        ({**CONTENT, "qrel": {"q2": {"book_1": "1"}}}, "must hold texts in 'query' and 'corpus'"),
        ("no pickle", "not a readable pickle"),
    ],
)
def test_another_content_is_refused(tmp_path: Path, content: object, problem: str) -> None:
    """What the file must hold is said."""
    with pytest.raises(InvalidInputError, match=problem):
        read_birco(write_copy(tmp_path, files("relic", content)), "relic")


def test_missing_files_and_objectives_are_named(tmp_path: Path) -> None:
    """Both come as one list."""
    with pytest.raises(InvalidInputError) as caught:
        read_birco(write_copy(tmp_path, {"README.md": README}), "wtb")
    assert list(map(str, caught.value.problems)) == [
        "README.md: there is no text below '### WhatsThatBook:'",
        "datasets/wtb/test_set.pickle: the file is missing",
    ]
    assert list(TASKS) == ["arguana", "clinical-trial", "doris-mae", "relic", "wtb"]
