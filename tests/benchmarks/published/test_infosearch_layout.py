"""InfoSearch's hub layout: three modes, its loader's rules, and p-MRR over what an instruction excludes."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.benchmarks.infosearch import SUBSETS, read_infosearch
from ifir_eval.errors import InvalidInputError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.ranking.run import Hits, Run


def query(query_id: str, condition: str) -> dict[str, str]:
    return {
        "_id": query_id,
        "text": "What does rye do?",
        "instruction_og": "",
        "instruction_changed": f"For {condition}.",
        "instruction_reversed": f"Not for {condition}.",
        "keywords": "rye",
        "short_query": "rye",
    }


def judged(query_id: str, **grades: float) -> list[dict[str, object]]:
    return [{"query-id": query_id, "corpus-id": document, "score": score} for document, score in grades.items()]


COPY: dict[str, object] = {
    "corpus.jsonl": [{"_id": f"d{n}", "title": "", "text": f"Rye {n}."} for n in range(4)],
    "queries.jsonl": [query("q0", "laymen"), query("q1", "experts"), query("unjudged", "nobody")],
    "qrels_og/test.jsonl": [*judged("q0", d0=1.0, d1=1.0), *judged("q1", d0=1.0, d1=1.0)],
    "qrels_changed/test.jsonl": [*judged("q0", d0=1.0, d1=0.0), *judged("q1", d0=0.0, d1=1.0)],
    "qrels_reversed/test.jsonl": [*judged("q0", d0=0.0, d1=1.0), *judged("q1", d0=1.0, d1=0.0)],
}


def test_the_hub_layout_gives_three_modes(tmp_path: Path) -> None:
    """A condition of a core query is a topic; a query that the authors' loader drops is dropped."""
    benchmark = read_infosearch(write_copy(tmp_path, COPY), "audience")
    layman, expert = benchmark.topics
    assert (benchmark.name, [topic.id for topic in benchmark.topics]) == ("infosearch-audience", ["q0", "q1"])
    assert list(layman.views) == ["original", "instructed", "reversed"]
    assert {view.query for view in benchmark.views()} == {"What does rye do?"}
    assert [view.instruction for view in layman.views.values()] == ["", "For laymen.", "Not for laymen."]
    assert layman.views["instructed"].judgements == {"d0": 1, "d1": 0}
    assert layman.views["original"].candidates is None
    assert layman.shift(benchmark.contrasts[0], 1) == Shift(lost=("d1",), gained=(), kept=("d0",))
    assert expert.shift(benchmark.contrasts[0], 1).lost == ("d0",)


def test_a_retriever_that_obeys_gets_full_marks(tmp_path: Path) -> None:
    """SICR and WISE read the three views, p-MRR the documents that the instructed mode makes negative."""
    benchmark = read_infosearch(write_copy(tmp_path, COPY), "audience").limited(1)
    orders = {"original": "d1 d0 d2 d3", "instructed": "d0 d2 d3 d1", "reversed": "d1 d2 d3 d0"}
    run = Run(
        {
            f"q0-{view}": Hits.of(view, documents, [4.0 + (view == "instructed"), 3.0, 2.0, 1.0])
            for view, order in orders.items()
            if (documents := order.split())
        }
    )
    values = {
        measure.name: measure.columns(ranked_topics(benchmark, run))[measure.name]["q0"]
        for measure in find(("SICR", "WISE", "p-MRR"))
    }
    assert values == {"SICR": 1.0, "WISE": 1.0, "p-MRR": pytest.approx(1 - 1 / 4)}


def test_a_size_other_than_the_published_one_is_noted(tmp_path: Path) -> None:
    """The warning stays with the benchmark and so reaches every record."""
    benchmark = read_infosearch(write_copy(tmp_path, COPY), "language")
    assert benchmark.notes[0] == "number of topics: 2 in this copy, 200 published"
    assert sum(subset.sizes.topics or 0 for subset in SUBSETS.values()) == 1598


def test_a_document_positive_in_instructed_mode_only_is_noted(tmp_path: Path) -> None:
    """The paper's p-MRR is over documents that lose relevance; ours would count this rise, too."""
    rows = [*judged("q0", d0=1.0, d2=1.0), *judged("q1", d0=0.0, d1=1.0)]
    benchmark = read_infosearch(write_copy(tmp_path, {**COPY, "qrels_changed/test.jsonl": rows}), "audience")
    assert benchmark.notes[-1].startswith("1 documents are positive in instructed mode only")


def test_conditions_of_one_core_query_are_noted_as_dependent(tmp_path: Path) -> None:
    """Topics are what intervals resample, and two conditions on one query are not two samples."""
    note = (
        "2 topics stand on 1 core queries, so they are not independent of each other: "
        "intervals are too narrow and p-values too small"
    )
    assert note in read_infosearch(write_copy(tmp_path, COPY), "audience").notes
    other = [query("q0", "laymen"), query("q1", "experts") | {"text": "What does oat do?"}]
    apart = read_infosearch(write_copy(tmp_path, {**COPY, "queries.jsonl": other}), "audience")
    assert not any("independent" in told for told in apart.notes)


def test_faults_are_listed_with_file_and_line(tmp_path: Path) -> None:
    """A missing mode, an unknown document and a strange score come as one list."""
    rows = [*judged("q0", d9=1.0), *judged("q0", d0=0.5)]
    copy = {**COPY, "qrels_changed/test.jsonl": rows}
    del copy["qrels_reversed/test.jsonl"]
    with pytest.raises(InvalidInputError) as caught:
        read_infosearch(write_copy(tmp_path, copy), "audience")
    assert list(map(str, caught.value.problems)) == [
        "qrels_changed/test.jsonl:1: document 'd9' is not in corpus.jsonl",
        "qrels_changed/test.jsonl:2: 'score' must be 0 or 1, not 0.5",
        "qrels_reversed/test.jsonl: the file is missing",
    ]
