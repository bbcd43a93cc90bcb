"""What becomes of mteb's tasks as benchmarks, and what is said when one cannot be had."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import hub_copies
import pytest
from hub_copies import keep_apart, write_copies, write_copy

from ifir_eval.benchmarks.benchmark import Contrast
from ifir_eval.benchmarks.catalog import load
from ifir_eval.benchmarks.folder import read_folder, write_folder
from ifir_eval.benchmarks.mteb_tasks.loading import _size_notes
from ifir_eval.benchmarks.mteb_tasks.shapes import shape_of
from ifir_eval.benchmarks.mteb_tasks.task import Selection, load_task
from ifir_eval.errors import IfirEvalError, InvalidInputError, MissingPackageError
from ifir_eval.progress import silent
from ifir_eval.retrievers.lexical import BM25
from ifir_eval.retrievers.options import Options

CORE17 = "mteb/Core17InstructionRetrieval"
FOLLOWIR = Contrast("original", "changed")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_apart(tmp_path / "built", monkeypatch)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_copies(tmp_path_factory.mktemp("copies"))


def test_followir_becomes_two_views_of_a_topic(copies: Path) -> None:
    """Ids, instructions and candidates are mteb's; what loses relevance is what qrel_diff lists."""
    benchmark = load("followir-core17", data=copies)
    parts = hub_copies.followir()
    assert len(benchmark.topics) == 10
    topic = benchmark.topic("3")
    original, changed = topic.views["original"], topic.views["changed"]
    assert (original.id, changed.id) == ("3-og", "3-changed")
    assert original.query == changed.query == "What is known about glaciers?"
    said = {row["query-id"]: row["instruction"] for row in parts["instruction"]["instruction"]}
    assert (original.instruction, changed.instruction) == (said["3-og"], said["3-changed"])
    assert original.candidates == tuple(f"d{number}" for number in range(50))
    listed = {row["query-id"]: set(row["corpus-ids"]) for row in parts["qrel_diff"]["qrel_diff"]}
    lost, gained, kept = topic.shift(FOLLOWIR, 1)
    assert set(lost) == listed["3"]
    assert not gained
    assert kept
    assert benchmark.version == "67d8733"
    assert not any("qrel_diff" in note for note in benchmark.notes)


def test_a_qrel_diff_that_contradicts_the_judgements_is_noted(tmp_path: Path) -> None:
    """Our p-MRR goes by the judgements, mteb's by the list: where they differ the record says so."""
    configs = dict(hub_copies.followir())
    rows = [*configs["qrel_diff"]["qrel_diff"]]
    rows[3] = {"query-id": "3", "corpus-ids": ["d3"]}
    write_copy(tmp_path / CORE17, {**configs, "qrel_diff": {"qrel_diff": rows}})
    (note,) = [note for note in load("followir-core17", data=tmp_path).notes if "qrel_diff" in note]
    assert "of 1 topics, the first of them 3;" in note


def test_without_qrel_diff_nothing_is_loaded_that_could_be_encoded(tmp_path: Path) -> None:
    """Trap 5: mteb asks for qrel_diff after encoding everything, and an absent one cost the whole run."""
    configs = {name: splits for name, splits in hub_copies.followir().items() if name != "qrel_diff"}
    write_copy(tmp_path / CORE17, configs)
    with pytest.raises(IfirEvalError, match=r"followir-core17: .*qrel_diff.*must be a whole copy"):
        load("followir-core17", data=tmp_path)


def test_nevir_pairs_two_questions(copies: Path) -> None:
    """Each question of a topic has its own of the two passages, so that the two swap labels."""
    benchmark = load("nevir", data=copies)
    topic = benchmark.topic("4")
    assert topic.shift(Contrast("q1", "q2"), 1) == (("4-doc1",), ("4-doc2",), ())
    assert {view.candidates for view in topic.views.values()} == {("4-doc1", "4-doc2")}


def test_instructir_groups_the_instructions_of_a_query(copies: Path) -> None:
    """The id before the underscore is the query's, as in mteb's robustness."""
    topic = load("instructir", data=copies).topic("107")
    assert list(topic.views) == ["instruction-1", "instruction-2", "instruction-3"]
    assert all(view.instruction.startswith("I write a book on") for view in topic.views.values())


def test_ifir_levels_are_views(copies: Path) -> None:
    """Each query is a topic of its own, as mteb averages; the sets without levels have one view."""
    leveled, plain = (load(name, data=copies) for name in ("ifir-aila", "ifir-cds"))
    assert len(leveled.topics) == len(plain.topics) == 30
    assert set(leveled.topic("5-v2").views) == {"level-2"}
    assert set(plain.topic("5-v2").views) == {"instructed"}


def test_levels_of_one_query_are_noted_as_dependent(copies: Path) -> None:
    """Topics are what intervals resample: with three levels of each query, 95% intervals held in 78 of 100."""
    leveled, plain = (load(name, data=copies) for name in ("ifir-aila", "ifir-cds"))
    note = (
        "30 topics stand on 10 queries, so they are not independent of each other: "
        "intervals are too narrow and p-values too small"
    )
    assert note in leveled.notes
    assert not any("independent" in note for note in plain.notes)


def test_documents_without_text_are_left_out_and_noted(copies: Path) -> None:
    """IFIRFiQA and IFIRFire hold such documents; they are no mistake of the user's."""
    benchmark = load("ifir-fiqa", data=copies)
    assert "empty" not in benchmark.corpus
    assert "left out, as they have no text, though mteb ranks them: 1 of 61 documents" in benchmark.notes


def test_candidates_without_text_are_left_out_and_noted(tmp_path: Path) -> None:
    """One of them ended in "candidate document 'empty' is not in the corpus"."""
    configs = hub_copies.followir()
    pools = [
        {**row, "corpus-ids": [*row["corpus-ids"], "empty"]} for row in configs["top_ranked"]["top_ranked"]
    ]
    corpus = [*configs["corpus"]["corpus"], {"_id": "empty", "title": "", "text": " "}]
    write_copy(
        tmp_path / CORE17, {**configs, "corpus": {"corpus": corpus}, "top_ranked": {"top_ranked": pools}}
    )
    benchmark = load("followir-core17", data=tmp_path)
    assert {view.candidates for view in benchmark.views()} == {tuple(f"d{number}" for number in range(50))}
    assert "left out, as their documents are absent or empty: 20 of 1,020 candidates" in benchmark.notes


def test_a_document_with_the_query_s_own_id_is_not_ranked_where_mteb_ignores_it(tmp_path: Path) -> None:
    """IFIRFiQA ignores identical ids; IFIRAila does not."""
    configs = dict(hub_copies.ifir())
    twin = {"_id": "0-v1", "title": "", "text": "papers about coral reefs"}
    for name in ("if-ir/fiqa", "if-ir/aila"):
        write_copy(tmp_path / name, {**configs, "corpus": {"corpus": [*configs["corpus"]["corpus"], twin]}})
    bm25 = BM25.build("bm25", "", Options())
    ignoring, ranking = (
        bm25.answer(load(name, data=tmp_path), silent).run.hits["0-v1"].documents
        for name in ("ifir-fiqa", "ifir-aila")
    )
    assert "0-v1" in ranking
    assert set(ranking) - set(ignoring) == {"0-v1"}


def test_bright_searches_the_corpus_without_what_a_query_excludes(copies: Path, tmp_path: Path) -> None:
    """Candidate lists of a whole corpus a query would not fit in memory; a folder keeps the exclusions."""
    benchmark = load("bright-theoremqatheorems", data=copies)
    first, second = (benchmark.topic(topic).views["bare"] for topic in "01")
    assert first.candidates is second.candidates is None
    assert first.excluded == frozenset()
    assert second.excluded == {"d0"}
    answer = BM25.build("bm25", "", Options()).answer(benchmark, silent)
    assert set(benchmark.corpus) - set(answer.run.hits["1"].documents) == {"d0"}
    write_folder(benchmark, tmp_path / "bright")
    again = read_folder(tmp_path / "bright")
    assert again.content_hash == benchmark.content_hash
    unlimited = replace(second, excluded=frozenset())
    views = {**benchmark.topics[1].views, "bare": unlimited}
    topics = (benchmark.topics[0], replace(benchmark.topics[1], views=views), *benchmark.topics[2:])
    assert replace(benchmark, topics=topics).content_hash != benchmark.content_hash


def test_any_task_of_mteb_loads_by_name(copies: Path) -> None:
    """A plain search is judged by mteb's main score; a known task keeps its family's views."""
    plain, known = load("mteb:SciFact", data=copies), load("mteb:mFollowIR:rus", data=copies)
    assert (plain.name, plain.primary, {view.name for view in plain.views()}) == (
        "mteb:SciFact",
        "nDCG@10",
        {"bare"},
    )
    assert known.content_hash == load("mfollowir-rus", data=copies).content_hash
    assert shape_of("AskUbuntuDupQuestions", "map_at_1000").measures[0] == "MAP@1000"


def test_one_language_is_all_that_is_fetched_for_it(tmp_path: Path) -> None:
    """The loader of mFollowIR fetches three; a copy with one language is enough for that one."""
    configs = {name: splits for name, splits in hub_copies.mfollowir().items() if name.endswith("zho")}
    write_copy(tmp_path / "jhu-clsp/mFollowIR-parquet-mteb", configs)
    assert len(load("mfollowir-zho", data=tmp_path).topics) == 10


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mteb:SciFakt", "mteb has no task 'SciFakt'; did you mean mteb:SciFact"),
        ("mteb:STS12", "'STS12' is no retrieval or reranking of texts"),
        ("mteb:mFollowIR", "existing: mteb:mFollowIR:fas, mteb:mFollowIR:rus, mteb:mFollowIR:zho"),
        ("mteb:SciFact:fas", "has no subset 'fas'; existing: mteb:SciFact$"),
        ("followir", "name one of them: followir-robust04, followir-news21, followir-core17"),
    ],
)
def test_a_name_that_mteb_does_not_know_says_what_exists(name: str, sentence: str) -> None:
    """Before anything is asked of a network."""
    with pytest.raises(IfirEvalError, match=sentence):
        load(name)


def test_sizes_are_compared_with_the_published_ones(copies: Path) -> None:
    """A copy of the published size has no note, one that lacks a document has one."""
    loaded = load_task("followir-core17", Selection("Core17InstructionRetrieval"), copies)
    sizes = {"documents": 60, "queries": 20, "candidates": 1000}
    assert list(_size_notes(replace(loaded, published=sizes))) == []
    (note,) = _size_notes(replace(loaded, published={**sizes, "documents": 61}))
    assert "descriptive statistics): 60 documents, not 61; its figures" in note


def test_a_query_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """One of the two would silently stand for both."""
    configs = hub_copies.followir()
    queries = configs["queries"]["queries"]
    write_copy(tmp_path / CORE17, {**configs, "queries": {"queries": [*queries, queries[0]]}})
    with pytest.raises(InvalidInputError, match="query '0-og' stands twice"):
        load("followir-core17", data=tmp_path)


def test_offline_says_how_to_bring_a_copy() -> None:
    """One sentence: which benchmark, which data set and revision, and the command for a copy."""
    with pytest.raises(
        IfirEvalError, match=r"^nevir: the data set orionweller/NevIR-mteb at revision eab99"
    ) as caught:
        load("nevir")
    assert "--repo-type dataset --revision eab99575c01c6a8e39f8d2adc6e3c3adcfe84413" in str(caught.value)
    assert "--local-dir DIR/orionweller/NevIR-mteb`; then pass --data DIR" in str(caught.value)


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        (
            "Dataset 'if-ir/cds' is a gated dataset on the Hub. You must be authenticated.",
            r"Ask for access at https://huggingface\.co/datasets/if-ir/cds, log in with `hf auth login`",
        ),
        ("Revision '9a05fd6' doesn't exist for dataset 'if-ir/cds' on the Hub.", "`pip install -U mteb`$"),
    ],
)
def test_a_refusal_of_the_hub_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, refusal: str, remedy: str
) -> None:
    """The words are datasets' own; without a hub, no test can cause them."""
    from datasets.exceptions import DatasetNotFoundError  # noqa: PLC0415 - heavy
    from mteb.abstasks import retrieval_dataset_loaders  # noqa: PLC0415 - heavy

    def refuse(path: str, revision: str) -> None:
        raise DatasetNotFoundError(refusal)

    monkeypatch.setattr(retrieval_dataset_loaders, "get_dataset_config_names", refuse)
    with pytest.raises(IfirEvalError, match=remedy):
        load("ifir-cds")


def test_without_mteb_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is an extra, and its absence is found before anything else."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ifir-eval\[mteb\]'"):
        load("nevir")
