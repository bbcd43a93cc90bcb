"""FollowTable's queries with typed instructions over a folder of tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.benchmarks.followtable import read_followtable
from ifir_eval.errors import InvalidInputError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.ranking.run import Hits, Run

TABLES: dict[str, object] = {f"data/WTR/tables/{number}.txt": f"<table>{number}</table>" for number in range(5)}
POOL = ["0.txt", "1.txt", "2.txt"]


def out(kind: str, *positive: str) -> dict[str, object]:
    return {
        "instruction": f"Only {positive}.",
        "instruction_type": kind,
        "query_positive": ["0.txt", "1.txt"],
        "instruction_positive": list(positive),
        "all_tables": POOL,
    }


def asked(*outs: dict[str, object]) -> dict[str, object]:
    return {"query": "extinguishers", "query_positive": ["0.txt", "1.txt"], "outs": list(outs)}


def copy(folder: Path, *queries: dict[str, object]) -> Path:
    return write_copy(folder, {**TABLES, "data/WTR/query_instruction.json": list(queries)})


def test_each_instruction_is_a_view_named_by_its_type(tmp_path: Path) -> None:
    """The query alone is ``bare``; sub-types share a view, and a query may lack a type."""
    folder = copy(tmp_path, asked(out("1.1", "0.txt"), out("2.3.2", "1.txt")), asked(out("1.1", "1.txt")))
    benchmark = read_followtable(folder, "WTR")
    first, second = benchmark.topics
    assert (benchmark.name, list(first.views), list(second.views)) == (
        "followtable-wtr",
        ["bare", "C1", "S3"],
        ["bare", "C1"],
    )
    assert first.views["bare"].judgements == {"0.txt": 1, "1.txt": 1, "2.txt": 0}
    assert first.views["S3"].judgements == {"0.txt": 0, "1.txt": 1, "2.txt": 0}
    assert first.views["C1"].instruction == "Only ('0.txt',)."
    assert [str(contrast) for contrast in benchmark.contrasts] == ["bare>C1", "bare>S3"]
    assert first.shift(benchmark.contrasts[1], 1) == Shift(lost=("0.txt",), gained=(), kept=("1.txt",))
    assert benchmark.corpus["4.txt"].text == "<table>4</table>"
    assert benchmark.notes == (
        "number of topics: 2 in this copy, 60 published",
        "number of documents: 5 in this copy, 9,546 published",
    )


@pytest.mark.parametrize(("order", "expected"), [("0 1 2 3 4", 1.0), ("1 0 2 3 4", 0.0), ("1 2 3 4 0", -1.0)])
def test_irs_compares_with_the_bare_query(tmp_path: Path, order: str, expected: float) -> None:
    """Raising the right table counts up, sinking it below the others down, standing still is exactly 0."""
    benchmark = read_followtable(copy(tmp_path, asked(out("1.1", "0.txt"))), "WTR")
    orders = {"1-bare": "1 0 2 3 4", "1-C1": order}
    hits = {
        query: Hits.of(query, [f"{number}.txt" for number in ranking.split()], [5.0, 4, 3, 2, 1])
        for query, ranking in orders.items()
    }
    (irs,) = find(["IRS"])
    (value,) = irs.columns(ranked_topics(benchmark, Run(hits)))["IRS"].values()
    assert (value > 0) - (value < 0) == expected


def test_faults_are_listed(tmp_path: Path) -> None:
    """A type that is unknown or comes twice, and what is no list."""
    folder = copy(
        tmp_path, asked(out("3.1", "0.txt"), out("1.1", "0.txt"), out("1.1", "1.txt")), {"query": "q"}
    )
    with pytest.raises(InvalidInputError) as caught:
        read_followtable(folder, "WTR")
    file = "query_instruction.json: entry"
    types = "'instruction_type' must be one of 1.1, 1.2, 2.1, 2.2, 2.3, each once for a query"
    assert list(map(str, caught.value.problems)) == [
        f"{file} 1: {types}",
        f"{file} 1: {types}",
        f"{file} 2: 'query_positive' must be a list of strings",
        f"{file} 2: 'outs' must be a list of objects",
    ]


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Judgements about tables that the copy lacks are no silent zero."""
    folder = copy(tmp_path, asked(out("1.1", "9.txt")))
    with pytest.raises(InvalidInputError, match=r"judged document '9\.txt' is not in the corpus"):
        read_followtable(folder, "WTR")
    with pytest.raises(InvalidInputError, match="there is no table"):
        read_followtable(tmp_path, "TArX")
