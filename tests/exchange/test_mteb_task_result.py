"""Records go out in the JSON of mteb's TaskResult, which mteb's own class reads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mteb import TaskResult
from mteb._evaluators.retrieval_metrics import evaluate_p_mrr_change
from result_files import INDIVIDUAL, MULTILINGUAL, OG_CHANGED, written

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.errors import InvalidInputError
from ifir_eval.evaluation import Evaluation, evaluate
from ifir_eval.exchange.importing import import_results
from ifir_eval.exchange.mteb_task_result import task_result
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

DOCUMENTS = [f"d{number}" for number in range(12)]


def followir() -> Benchmark:
    """Three topics as FollowIR has them: every second of six relevant documents loses its relevance."""
    topics = []
    for topic in ("1", "2", "3"):
        start = int(topic)
        relevant = DOCUMENTS[start : start + 6]
        judged = {"original": relevant, "changed": relevant[::2]}
        views = {
            name: View(
                f"{topic}-{'og' if name == 'original' else name}",
                name,
                "query",
                f"instruction {name}",
                {document: int(document in judged[name]) for document in relevant},
                tuple(DOCUMENTS),
            )
            for name in judged
        }
        topics.append(Topic(topic, views))
    return Benchmark(
        name="followir-core17",
        version="67d8733",
        licence="CC0",
        source="a test",
        corpus={name: Document(name, f"text {name}") for name in DOCUMENTS},
        topics=tuple(topics),
        measures=("p-MRR", "p-MRR-control", "nDCG@5", "nDCG@10", "MAP@1000", "recall@100"),
        primary="p-MRR",
        contrasts=(Contrast("original", "changed"),),
    )


@pytest.fixture
def evaluated() -> Evaluation:
    return evaluate(followir(), build("random:3", Options()))


def loaded(text: str, tmp_path: Path) -> TaskResult:
    file = tmp_path / "exported.json"
    file.write_text(text, encoding="utf-8")
    return TaskResult.from_disk(file)


def test_mteb_loads_what_is_exported_and_knows_its_task(evaluated: Evaluation, tmp_path: Path) -> None:
    result = loaded(task_result(evaluated.record, "record.json"), tmp_path)
    assert result.task.metadata.name == "Core17InstructionRetrieval"
    assert result.get_score() == evaluated.record.measures["p-MRR"].value
    assert result.get_missing_evaluations(result.task) == {}
    assert result.languages == ["eng"]
    assert result.dataset_revision == "67d8733"
    assert result.mteb_version is None, "mteb measured nothing"


def test_the_scores_stand_where_mteb_puts_its_own(evaluated: Evaluation, tmp_path: Path) -> None:
    """The same run scored by mteb: to the five digits that it keeps, the same figures under the same names."""
    benchmark = followir()
    judgements = {view.id: dict(view.judgements) for view in benchmark.views()}
    run = {
        query: dict(zip(hits.documents, hits.scores.tolist(), strict=True))
        for query, hits in evaluated.run.hits.items()
    }
    changed = {topic.id: list(topic.shift(benchmark.contrasts[0], 1).lost) for topic in benchmark.topics}
    theirs: dict[str, Any] = evaluate_p_mrr_change(judgements, run, changed, [1, 5, 10, 100, 1000])
    (ours,) = loaded(task_result(evaluated.record, "record.json"), tmp_path).scores["test"]
    assert ours["p-MRR"] == pytest.approx(theirs["p-MRR"], abs=1e-9)
    for part in ("og", "changed"):
        assert ours[part].keys() == {"ndcg_at_5", "ndcg_at_10", "map_at_1000", "recall_at_100"}
        assert ours[part] == pytest.approx({name: theirs[part][name] for name in ours[part]}, abs=1e-5)
    assert ours["p-MRR-control"] == evaluated.record.measures["p-MRR-control"].value


@pytest.mark.parametrize("body", [INDIVIDUAL, OG_CHANGED])
def test_published_figures_survive_the_way_in_and_out(body: dict[str, object], tmp_path: Path) -> None:
    (record,) = import_results([written(body, tmp_path, "a/b")], tmp_path / "results").records
    result = loaded(task_result(record, "record.json"), tmp_path)
    assert result.mteb_version == body["mteb_version"]
    assert result.dataset_revision == body["dataset_revision"]
    again = written(json.loads(task_result(record, "record.json")), tmp_path, "a/b", "again")
    (back,) = import_results([again], tmp_path / "again").records
    common = record.measures.keys() - {"score-mteb1-MAP@1000", "score-mteb1-nDCG@5"}
    assert {name: back.measures[name] for name in common} == {name: record.measures[name] for name in common}


def test_the_subset_of_a_multilingual_task_has_its_languages(tmp_path: Path) -> None:
    records = import_results([written(MULTILINGUAL, tmp_path, "a/b")], tmp_path / "results").records
    result = loaded(task_result(records[0], "record.json"), tmp_path)
    assert result.task.metadata.name == "mFollowIRCrossLingual"
    (scores,) = result.scores["test"]
    assert scores["hf_subset"] == "eng-fas"
    assert scores["languages"] == result.task.metadata.hf_subsets_to_langscripts["eng-fas"]


def test_swapped_scores_are_not_passed_off_as_those_of_mteb_2(tmp_path: Path) -> None:
    """The original run by the changed judgements must not stand under ``og``."""
    (record,) = import_results([written(INDIVIDUAL, tmp_path, "a/b")], tmp_path / "results").records
    (scores,) = loaded(task_result(record, "record.json"), tmp_path).scores["test"]
    assert "og" not in scores
    assert scores["score-mteb1-MAP@1000"] == 0.13089


def test_a_benchmark_that_mteb_does_not_have_keeps_its_name_and_views(
    evaluated: Evaluation, tmp_path: Path
) -> None:
    described = {**evaluated.record.benchmark, "name": "my-benchmark"}
    measures = {**evaluated.record.measures, "nDCG@10[paraphrase]": evaluated.record.measures["p-MRR"]}
    record = replace(evaluated.record, benchmark=described, measures=measures)
    result = loaded(task_result(record, "record.json"), tmp_path)
    assert result.task_name == "my-benchmark"
    assert result.scores["test"][0]["paraphrase"].keys() == {"ndcg_at_10"}


def test_what_cannot_be_exported_is_said_at_once(evaluated: Evaluation) -> None:
    record = replace(evaluated.record, complete=False, measures={})
    with pytest.raises(InvalidInputError) as caught:
        task_result(record, "x/record.json")
    assert "run without --limit" in str(caught.value)
    assert "add --measure p-MRR" in str(caught.value)
