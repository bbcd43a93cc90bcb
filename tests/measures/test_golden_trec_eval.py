"""nDCG, MAP, MRR and recall hold trec_eval's own test directory to its printed digits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from ranked_examples import columns, ranked_topic

SharedData = Callable[[str], Path]

# What trec_eval prints, and what we call it. Its runs have 500 documents and fewer than 500 relevant ones
# to find, so that a cutoff of 1,000 is none.
PRINTED = {
    r"map": "MAP@1000",
    r"map_cut_(\d+)": r"MAP@\1",
    r"recip_rank": "MRR@1000",
    r"recall_(\d+)": r"recall@\1",
    r"ndcg": "nDCG@1000",
    r"ndcg_cut_(\d+)": r"nDCG@\1",
}


def printed_values(path: Path) -> dict[str, dict[str, str]]:
    """Our measure -> query or ``all`` -> the digits that trec_eval printed."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        name, query, digits = line.split("\t")
        for pattern, ours in PRINTED.items():
            if match := re.fullmatch(pattern, name.strip()):
                found[match.expand(ours)][query] = digits
    return found


def read_columns(path: Path, value: int) -> dict[str, dict[str, float]]:
    """Query -> document -> number in column ``value`` of a qrels or run file."""
    numbers: dict[str, dict[str, float]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        fields = line.split()
        numbers[fields[0]][fields[2]] = float(fields[value])
    return numbers


def first(scores: dict[str, float], depth: int) -> dict[str, float]:
    """The best ``depth`` in trec_eval's order: score, then document id, both descending."""
    best = sorted(scores.items(), key=lambda item: (item[1], item[0]), reverse=True)[:depth]
    return dict(best)


@pytest.mark.parametrize(
    ("printed", "qrels", "results", "grade", "depth"),
    [
        ("out.test", "qrels.test", "results.test", 1, 1000),
        ("out.test.a", "qrels.test", "results.test", 1, 1000),
        ("out.test.aq", "qrels.test", "results.test", 1, 1000),
        ("out.test.aqc", "qrels.test", "results.trunc", 1, 1000),
        ("out.test.aqcM", "qrels.test", "results.trunc", 1, 100),
        ("out.test.aql", "qrels.rel_level", "results.test", 2, 1000),
        ("out.test.meas_params", "qrels.test", "results.test", 1, 1000),
    ],
)
def test_agrees_with_what_trec_eval_printed(
    *, shared_data: SharedData, printed: str, qrels: str, results: str, grade: int, depth: int
) -> None:
    folder = shared_data("metric_golden") / "trec_eval" / "test"
    run = read_columns(folder / results, 4)
    topics = [
        ranked_topic(
            {"original": {document: int(number) for document, number in grades.items()}},
            {"original": first(run[query], depth)} if query in run else {},
            (),
            name=query,
            grade=grade,
        )
        for query, grades in read_columns(folder / qrels, 3).items()
    ]
    expected = printed_values(folder / printed)
    assert expected
    for measure, digits in expected.items():
        values = columns(topics, measure)[measure]
        ours = {**values, "all": sum(values.values()) / len(values)}
        assert {query: f"{ours[query]:.4f}" for query in digits} == digits, measure
