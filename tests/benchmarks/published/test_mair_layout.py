"""MAIR's two data sets: queries with their instructions, and documents, in one set or in many."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.mair import read_mair
from ifir_eval.errors import InvalidInputError

QUERY = {
    "qid": "q1",
    "instruction": "Find what it refuses.",
    "query": "bread",
    "labels": [{"id": "d 1", "score": 2}, {"id": 7, "score": 0}],
}
DOCS = [{"id": "d 1", "doc": "Wheat."}, {"id": 7, "doc": "Rye."}]


def one_set(**changes: object) -> dict[str, object]:
    return {
        "MAIR-Queries/NevIR/queries.jsonl": [QUERY | changes],
        "MAIR-Docs/NevIR/docs.jsonl": DOCS,
    }


def test_the_instruction_makes_the_second_view(tmp_path: Path) -> None:
    """Both views search all documents by the same grades; numbers are ids, too."""
    benchmark = read_mair(write_copy(tmp_path, one_set()), "nevir")
    (topic,) = benchmark.topics
    bare, original = topic.views["bare"], topic.views["original"]
    assert (benchmark.name, topic.id) == ("mair-nevir", "q1")
    assert (bare.query, bare.instruction) == ("bread", "")
    assert (original.query, original.instruction) == ("bread", "Find what it refuses.")
    assert bare.judgements == original.judgements == {"d_1": 2, "7": 0}
    assert bare.candidates is original.candidates is None
    assert {document.id: document.text for document in benchmark.corpus.values()} == {
        "d_1": "Wheat.",
        "7": "Rye.",
    }
    assert topic.slices == {}


SETS = ("change_case__english_capital_1999_", "length_constraints__number_words_2_")


def as_jsonl(folder: Path) -> Path:
    files: dict[str, object] = {}
    for part in SETS:
        files[f"MAIR-Queries/IFEval/{part}queries.jsonl"] = [QUERY]
        files[f"MAIR-Docs/IFEval/{part}docs.jsonl"] = DOCS
    return write_copy(folder, files)


def as_parquet(folder: Path) -> Path:
    """As the hub converts data sets: a folder for each split."""
    parquet, table = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow").Table
    labels = [{"id": "d 1", "score": 2}, {"id": "7", "score": 0}]
    for part in SETS:
        for place, rows in (
            (f"MAIR-Queries/IFEval/{part}queries", [QUERY | {"labels": labels}]),
            (f"MAIR-Docs/IFEval/{part}docs", [{"id": "d 1", "doc": "Wheat."}, {"id": "7", "doc": "Rye."}]),
        ):
            (folder / place).mkdir(parents=True)
            parquet.write_table(table.from_pylist(rows), folder / place / "0000.parquet")
    return folder


@pytest.mark.parametrize("write", [as_jsonl, as_parquet])
def test_each_set_of_ifeval_has_documents_of_its_own(tmp_path: Path, write: object) -> None:
    """Trap: sets share ids, so that merged they would answer each other's queries."""
    assert callable(write)
    benchmark = read_mair(write(tmp_path), "ifeval")
    first, second = benchmark.topics
    assert first.views["bare"].candidates == tuple(f"{SETS[0]}{document}" for document in ("d_1", "7"))
    assert second.views["original"].judgements == {f"{SETS[1]}d_1": 2, f"{SETS[1]}7": 0}
    assert len(benchmark.corpus) == 4
    assert [topic.slices for topic in benchmark.topics] == [
        {"instruction": "change_case"},
        {"instruction": "length_constraints"},
    ]


def test_faults_are_listed(tmp_path: Path) -> None:
    """Labels that are none, ids that are none or come twice, and what is missing."""
    copy = one_set(qid=None, labels=[{"id": "d 1"}])
    copy["MAIR-Docs/NevIR/docs.jsonl"] = [*DOCS, {"id": "7", "doc": "Rye."}]
    with pytest.raises(InvalidInputError) as caught:
        read_mair(write_copy(tmp_path, copy), "nevir")
    queries, docs = (f"MAIR-{name}/NevIR/{name.lower()}.jsonl" for name in ("Queries", "Docs"))
    assert list(map(str, caught.value.problems)) == [
        f"{docs}:3: document id '7' stands already in line 2",
        f"{queries}:1: 'labels' must be a list of objects with 'id' and 'score'",
        f"{queries}:1: an id must be a string or a whole number, not null",
    ]
    with pytest.raises(InvalidInputError) as caught:
        read_mair(tmp_path, "core17")
    assert [problem.file for problem in caught.value.problems] == [
        "MAIR-Docs/Core17/docs.jsonl",
        "MAIR-Queries/Core17/queries.jsonl",
    ]


def test_scores_are_whole_numbers(tmp_path: Path) -> None:
    """0.9 was read as 0, as the authors' script reads it, and NaN ended in a traceback; 2.0 is 2."""
    whole = [{"id": "d 1", "score": 2.0}, {"id": 7, "score": 0}]
    (topic,) = read_mair(write_copy(tmp_path / "whole", one_set(labels=whole)), "nevir").topics
    assert topic.views["bare"].judgements == {"d_1": 2, "7": 0}
    odd = [{"id": "d 1", "score": score} for score in (0.9, float("nan"), float("inf"), True)]
    with pytest.raises(InvalidInputError) as caught:
        read_mair(write_copy(tmp_path / "odd", one_set(labels=odd)), "nevir")
    place = "MAIR-Queries/NevIR/queries.jsonl:1"
    assert list(map(str, caught.value.problems)) == [
        *(
            f"{place}: the score {score} of document 'd 1' is not a whole number"
            for score in ("0.9", "nan", "inf")
        ),
        f"{place}: 'labels' must be a list of objects with 'id' and 'score'",
    ]


def test_a_label_without_its_document_is_named(tmp_path: Path) -> None:
    """Else it would lower every score in silence."""
    with pytest.raises(InvalidInputError, match="judged document 'd9' is not in the corpus"):
        read_mair(write_copy(tmp_path, one_set(labels=[{"id": "d9", "score": 1}])), "nevir")
