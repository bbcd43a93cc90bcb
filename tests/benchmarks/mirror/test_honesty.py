"""Nothing but following the instruction earns a score on the embedded benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.progress import silent as no_progress
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    return load_mirror()


def means(benchmark: Benchmark, run: Run) -> Mapping[str, float]:
    """Mean swap accuracy, topic lock and follow rate of a run."""
    ranked = ranked_topics(benchmark, run)
    measures = find(["swap-accuracy", "topic-lock", "follow-rate"])
    columns = {name: values for measure in measures for name, values in measure.columns(ranked).items()}
    return {name: float(np.mean(list(values.values()))) for name, values in columns.items()}


def scored_by(benchmark: Benchmark, score: Callable[[View, str], float]) -> Run:
    return Run(
        {
            view.id: Hits.of(
                view.id, view.candidates or (), [score(view, doc) for doc in view.candidates or ()]
            )
            for view in benchmark.views()
        }
    )


def answered_by(benchmark: Benchmark, spec: str) -> Run:
    return build(spec, Options()).answer(benchmark, no_progress).run


def test_a_scorer_of_documents_alone_is_locked_to_them(mirror: Benchmark) -> None:
    """Whatever a scorer knows about documents, without the instruction it never swaps."""
    rng = np.random.default_rng(0)
    prior = {
        document: float(value)
        for document, value in zip(mirror.corpus, rng.random(len(mirror.corpus)), strict=True)
    }
    got = means(mirror, scored_by(mirror, lambda _, document: prior[document]))
    assert got == {"swap-accuracy": 0.0, "topic-lock": 1.0, "follow-rate": 0.5}


def test_a_random_ranking_swaps_a_quarter(mirror: Benchmark) -> None:
    """Chance is 25%, as the measure declares."""
    draws = [means(mirror, answered_by(mirror, f"random:{seed}"))["swap-accuracy"] for seed in range(10)]
    assert np.mean(draws) == pytest.approx(0.25, abs=0.01)


def test_the_oracle_swaps_everything(mirror: Benchmark) -> None:
    """The judgements can be met in full under every view."""
    got = means(mirror, answered_by(mirror, "oracle"))
    assert got == {"swap-accuracy": 1.0, "topic-lock": 0.0, "follow-rate": 1.0}


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_matching_words_does_not_swap(seed: int | None) -> None:
    """BM25 over query and instruction stays under 40%: lexical overlap does not give the answer away."""
    benchmark = load_mirror(seed=seed)
    assert means(benchmark, answered_by(benchmark, "bm25"))["swap-accuracy"] < 0.40


def on_topic(benchmark: Benchmark) -> list[tuple[str, str, int]]:
    """(topic, document, relevant under the original view) of all documents on a topic."""
    return [
        (topic.id, document, topic.views["original"].judgements[document])
        for topic in benchmark.topics
        for document in sorted(topic.relevant("bare", 1))
    ]


def test_no_feature_of_a_document_tells_its_label(mirror: Benchmark) -> None:
    """Neither id, position among the candidates nor length separates relevant from other documents."""
    rows = on_topic(mirror)
    labels = [label for _, _, label in rows]
    position = {document: i for i, document in enumerate(mirror.corpus)}
    features = {
        "id": [int(document, 16) for _, document, _ in rows],
        "position": [position[document] for _, document, _ in rows],
        "words": [len(mirror.corpus[document].text.split()) for _, document, _ in rows],
        "lines": [mirror.corpus[document].text.count("\n") for _, document, _ in rows],
    }
    for name, values in features.items():
        assert roc_auc_score(labels, values) == pytest.approx(0.5, abs=0.04), name


def test_no_wording_of_a_document_tells_its_label(mirror: Benchmark) -> None:
    """A classifier trained on the documents of other topics learns nothing about which are relevant."""
    rows = on_topic(mirror)
    texts = [mirror.corpus[document].text for _, document, _ in rows]
    labels = np.array([label for _, _, label in rows])
    topics = [topic for topic, _, _ in rows]
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=500))
    predicted = cross_val_predict(model, texts, labels, groups=topics, cv=GroupKFold(5), method="predict_proba")
    assert roc_auc_score(labels, predicted[:, 1]) == pytest.approx(0.5, abs=0.05)


def test_telling_refusals_and_silence_apart_is_not_enough(mirror: Benchmark) -> None:
    """Knowing perfectly which wordings refuse and which documents stay silent, but not the constraint.

    Old wrong number: 0.33, when topics with one demand and one refusal held silent documents as well.
    """
    contrast = mirror.contrasts[0]
    rng = np.random.default_rng(0)
    topic_of = {view.id: topic for topic in mirror.topics for view in topic.views.values()}

    def score(view: View, document: str) -> float:
        topic = topic_of[view.id]
        shift = topic.shift(contrast, 1)
        silent = document in topic.relevant("bare", 1) and document not in (*shift.lost, *shift.gained)
        polarity = dict(zip(contrast, topic.slices["polarity"].split("/"), strict=True)).get(view.name)
        return 2.0 * silent * (1 if polarity == "negative" else -1) + float(rng.random())

    assert means(mirror, scored_by(mirror, score))["swap-accuracy"] == pytest.approx(0.25, abs=0.03)
