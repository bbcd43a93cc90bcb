"""On real collections, too, nothing but following the instruction earns a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from collections_with_metadata import cacm, cystic_fibrosis, films
from sklearn.metrics import roc_auc_score

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.builder import Plan, build_benchmark
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.progress import silent
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

COLLECTIONS = ("wikipedia_movies", "cacm", "cystic_fibrosis")


@pytest.fixture(scope="module", params=COLLECTIONS)
def built(
    request: pytest.FixtureRequest, shared_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Benchmark:
    """A benchmark of the films of one decade, or one on top of a collection's own judgements."""
    name, out = request.param, tmp_path_factory.mktemp("built")
    folder = shared_data(name)
    if name == "wikipedia_movies":
        return build_benchmark(Plan(films(folder, out, "19[78]0s"), ("year", "genres", "cast"), name))
    convert, fields = {
        "cacm": (cacm, ("year", "authors")),
        "cystic_fibrosis": (cystic_fibrosis, ("year", "subjects")),
    }[name]
    corpus, judged = convert(folder, out)
    return build_benchmark(Plan(corpus, fields, name, judged))


def means(benchmark: Benchmark, run: Run) -> Mapping[str, float]:
    """Mean swap accuracy, topic lock and follow rate of a run."""
    ranked = ranked_topics(benchmark, run)
    measures = find(["swap-accuracy", "topic-lock", "follow-rate"])
    columns = {name: values for measure in measures for name, values in measure.columns(ranked).items()}
    return {name: float(np.mean(list(values.values()))) for name, values in columns.items()}


def answered_by(benchmark: Benchmark, spec: str) -> Run:
    return build(spec, Options()).answer(benchmark, silent).run


def test_a_real_collection_makes_enough_topics_of_every_field(built: Benchmark) -> None:
    """All fields are used, alone and together."""
    fields = Counter(topic.slices["field"] for topic in built.validated().topics)
    assert len(built.topics) >= 60
    assert all(fields[name] >= 10 for name in fields if "+" not in name)
    assert sum(fields[name] for name in fields if "+" in name) >= 10
    assert not any("refused" in note for note in built.notes)


def test_a_scorer_of_documents_alone_is_locked_to_them(built: Benchmark) -> None:
    """Whatever a scorer knows about documents, without the instruction it never swaps."""
    rng = np.random.default_rng(0)
    prior = dict(zip(built.corpus, rng.random(len(built.corpus)), strict=True))
    hits = {
        view.id: Hits.of(
            view.id, view.candidates or (), [prior[document] for document in view.candidates or ()]
        )
        for view in built.views()
    }
    assert means(built, Run(hits)) == {"swap-accuracy": 0.0, "topic-lock": 1.0, "follow-rate": 0.5}


def test_a_random_ranking_swaps_a_quarter(built: Benchmark) -> None:
    """Chance is 25%, as the measure declares."""
    draws = [means(built, answered_by(built, f"random:{seed}"))["swap-accuracy"] for seed in range(20)]
    assert np.mean(draws) == pytest.approx(0.25, abs=0.015)


def test_the_oracle_swaps_everything(built: Benchmark) -> None:
    """The judgements can be met in full under every view."""
    got = means(built, answered_by(built, "oracle"))
    assert got == {"swap-accuracy": 1.0, "topic-lock": 0.0, "follow-rate": 1.0}


def test_matching_words_does_not_swap(built: Benchmark) -> None:
    """BM25 matches the limit or the label whether it is demanded or refused."""
    assert means(built, answered_by(built, "bm25"))["swap-accuracy"] < 0.15


def test_no_feature_of_a_document_tells_its_label(built: Benchmark) -> None:
    """Neither id nor length separates the documents that lose relevance from those that gain it.

    CACM's own ids are numbered by year: kept, they would tell the side of every limit.
    """
    shifts = [topic.shift(built.contrasts[0], 1) for topic in built.topics]
    rows = [(doc, label) for shift in shifts for label in (0, 1) for doc in (shift.gained, shift.lost)[label]]
    labels = [label for _, label in rows]
    features = {
        "id": [int(document, 16) for document, _ in rows],
        "words": [len(built.corpus[document].text.split()) for document, _ in rows],
    }
    for name, values in features.items():
        assert roc_auc_score(labels, values) == pytest.approx(0.5, abs=0.07), name
