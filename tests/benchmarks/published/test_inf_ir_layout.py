"""InF-IR's rows as swaps, from JSON lines and from parquet shards."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.benchmark import Benchmark, Shift
from ifir_eval.benchmarks.inf_ir import read_inf_ir
from ifir_eval.errors import InvalidInputError, MissingPackageError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.ranking.run import Hits, Run


def row(number: int) -> dict[str, str]:
    return {
        "query_positive": f"Q+ {number}",
        "instruction_positive": f"I+ {number}",
        "document_positive": f"P+ {number}",
        "query_negative": f"Q- {number}",
        "instruction_negative": f"I- {number}",
        "hard_negative_document_1": f"HN1 {number}",
        "hard_negative_document_2": f"HN2 {number}",
    }


def as_jsonl(folder: Path, split: str) -> Path:
    return write_copy(folder, {f"{split}.jsonl": [row(1), row(2)]})


def as_parquet(folder: Path, split: str) -> Path:
    """Two shards below ``data``, as the hub's uploads lay them out, beside another split's."""
    parquet, table = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow").Table
    (folder / "data").mkdir()
    for name, number in ((f"{split}-00000-of-00002", 1), (f"{split}-00001-of-00002", 2), ("other-0-of-1", 3)):
        parquet.write_table(table.from_pylist([row(number)]), folder / "data" / f"{name}.parquet")
    return folder


@pytest.mark.parametrize("write", [as_jsonl, as_parquet])
@pytest.mark.parametrize(("split", "name"), [("msmarco", "inf-ir"), ("leetcode", "inf-ir-leetcode")])
def test_a_row_becomes_three_views_over_its_own_three_passages(
    tmp_path: Path, write: object, split: str, name: str
) -> None:
    """Q+I+ is answered by the positive, Q+I- by the first, Q-I+ by the second hard negative."""
    assert callable(write)
    benchmark = read_inf_ir(write(tmp_path, split), split)
    second = benchmark.topics[1]
    asked = {view.name: (view.query, view.instruction) for view in second.views.values()}
    assert asked == {
        "original": ("Q+ 2", "I+ 2"),
        "other-instruction": ("Q+ 2", "I- 2"),
        "other-query": ("Q- 2", "I+ 2"),
    }
    answers = {
        view.name: [benchmark.corpus[document].text for document, grade in view.judgements.items() if grade]
        for view in second.views.values()
    }
    assert answers == {"original": ["P+ 2"], "other-instruction": ["HN1 2"], "other-query": ["HN2 2"]}
    assert {view.candidates for view in second.views.values()} == {
        ("2-original", "2-other-instruction", "2-other-query")
    }
    assert second.shift(benchmark.contrasts[0], 1) == Shift(("2-original",), ("2-other-instruction",), ())
    assert (benchmark.name, len(benchmark.topics), len(benchmark.corpus)) == (name, 2, 6)
    assert "training corpus" in benchmark.notes[0]
    assert benchmark.notes[1].startswith("number of topics: 2 in this copy, ")


def _swap_accuracy(benchmark: Benchmark, *, obeys: bool) -> float:
    hits = {}
    for view in benchmark.views():
        scores = [float(view.judgements[document]) if obeys else 1.0 for document in view.candidates or ()]
        hits[view.id] = Hits.of(view.id, view.candidates or (), scores)
    (measure,) = find(["swap-accuracy"])
    values = measure.columns(ranked_topics(benchmark, Run(hits)))["swap-accuracy"]
    return sum(values.values()) / len(values)


def test_obedience_and_deafness_are_told_apart(tmp_path: Path) -> None:
    """Following the judgements gives 1, the same scores for both instructions 0."""
    benchmark = read_inf_ir(as_jsonl(tmp_path, "msmarco"))
    assert _swap_accuracy(benchmark, obeys=True) == 1
    assert _swap_accuracy(benchmark, obeys=False) == 0


def test_missing_fields_are_named_once_each(tmp_path: Path) -> None:
    """With file and row."""
    rows = [row(1) | {"document_positive": None}]
    with pytest.raises(InvalidInputError) as caught:
        read_inf_ir(write_copy(tmp_path, {"msmarco.jsonl": rows}))
    assert list(map(str, caught.value.problems)) == ["msmarco.jsonl:1: 'document_positive' is missing"]


def test_a_pointer_in_place_of_a_parquet_file_is_named(tmp_path: Path) -> None:
    """A clone without git-lfs holds text under the names of large files."""
    pytest.importorskip("pyarrow")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    write_copy(tmp_path, {"data/msmarco-00000-of-00001.parquet": pointer})
    with pytest.raises(InvalidInputError, match="not a readable parquet file"):
        read_inf_ir(tmp_path)


def test_parquet_without_its_package_gives_the_install_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An absent optional package is a sentence, not a traceback."""
    as_parquet(tmp_path, "msmarco")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingPackageError, match="pip install 'pyarrow'"):
        read_inf_ir(tmp_path)
