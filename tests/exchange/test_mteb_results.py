"""Published figures become records, under names that keep what may not be compared apart."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from result_files import BEFORE_1_11, INDIVIDUAL, MULTILINGUAL, OG_CHANGED, written

from ifir_eval.errors import InvalidInputError
from ifir_eval.exchange.importing import import_results
from ifir_eval.records.record import Record
from ifir_eval.records.storage import load_record
from ifir_eval.reporting.page import render_page
from ifir_eval.reporting.table import comparison_tables


def figures(record: Record) -> dict[str, float]:
    return {name: estimate.value for name, estimate in record.measures.items()}


def test_the_layout_before_mteb_1_11_has_p_mrr_alone(tmp_path: Path) -> None:
    file = written(BEFORE_1_11, tmp_path, "jhu-clsp/FollowIR-7B", "no_revision_available")
    (record,) = import_results([file], tmp_path / "out").records
    assert figures(record) == {"p-MRR": 0.06261598925651}
    assert record.retriever["spec"] == "jhu-clsp/FollowIR-7B"
    assert record.retriever["settings"] == {"revision": "no_revision_available"}
    assert record.benchmark["name"] == "followir-news21"


def test_scores_of_mteb_1_are_named_as_scored_by_the_changed_judgements(tmp_path: Path) -> None:
    """The label swap: ``original`` 0.13089 read as MAP@1000[original], where mteb 2 has some 0.3."""
    (record,) = import_results([written(INDIVIDUAL, tmp_path, "BAAI/bge-m3")], tmp_path / "out").records
    assert figures(record) == {
        "p-MRR": -0.012533158568791294,
        "score-mteb1-MAP@1000": 0.13089,
        "score-mteb1-nDCG@5": 0.11875,
    }
    assert "changed judgements" in record.benchmark["measure_facts"]["score-mteb1-MAP@1000"]["summary"]


def test_scores_of_mteb_2_are_those_of_each_view(tmp_path: Path) -> None:
    """Means over both views together are not taken over, and not a number is no figure."""
    (record,) = import_results([written(OG_CHANGED, tmp_path, "a/b")], tmp_path / "out").records
    assert figures(record) == {
        "p-MRR": 0.023515,
        "score-mteb2-MAP@1000": 0.34307,
        "score-mteb2-nDCG@5": 0.49593,
        "nDCG@5[original]": 0.49593,
        "nDCG@10[original]": 0.48257,
        "MAP@1000[original]": 0.34307,
        "nDCG@5[changed]": 0.30635,
        "nDCG@10[changed]": 0.31329,
        "MAP@1000[changed]": 0.23423,
    }


def test_both_scorings_share_no_column_but_p_mrr(tmp_path: Path) -> None:
    """So that no table can put values of mteb 1 and of mteb 2 under one name."""
    files = [written(INDIVIDUAL, tmp_path, "BAAI/bge-m3"), written(OG_CHANGED, tmp_path, "a/b")]
    old, new = import_results(files, tmp_path / "out").records
    assert old.measures.keys() & new.measures.keys() == {"p-MRR"}
    assert old.benchmark["name"] == new.benchmark["name"] == "followir-core17"


def test_each_subset_is_a_record_under_the_name_that_the_task_has_today(tmp_path: Path) -> None:
    """The loader of mFollowIR in mteb 1 did not exchange the judgements."""
    files = [written(MULTILINGUAL, tmp_path, "VPLabs/SearchMap_Preview")]
    records = import_results(files, tmp_path / "out").records
    assert [record.benchmark["name"] for record in records] == ["mfollowir-eng-fas", "mfollowir-eng-rus"]
    assert figures(records[0]) == {
        "p-MRR": -0.010188,
        "MAP@1000[original]": 0.07261,
        "MAP@1000[changed]": 0.06875,
    }


def test_the_split_that_a_task_has_by_default_is_no_part_of_the_name(tmp_path: Path) -> None:
    """Trap: BRIGHT's are called ``standard``, and imported figures stood beside no measured ones."""
    flat = [{"hf_subset": "default", "languages": ["eng-Latn"], "main_score": 0.5, "ndcg_at_10": 0.5}]
    scores = {"standard": flat, "long": flat}
    body = {"task_name": "BrightBiologyRetrieval", "mteb_version": "2.0.0", "scores": scores}
    records = import_results([written(body, tmp_path, "a/b")], tmp_path / "out").records
    assert [record.benchmark["name"] for record in records] == ["bright-biology", "bright-biology long"]


def test_a_record_of_published_figures_says_so_on_disk(tmp_path: Path) -> None:
    file = written(INDIVIDUAL, tmp_path, "BAAI/bge-m3")
    (record,) = import_results([file], tmp_path / "out").records
    (stored,) = (tmp_path / "out").rglob("record.json")
    assert load_record(stored) == record
    assert json.loads(stored.read_text())["origin"] == "published"
    assert record.topics == ()
    assert record.environment["mteb"] == "1.12.75"


def test_the_name_of_the_model_comes_from_its_metadata_where_they_lie_beside_it(tmp_path: Path) -> None:
    file = written(INDIVIDUAL, tmp_path, "plain")
    meta = file.with_name("model_meta.json")
    meta.write_text('{"name": "BAAI/bge-m3", "revision": "5617a9f"}')
    (record,) = import_results([file, meta], tmp_path / "out").records
    assert record.retriever["spec"] == "BAAI/bge-m3"
    assert record.retriever["settings"] == {"revision": "5617a9f"}


def test_all_files_that_cannot_be_read_are_named_and_nothing_is_stored(tmp_path: Path) -> None:
    good = written(INDIVIDUAL, tmp_path, "BAAI/bge-m3")
    nobody = written(INDIVIDUAL, tmp_path, "plain")
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "other.json").write_text('{"a": 1}')
    (tmp_path / "tidy.csv").write_text("model,revision\nx,y\n")
    others = [tmp_path / name for name in ("text.json", "other.json", "tidy.csv")]
    with pytest.raises(InvalidInputError) as caught:
        import_results([good, nobody, *others], tmp_path / "out")
    assert len(caught.value.problems) == 4
    assert "does not say whose it is" in str(caught.value)
    assert "the table lacks the columns task, split" in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("scores", "problem"),
    [
        ({"ndcg_at_10": "abc"}, "'ndcg_at_10' must be a number, not a string"),
        ({"individual": 5}, "'individual' must be an object, not a whole number"),
        ({"individual": {"changed": []}}, "'individual.changed' must be an object, not a list"),
        ({"og": {"map_at_1000": True}}, "'og.map_at_1000' must be a number, not true or false"),
    ],
)
def test_a_score_that_is_none_is_named_with_its_file_and_field(
    tmp_path: Path, scores: dict[str, object], problem: str
) -> None:
    """Each ended in a traceback."""
    part = {"hf_subset": "default", "languages": ["eng-Latn"], **scores}
    body = {"task_name": "NevIR", "mteb_version": "2.0.0", "scores": {"test": [part]}}
    files = [written(body, tmp_path, "a/b"), written(INDIVIDUAL, tmp_path, "BAAI/bge-m3")]
    with pytest.raises(InvalidInputError) as caught:
        import_results(files, tmp_path / "out")
    (found,) = caught.value.problems
    assert (found.file, found.message) == (str(files[0]), f"split 'test', subset 'default': {problem}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("body", "field"), [(INDIVIDUAL, "task_name"), (BEFORE_1_11, "mteb_dataset_name")])
def test_a_task_whose_name_is_no_text_is_no_result_file(
    tmp_path: Path, body: dict[str, object], field: str
) -> None:
    """It ended in a traceback."""
    file = written(body, tmp_path, "a/b")
    file.write_text(json.dumps(body | {field: 5}))
    with pytest.raises(InvalidInputError, match=f"'{field}' must be a string, not a whole number"):
        import_results([file], tmp_path / "out")


def test_files_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """Excel and PowerShell write one: a table lacked its first column, and JSON was no JSON."""
    file = written(BEFORE_1_11, tmp_path, "plain")
    file.write_text("\ufeff" + file.read_text())
    file.with_name("model_meta.json").write_text('\ufeff{"name": "a/b", "revision": "1"}')
    columns = "model,revision,task,split,subset,mteb_version,dataset_revision,p_MRR,layout\n"
    table = tmp_path / "table.csv"
    table.write_text(f"\ufeff{columns}c/d,2,Core17InstructionRetrieval,test,default,2.0.0,x,0.1,og/changed\n")
    records = import_results([file, table], tmp_path / "out").records
    assert [record.retriever["spec"] for record in records] == ["a/b", "c/d"]


def test_two_files_with_figures_of_one_model_and_task_are_refused(tmp_path: Path) -> None:
    """Otherwise the last one would silently win."""
    files = [written(INDIVIDUAL, tmp_path / part, "BAAI/bge-m3") for part in ("a", "b")]
    with pytest.raises(InvalidInputError, match=r"repeats the figures of BAAI/bge-m3, revision abc, on Core17"):
        import_results(files, tmp_path / "out")


def test_a_result_without_any_measure_of_ours_is_left_out_and_told(tmp_path: Path) -> None:
    scores = [{"hf_subset": "default", "languages": ["eng-Latn"], "main_score": 0.5, "accuracy": 0.5}]
    body = {"task_name": "Banking77Classification", "mteb_version": "2.0.0", "scores": {"test": scores}}
    imported = import_results([written(body, tmp_path, "a/b")], tmp_path / "out")
    assert imported.records == ()
    assert [result.task for result in imported.unknown] == ["Banking77Classification"]


def test_table_and_page_show_records_without_topics(tmp_path: Path) -> None:
    """Figures of both scorings, of a task of unknown size, and of one that is measured by p-MRR alone."""
    flat = [{"hf_subset": "default", "languages": ["eng-Latn"], "main_score": 0.5, "map_at_1000": 0.5}]
    body = {"task_name": "HUMECore17InstructionReranking", "mteb_version": "2.0.0", "scores": {"test": flat}}
    bodies = (BEFORE_1_11, INDIVIDUAL, OG_CHANGED, body)
    files = [written(body, tmp_path, f"org/model-{number}") for number, body in enumerate(bodies)]
    records = import_results(files, tmp_path / "out").records
    titles = [str(table.title) for table in comparison_tables(records)]
    assert titles == [
        "followir-news21 · 32 topics · primary measure p-MRR",
        "followir-core17 · 20 topics · primary measure p-MRR",
        "mteb:HUMECore17InstructionReranking · ? topics · primary measure MAP@1000",
    ]
    page = render_page(records)
    assert "not measured here" in page
    assert "score-mteb1-MAP@1000" in page
    assert "0 topics over" not in page.replace("20 topics over", "")
    assert "None" not in page


def test_the_published_table_of_200_models(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    """The published means, and the label swap in every one of 158 and 33 files a task."""
    file = shared_data("mteb_results") / "instruction_retrieval.csv"
    records = import_results([file], tmp_path).records
    followir = [record for record in records if record.benchmark["name"].startswith("followir-")]
    assert len(followir) == 600
    for name in ("followir-robust04", "followir-news21", "followir-core17"):
        mine = [record.measures.keys() for record in followir if record.benchmark["name"] == name]
        assert sum("score-mteb1-MAP@1000" in columns for columns in mine) == 158
        assert sum("score-mteb2-MAP@1000" in columns for columns in mine) == 33
    p_mrr: dict[str, list[float]] = {}
    for record in followir:
        key = f"{record.retriever['spec']}@{record.retriever['settings']['revision']}"
        p_mrr.setdefault(key, []).append(record.measures["p-MRR"].value)
    with (file.parent / "followir_summary.csv").open() as rows:
        published = {
            f"{row['model']}@{row['revision']}": float(row["avg_pmrr"]) for row in csv.DictReader(rows)
        }
    assert {key: sum(values) / 3 for key, values in p_mrr.items()} == pytest.approx(published, abs=1e-6)
