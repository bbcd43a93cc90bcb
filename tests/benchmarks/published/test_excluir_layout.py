"""ExcluIR's two files, in both namings of its fields."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.benchmark import Shift
from ifir_eval.benchmarks.excluir import read_excluir
from ifir_eval.errors import InvalidInputError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.ranking.run import Hits, Run

CORPUS = ["Wheat bread.", "Rye bread.", "Salt."]
README_ROW = {"question0": "Bread?", "RQ_rewrite": "Bread, not of wheat?", "corpus_sub_index": [0, 1]}
SCRIPT_ROW = {"question0": "Bread?", "ExcluQ": "Bread, not of wheat?", "index": [0, 1]}


@pytest.mark.parametrize("row", [README_ROW, SCRIPT_ROW])
@pytest.mark.parametrize("place", [".", "src/data"])
def test_both_layouts_are_read(tmp_path: Path, row: dict[str, object], place: str) -> None:
    """The first index is the refused document, the second the wanted one, as the release says."""
    copy = {f"{place}/corpus.json": CORPUS, f"{place}/test_manual_final.json": [row]}
    benchmark = read_excluir(write_copy(tmp_path, copy))
    (topic,) = benchmark.topics
    assert [view.query for view in topic.views.values()] == ["Bread?", "Bread, not of wheat?"]
    assert topic.views["bare"].judgements == {"0": 1, "1": 1}
    assert topic.views["excluding"].judgements == {"0": 0, "1": 1}
    assert topic.shift(benchmark.contrasts[0], 1) == Shift(lost=("0",), gained=(), kept=("1",))
    assert {view.instruction for view in benchmark.views()} == {""}
    assert benchmark.notes == ("number of topics: 1 in this copy, 3,452 published",)


@pytest.mark.parametrize(("order", "right"), [(["1", "0", "2"], 1.0), (["0", "1", "2"], 0.0)])
def test_right_rank_and_violations_look_at_the_refused_document(
    tmp_path: Path, order: list[str], right: float
) -> None:
    """Right rank is 1 where the wanted document is first; within the top 10 the refused one is a violation."""
    copy = {"corpus.json": CORPUS, "test_manual_final.json": [README_ROW]}
    benchmark = read_excluir(write_copy(tmp_path, copy))
    run = Run({view.id: Hits.of(view.id, order, [3.0, 2.0, 1.0]) for view in benchmark.views()})
    ranked = ranked_topics(benchmark, run)
    values = {
        measure.name: measure.columns(ranked)[measure.name]["1"]
        for measure in find(("right-rank", "violations@10"))
    }
    assert values == {"right-rank": right, "violations@10": 1.0}


def test_faults_are_listed_by_entry(tmp_path: Path) -> None:
    """Missing texts, indices that do not fit and unknown documents come as one list."""
    rows = [
        {"RQ_rewrite": "q", "corpus_sub_index": [0, 7]},
        {"question0": "q", "ExcluQ": "q", "index": [1]},
        "row",
    ]
    copy = {"corpus.json": CORPUS, "test_manual_final.json": rows}
    with pytest.raises(InvalidInputError) as caught:
        read_excluir(write_copy(tmp_path, copy))
    file = "test_manual_final.json: entry"
    assert list(map(str, caught.value.problems)) == [
        f"{file} 1: 'question0' is missing",
        f"{file} 1: document 7 is not in corpus.json",
        f"{file} 2: 'index' must be the places of two documents: the refused, then the wanted one",
        f"{file} 3: must be an object, not a string",
    ]


def test_a_corpus_that_is_no_list_of_texts_is_refused(tmp_path: Path) -> None:
    """What is wrong is said, not shown as a traceback."""
    copy = {"corpus.json": {"0": "Rye."}, "test_manual_final.json": {}}
    with pytest.raises(InvalidInputError) as caught:
        read_excluir(write_copy(tmp_path, copy))
    assert list(map(str, caught.value.problems)) == [
        "corpus.json: must be a list of strings",
        "test_manual_final.json: must be a list, not an object",
    ]
