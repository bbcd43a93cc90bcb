"""The layouts in which training rows are published."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.folder import write_folder
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.errors import IfirEvalError, InvalidInputError, UnknownNameError
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.training.readers import read_layout
from ifir_eval.training.readers.benchmark import rows_of
from ifir_eval.training.rows import Row, write_rows


def lines(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def passage(text: str, title: str = "") -> dict[str, str]:
    return {"docid": text[:3], "text": text, "title": title}


PROMPTRIEVER = {
    "query_id": "12-instruct",
    "query": "bread Only rye.",
    "only_query": "bread",
    "only_instruction": "Only rye.",
    "has_instruction": True,
    "positive_passages": [passage("Of rye.", "Bread")],
    "new_negatives": [passage("Of wheat.", "Bread"), passage("Of oats.")],
    "negative_passages": [passage("Of wheat.", "Bread"), *(passage(f"Cheese {n}.") for n in range(40))],
}
INF_IR = {
    "query_positive": "q+",
    "instruction_positive": "i+",
    "document_positive": "p+",
    "query_negative": "q-",
    "instruction_negative": "i-",
    "hard_negative_document_1": "hn1",
    "hard_negative_document_2": "hn2",
}


def test_promptriever_gives_instruction_negatives_and_pairs_a_query_with_its_bare_twin(tmp_path: Path) -> None:
    """The twins are told by their query, since no source says how their ids belong together."""
    bare = {
        **PROMPTRIEVER,
        "query_id": "12",
        "query": "bread",
        "only_instruction": "",
        "has_instruction": False,
        "new_negatives": [],
    }
    instructed, twin = read_layout(lines(tmp_path / "train.jsonl", PROMPTRIEVER, bare))
    assert (instructed.query, instructed.instruction, instructed.positive) == (
        "bread",
        "Only rye.",
        "Bread Of rye.",
    )
    assert instructed.instruction_negatives == ("Bread Of wheat.", "Of oats.")
    assert instructed.hard_negatives == tuple(f"Cheese {n}." for n in range(30))
    assert (twin.view, twin.instruction, twin.instruction_negatives) == ("bare", "", ())
    assert twin.hard_negatives[0] == "Bread Of wheat."
    assert instructed.view == "original"
    assert instructed.pair_id == twin.pair_id


def test_inf_ir_items_become_three_rows(tmp_path: Path) -> None:
    """(Q+ I+ -> P+), (Q+ I- -> HN1), (Q- I+ -> HN2); the first two exclude each other's passage."""
    rows = read_layout(lines(tmp_path / "msmarco.jsonl", INF_IR))
    assert [(row.query, row.instruction, row.positive) for row in rows] == [
        ("q+", "i+", "p+"),
        ("q+", "i-", "hn1"),
        ("q-", "i+", "hn2"),
    ]
    assert [row.instruction_negatives for row in rows] == [("hn1",), ("p+",), ()]
    assert {row.pair_id for row in rows} == {"msmarco-1"}
    assert [row.view for row in rows] == ["original", "reversed", "other-query"]


def test_flagembedding_reads_the_published_example_rows(shared_data: Callable[[str], Path]) -> None:
    """30 rows; nq lists up to 100 negatives, of which one row repeats two: 30 different ones are kept."""
    rows = read_layout(shared_data("flagembedding_toy"))
    assert len(rows) == 30
    assert {len(row.hard_negatives) for row in rows} == {1, 25, 30}
    assert not [fault for row in rows for fault in row.faults()]
    assert {row.instruction for row in rows if row.source == "nli"} == {"Retrieve semantically similar text."}


def test_flagembedding_gives_a_row_for_each_positive(tmp_path: Path) -> None:
    """Without a prompt they are bare."""
    rows = read_layout(lines(tmp_path / "toy.jsonl", {"query": "q", "pos": ["a", "b"], "neg": ["c", "c"]}))
    assert [(row.view, row.positive, row.hard_negatives) for row in rows] == [
        ("bare", "a", ("c",)),
        ("bare", "b", ("c",)),
    ]


COLUMNS = [
    {"anchor": "bread", "positive": "Rye.", "negative_1": "Oats.", "negative_2": "", "negative_10": "Cheese."},
    {
        "anchor": "cheese, hard",
        "positive": 'A "Gouda"\nof June.',
        "negative_1": "Rye.",
        "negative_2": "",
        "negative_10": "",
    },
]


def as_jsonl(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    return lines(path.with_suffix(".jsonl"), *rows)


def as_list(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    path.with_suffix(".json").write_text(f"\n{json.dumps(rows)}", encoding="utf-8")
    return path.with_suffix(".json")


def as_csv(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path.with_suffix(".csv")


def as_parquet(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(list(rows)), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


@pytest.mark.parametrize("write", [as_jsonl, as_list, as_csv, as_parquet])
def test_sentence_transformers_columns_are_read_from_every_kind_of_file(
    write: Callable[[Path, Sequence[dict[str, str]]], Path], tmp_path: Path
) -> None:
    """Negatives in the order of their numbers, not of their names; empty ones are absent."""
    rows = read_layout(write(tmp_path / "triplets", COLUMNS))
    assert [(row.query, row.positive, row.hard_negatives) for row in rows] == [
        ("bread", "Rye.", ("Oats.", "Cheese.")),
        ("cheese, hard", 'A "Gouda"\nof June.', ("Rye.",)),
    ]
    assert {row.view for row in rows} == {"bare"}


def test_an_instruction_may_stand_beside_the_columns(tmp_path: Path) -> None:
    (row,) = read_layout(lines(tmp_path / "a.jsonl", {"query": "q", "positive": "p", "instruction": "i"}))
    assert (row.view, row.instruction, row.negatives) == ("original", "i", ())


def test_a_folder_of_tables_is_read_whole(tmp_path: Path) -> None:
    """As a copy of a data set of the hub lies there; pair ids of its files do not meet."""
    for shard in ("train-00000-of-00002", "train-00001-of-00002"):
        lines(tmp_path / "data" / f"{shard}.jsonl", INF_IR)
    rows = read_layout(tmp_path)
    assert len(rows) == 6
    assert len({row.pair_id for row in rows}) == 2


def beir(folder: Path, **files: str) -> Path:
    lines(folder / "corpus.jsonl", *({"_id": d, "title": d.upper(), "text": f"text {d}"} for d in "abc"))
    lines(folder / "queries.jsonl", {"_id": "q1", "text": "first"}, {"_id": "q2", "text": "second"})
    (folder / "qrels").mkdir()
    for name, content in files.items():
        (folder / f"{name.replace('_', '/')}.tsv").write_text(content, encoding="utf-8")
    return folder


def test_the_train_split_of_a_beir_folder_becomes_rows(tmp_path: Path) -> None:
    """Each positive a row; what is judged 0 is a hard negative; the test split is not touched."""
    header = "query-id\tcorpus-id\tscore\n"
    folder = beir(
        tmp_path,
        qrels_train=f"{header}q1\ta\t1\nq1\tb\t2\nq1\tc\t0\n",
        qrels_test=f"{header}q2\ta\t1\n",
    )
    assert [(row.query, row.positive, row.hard_negatives) for row in read_layout(folder)] == [
        ("first", "A text a", ("C text c",)),
        ("first", "B text b", ("C text c",)),
    ]


def test_triples_of_ids_are_gathered_by_query_and_positive(tmp_path: Path) -> None:
    header = "query-id\tpositive-id\tnegative-id\n"
    rows = read_layout(beir(tmp_path, triples=f"{header}q1\ta\tb\nq2\tc\ta\nq1\ta\tc\n"))
    assert [(row.query, row.positive, row.hard_negatives) for row in rows] == [
        ("first", "A text a", ("B text b", "C text c")),
        ("second", "C text c", ("A text a",)),
    ]


def test_documents_without_text_make_no_row_and_no_negative(tmp_path: Path) -> None:
    """FiQA and TREC-COVID hold such documents."""
    folder = beir(tmp_path, qrels_train="query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\td\t0\nq2\td\t1\n")
    with (folder / "corpus.jsonl").open("a", encoding="utf-8") as corpus:
        corpus.write('{"_id": "d", "title": "", "text": " "}\n')
    assert [(row.query, row.positive, row.hard_negatives) for row in read_layout(folder)] == [
        ("first", "A text a", ())
    ]


def test_faults_of_triples_are_listed_with_their_lines(tmp_path: Path) -> None:
    header = "query-id\tpositive-id\tnegative-id\n"
    folder = beir(tmp_path, triples=f"{header}q9\ta\tb\nq1\ta\ta\nq1\ta\tz\n")
    with pytest.raises(InvalidInputError) as raised:
        read_layout(folder)
    said = str(raised.value)
    assert "triples.tsv:2: query 'q9' is not in queries.jsonl" in said
    assert "triples.tsv:3: the negative 'a' is the positive" in said
    assert "triples.tsv:4: document 'z' is not in corpus.jsonl" in said


def test_a_benchmark_folder_gives_its_views_as_pairs_that_swap_their_passages(tmp_path: Path) -> None:
    """Each view's positive is the first instruction negative of the other; the query alone wants both."""
    benchmark = load_mirror("train")
    write_folder(benchmark.limited(10), tmp_path / "mirror")
    rows = read_layout(tmp_path / "mirror")
    by_pair: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_pair.setdefault(row.pair_id, {})[row.view] = row
    assert len(by_pair) >= 50
    for views in by_pair.values():
        original, reverse = views["original"], views["reversed"]
        assert original.instruction_negatives[0] == reverse.positive
        assert reverse.instruction_negatives[0] == original.positive
        assert views["bare"].positive == original.positive
        assert not views["bare"].instruction_negatives
        assert original.hard_negatives == reverse.hard_negatives


def test_rows_of_a_benchmark_say_what_its_judgements_say() -> None:
    """Positives are relevant under the view; instruction negatives under another only; hard ones under none."""
    benchmark = load_mirror("train")
    text = {id_: document_text(document) for id_, document in benchmark.corpus.items()}
    topics = {topic.id: topic for topic in benchmark.topics}
    rows = rows_of(benchmark)
    assert not [fault for row in rows for fault in row.faults()]
    for row in rows:
        topic = topics[row.pair_id.rpartition("-")[0]]
        wanted = {text[document] for document in topic.relevant(row.view, 1)}
        elsewhere = {text[document] for view in topic.views for document in topic.relevant(view, 1)}
        assert row.positive in wanted
        assert not wanted & set(row.negatives)
        assert set(row.instruction_negatives) <= elsewhere
        assert not set(row.hard_negatives) & elsewhere


@pytest.mark.parametrize("layout", ["rows", "flagembedding", "inf-ir", "promptriever", "sentence-transformers"])
def test_a_row_without_a_positive_is_a_fault_with_its_line_in_every_layout(layout: str, tmp_path: Path) -> None:
    faulty: dict[str, Mapping[str, Any]] = {
        "rows": {"pair_id": "p", "view": "bare", "query": "q", "positive": " "},
        "flagembedding": {"query": "q", "pos": [], "neg": ["n"]},
        "inf-ir": {**INF_IR, "document_positive": ""},
        "promptriever": {**PROMPTRIEVER, "positive_passages": []},
        "sentence-transformers": {"anchor": "q", "positive": ""},
    }
    with pytest.raises(InvalidInputError, match=r"a\.jsonl:1: .*pos.* is empty"):
        read_layout(lines(tmp_path / "a.jsonl", faulty[layout]), layout)


def test_a_negative_that_is_the_positive_is_a_fault(tmp_path: Path) -> None:
    """It would teach that a passage is better than itself."""
    path = lines(tmp_path / "a.jsonl", {"anchor": "q", "positive": "p", "negative": " p "})
    with pytest.raises(InvalidInputError, match=r"a\.jsonl:1: a negative equals the positive"):
        read_layout(path)


def test_our_own_rows_are_recognised(tmp_path: Path) -> None:
    row = Row("p", "bare", "q", "", "passage")
    write_rows(tmp_path / "rows.jsonl", [row])
    assert read_layout(tmp_path / "rows.jsonl") == [row]


def test_what_is_no_layout_is_refused_with_its_fields(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"a\.jsonl:1: the fields \(id, words\) are those of no layout"):
        read_layout(lines(tmp_path / "a.jsonl", {"id": 1, "words": "x"}))
    with pytest.raises(UnknownNameError, match="did you mean flagembedding"):
        read_layout(tmp_path / "a.jsonl", "flagembeding")
    with pytest.raises(IfirEvalError, match="there is no file or folder"):
        read_layout(tmp_path / "b.jsonl")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IfirEvalError, match="holds no rows"):
        read_layout(tmp_path / "empty")


def test_files_that_are_no_tables_are_reported(tmp_path: Path) -> None:
    """A CSV line of another length, and bytes that are no parquet."""
    (tmp_path / "a.csv").write_text("anchor,positive\nq,p,surplus\n", encoding="utf-8")
    (tmp_path / "b.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(InvalidInputError) as raised:
        read_layout(tmp_path)
    assert "a.csv:2: the line has not as many columns as the header" in str(raised.value)
    assert "b.parquet: not a parquet file" in str(raised.value)


def test_where_documents_only_lose_relevance_those_that_stay_stand_for_them() -> None:
    """As in FollowIR: what the changed instruction wants was wanted before, and what it rules out is lost."""
    wanted = {"original": {"a", "b", "c"}, "changed": {"c"}}
    views = {
        name: View(f"q-{name}", name, "q", f"{name} instruction", {doc: int(doc in docs) for doc in "abcd"})
        for name, docs in wanted.items()
    }
    benchmark = Benchmark(
        name="followir",
        version="1",
        licence="",
        source="",
        corpus={doc: Document(doc, f"text {doc}") for doc in "abcd"},
        topics=(Topic("q", views),),
        measures=("nDCG@10",),
        primary="nDCG@10[original]",
        contrasts=(Contrast("original", "changed"),),
    )
    original, changed = rows_of(benchmark)
    assert original.positive in {"text a", "text b"}
    assert (original.instruction_negatives, original.hard_negatives) == ((), ("text d",))
    assert changed.positive == "text c"
    assert set(changed.instruction_negatives) == {"text a", "text b"}


def test_files_of_a_folder_must_not_use_the_same_pair_ids(tmp_path: Path) -> None:
    """One row would silently take the place of the other."""
    for name in ("a", "b"):
        write_rows(tmp_path / f"{name}.jsonl", [Row("p", "bare", name, "", "passage")])
    with pytest.raises(InvalidInputError, match="pair 'p' has the view 'bare' in 2 files"):
        read_layout(tmp_path)
