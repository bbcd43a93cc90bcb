"""MultiConIR's CSV files: each comparison of its three tasks is a view of two candidates."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.multiconir import TASKS, read_multiconir
from ifir_eval.errors import InvalidInputError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.ranking.run import Hits, Run

FIRST, SECOND = "datasets/Task1/Legal Document_Task1.csv", "datasets/Task2_&_3/Legal Document_Task2_&_3.csv"
COLUMNS = ("Positive", *(f"HN{i}" for i in range(1, 11)))


def documents(number: int) -> dict[str, str]:
    """A line break and a quote, as running text in a cell has them."""
    return {column: f'The "{column}" of\nline {number}' for column in COLUMNS}


def copy(folder: Path) -> Path:
    lines = (1, 2)
    return write_copy(
        folder,
        {
            FIRST: [
                {f"Query{i}": f"{i} conditions of {n}" for i in range(1, 11)} | documents(n) for n in lines
            ],
            SECOND: [
                {"Query10": f"all of {n}", "Natural_Query10": f"text of {n}"} | documents(n) for n in lines
            ],
        },
    )


def pairs(benchmark: Benchmark) -> dict[str, tuple[str, list[str]]]:
    """By view of the second topic: the query, and which of its candidates is better than which."""
    return {
        view.name: (
            view.query,
            [
                benchmark.corpus[document].text.split('"')[1]
                for document in sorted(view.candidates or (), key=lambda one: -view.judgements[one])
            ],
        )
        for view in benchmark.topics[1].views.values()
    }


def test_more_conditions_are_asked_against_their_own_hard_negative(tmp_path: Path) -> None:
    benchmark = read_multiconir(copy(tmp_path), "legal-document", "conditions")
    assert pairs(benchmark) == {
        f"query-{i}": (f"{i} conditions of 2", ["Positive", f"HN{i}"]) for i in range(1, 11)
    }
    assert (benchmark.name, len(benchmark.topics)) == ("multiconir-legal-document-conditions", 2)
    assert benchmark.corpus["2-10"].text == 'The "HN10" of\nline 2'


@pytest.mark.parametrize(("task", "query"), [("order", "all of 2"), ("natural", "text of 2")])
def test_neighbours_in_the_order_of_relevance_are_compared(tmp_path: Path, task: str, query: str) -> None:
    benchmark = read_multiconir(copy(tmp_path), "legal-document", task)
    assert pairs(benchmark) == {
        f"pair-{i}": (query, [better, worse]) for i, (better, worse) in enumerate(pairwise(COLUMNS), 1)
    }


def win_rates(scores: dict[str, dict[str, float]], task: str) -> dict[str, float]:
    """As the authors' scripts count: in how many lines the better document scores strictly higher."""
    return {
        view: sum(line[better] > line[worse] for line in scores.values()) / len(scores)
        for view, (_, better, worse) in TASKS[task].views.items()
    }


@pytest.mark.parametrize("task", TASKS)
def test_ndcg_at_1_is_the_win_rate_of_the_authors_scripts(tmp_path: Path, task: str) -> None:
    """Trap: equal scores, of which there are many here, are no win, whatever the ids of the documents."""
    benchmark = read_multiconir(copy(tmp_path), "legal-document", task)
    scores = {
        "1": {column: float(place % 3) for place, column in enumerate(COLUMNS)},
        "2": {column: float(-place // 2) for place, column in enumerate(COLUMNS)},
    }
    place_of = {f"{line}-{place:02}": scores[line][c] for line in scores for place, c in enumerate(COLUMNS)}
    hits = {
        view.id: Hits.of(view.id, view.candidates or (), [place_of[one] for one in view.candidates or ()])
        for view in benchmark.views()
    }
    (measure,) = find(["nDCG@1"])
    columns = measure.columns(ranked_topics(benchmark, Run(hits)))
    for view, expected in win_rates(scores, task).items():
        values = columns[f"nDCG@1[{view}]"].values()
        assert sum(values) / len(values) == expected


def test_missing_files_columns_and_cells_are_named(tmp_path: Path) -> None:
    """With the line of the record, in which an empty cell is none."""
    row = {"Query10": "all", "Natural_Query10": "text"} | documents(1) | {"HN3": ""}
    del row["HN7"]
    folder = write_copy(tmp_path, {SECOND: [row]})
    with pytest.raises(InvalidInputError) as caught:
        read_multiconir(folder, "legal-document", "order")
    assert list(map(str, caught.value.problems)) == [
        f"{SECOND}:1: 'HN3' is missing",
        f"{SECOND}:1: 'HN7' is missing",
    ]
    with pytest.raises(InvalidInputError, match="the file is missing"):
        read_multiconir(folder, "books", "order")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    folder = write_copy(tmp_path, {SECOND: ""})
    (folder / SECOND).write_bytes(b"Query10\n\xff\n")
    with pytest.raises(InvalidInputError, match="not a readable CSV file"):
        read_multiconir(folder, "legal-document", "order")
