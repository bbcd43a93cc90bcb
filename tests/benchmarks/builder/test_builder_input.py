"""`ifir-eval benchmarks build`: what it writes, and what it says about material that it cannot use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from shelf import documents, written

from ifir_eval.benchmarks.folder import read_folder
from ifir_eval.cli import main


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return written(tmp_path / "shelf.jsonl", documents())


def build(corpus: Path, fields: str, *more: str, out: str = "made") -> Result:
    arguments = [
        "benchmarks",
        "build",
        str(corpus),
        "--fields",
        fields,
        "--out",
        str(corpus.parent / out),
        *more,
    ]
    return CliRunner().invoke(main, arguments)


def test_a_folder_comes_out_that_can_be_asked(corpus: Path) -> None:
    """Its path on standard output, what is to know about it on standard error."""
    done = build(corpus, "year,tags", "--topics", "20")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{corpus.parent / 'made'}\n"
    assert "20 topics over 360 documents" in done.stderr
    benchmark = read_folder(corpus.parent / "made")
    assert (benchmark.name, len(benchmark.topics)) == ("made", 20)


def test_unknown_fields_are_named_at_once_with_near_ones(corpus: Path) -> None:
    """And what there is."""
    done = build(corpus, "yaer,tag,year")
    assert done.exit_code == 2
    assert "there is no metadata field 'yaer'; did you mean year" in done.stderr
    assert "there is no metadata field 'tag'; did you mean tags" in done.stderr
    assert "existing: award, language, length_cm" in done.stderr
    assert not (corpus.parent / "made").exists()


def test_fields_of_no_use_are_refused_and_the_others_asked(corpus: Path) -> None:
    """Each refusal is a sentence, and stays with the benchmark as a note."""
    done = build(corpus, "award,year,planet,shelf", "--topics", "12")
    assert done.exit_code == 0, done.output
    notes = " ".join(read_folder(corpus.parent / "made").notes)
    for told in (notes, done.stderr):
        assert "award is too sparse to judge: 40 of 360 documents have it, and at least 50% must" in told
        assert "planet divides too little: 360 of the 360 documents that have it say 'Earth'" in told
        assert "shelf has nothing to ask for: none of its 360 values is shared by at least 5 documents" in told


def test_without_a_field_of_use_nothing_is_built(corpus: Path) -> None:
    """All reasons at once."""
    done = build(corpus, "planet,award")
    assert done.exit_code == 2
    assert "the choice of fields has 2 problems" in done.stderr
    assert "award is too sparse" in done.stderr
    assert not (corpus.parent / "made").exists()
    assert "no field is named" in build(corpus, ",").stderr


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("1999", "field 'year' holds a string, but a number in line 1"),
        ([1999], "field 'year' holds a list with empty or other items; it takes a number, a string or a list"),
        (True, "field 'year' holds true or false; it takes"),
        ({"from": 1999}, "field 'year' holds an object; it takes"),
        (float("nan"), "field 'year' holds nan; it takes"),
    ],
)
def test_a_value_of_another_kind_is_reported_with_its_line(corpus: Path, value: Any, complaint: str) -> None:
    """A field is numbers throughout, or strings, or lists of strings."""
    rows = [row for row in documents() if row["metadata"]["year"]]
    rows[7]["metadata"]["year"] = value
    rows[9]["text"] = rows[9]["metadata"] = None
    done = build(written(corpus, rows), "year,tags")
    assert done.exit_code == 2
    assert f"{corpus}:8: {complaint}" in done.stderr
    assert f"{corpus}:10: 'text' is missing" in done.stderr


def test_too_small_a_corpus_is_refused(corpus: Path) -> None:
    """With its size and the least size."""
    done = build(written(corpus, documents()[:99]), "year")
    assert done.exit_code == 2
    assert "the corpus has 99 documents; a benchmark needs at least 100" in done.stderr


def test_too_few_topics_are_refused(corpus: Path) -> None:
    """Documents that never share two words make no topic."""
    rows = [{**row, "text": f"word{number}"} for number, row in enumerate(documents())]
    done = build(written(corpus, rows), "year,tags")
    assert done.exit_code == 2
    assert "only 0 topics have documents on both sides of a constraint, and 10 are needed" in done.stderr


def test_judgements_without_anything_relevant_make_no_topic(corpus: Path) -> None:
    """Topics are then not drawn from the corpus instead."""
    queries = written(corpus.parent / "queries.jsonl", [{"_id": "q1", "text": "copper"}])
    qrels = corpus.parent / "qrels.tsv"
    qrels.write_text(f"query-id\tcorpus-id\tscore\nq1\t{documents()[0]['_id']}\t0\n")
    done = build(corpus, "year", "--queries", str(queries), "--qrels", str(qrels))
    assert done.exit_code == 2
    assert "only 0 topics" in done.stderr


def test_a_corpus_without_metadata_is_refused(corpus: Path) -> None:
    """There is nothing to constrain."""
    rows = [{"_id": row["_id"], "text": row["text"]} for row in documents()]
    done = build(written(corpus, rows), "year")
    assert done.exit_code == 2
    assert f"{corpus}: no document has metadata" in done.stderr


def test_a_missing_corpus_is_named(tmp_path: Path) -> None:
    """As every file that is read."""
    done = build(tmp_path / "nowhere.jsonl", "year")
    assert done.exit_code == 2
    assert f"{tmp_path / 'nowhere.jsonl'}: the file is missing" in done.stderr


def test_an_output_folder_that_holds_something_is_refused_first(tmp_path: Path) -> None:
    """Before the corpus, here a missing one, is looked at; nothing is overwritten."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine.txt").write_text("mine")
    done = build(tmp_path / "nowhere.jsonl", "year")
    assert done.exit_code == 2
    assert f"{str(tmp_path / 'made')!r} exists already; give a new or empty folder" in done.stderr
    assert (tmp_path / "made" / "mine.txt").read_text() == "mine"


def test_queries_and_judgements_go_together(corpus: Path) -> None:
    """One without the other would be ignored."""
    done = build(corpus, "year", "--queries", str(corpus))
    assert done.exit_code == 2
    assert "--queries and --qrels go together" in done.stderr


def test_faulty_judgements_are_listed_with_faults_of_the_corpus(corpus: Path) -> None:
    """File and line of each, in one list."""
    rows = documents()
    rows[3]["metadata"]["tags"] = "travel"
    queries = written(
        corpus.parent / "queries.jsonl", [{"_id": "q1", "text": "copper"}, {"_id": "q2", "text": " "}]
    )
    qrels = corpus.parent / "qrels.tsv"
    qrels.write_text("query-id\tcorpus-id\tscore\nq1\tnobody\t1\n")
    done = build(written(corpus, rows), "tags", "--queries", str(queries), "--qrels", str(qrels))
    assert done.exit_code == 2
    assert f"{corpus}:4: field 'tags' holds a string" in done.stderr
    assert f"{queries}:2: the query has no text" in done.stderr
    assert f"{qrels}:2: document 'nobody' is not in corpus.jsonl" in done.stderr


def test_a_built_benchmark_runs(corpus: Path) -> None:
    """The next command of the help text, and its record carries the notes."""
    assert build(corpus, "year,tags,award", "--topics", "12").exit_code == 0
    results = corpus.parent / "results"
    made = str(corpus.parent / "made")
    done = CliRunner().invoke(main, ["run", "-m", "oracle", "-b", made, "--results", str(results)])
    assert done.exit_code == 0, done.output
    (file,) = results.rglob("record.json")
    record = json.loads(file.read_text())
    assert record["measures"]["swap-accuracy"]["value"] == 1.0
    assert "award is too sparse" in json.dumps(record["benchmark"])
