"""CSFCube: the official layout, the counts of the real data, and why no control is measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from folders import jsonl, write

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.csfcube import read_csfcube
from ifir_eval.errors import InvalidInputError
from ifir_eval.measures.measure import find
from ifir_eval.measures.ranked import ranked_topics
from ifir_eval.ranking.run import Hits, Run

SharedData = Callable[[str], Path]


def judged(**pools: dict[str, int]) -> str:
    """One facet's file: query paper -> graded pool."""
    return json.dumps(
        {
            paper.removeprefix("p"): {
                "cands": list(pool),
                "relevance_adju": list(pool.values()),
                "relevance_max": [3] * len(pool),
            }
            for paper, pool in pools.items()
        }
    )


OFFICIAL = {
    "abstracts-csfcube-preds.jsonl": jsonl(
        {
            "paper_id": str(number),
            "metadata": {"year": "2020"},
            "title": f"Paper {number}",
            "abstract": ["We ask.", f"We answer {number}."],
            "pred_labels": ["background_label", "result_label"],
        }
        for number in range(1, 6)
    ),
    "test-pid2anns-csfcube-background.json": judged(p1={"2": 3, "3": 0, "1": 3}, p4={"5": 2, "2": 1}),
    "test-pid2anns-csfcube-method.json": judged(p1={"3": 2, "1": 3, "2": 1}),
    "test-pid2anns-csfcube-result.json": judged(p4={"2": 1, "5": 0}),
}


def test_the_official_layout_is_read(tmp_path: Path) -> None:
    """Papers become topics and facets views; adjudicated grades count, and no paper is its own candidate."""
    benchmark = read_csfcube(write(tmp_path, OFFICIAL))
    one, four = benchmark.topics
    assert (one.id, list(one.views), list(four.views)) == (
        "1",
        ["background", "method"],
        ["background", "result"],
    )
    background = one.views["background"]
    assert background.id == "1_background"
    assert background.query == "Paper 1 We ask. We answer 1."
    assert background.judgements == {"2": 3, "3": 0}
    assert background.candidates == one.views["method"].candidates == ("2", "3")
    assert [str(contrast) for contrast in benchmark.contrasts_of(one)] == [
        "background>method",
        "method>background",
    ]
    assert one.shift(benchmark.contrasts[0], benchmark.relevant_grade) == (("2",), ("3",), ())
    assert len(benchmark.contrasts) == 6


def test_instructions_are_a_parameter(tmp_path: Path) -> None:
    """Other sentences for the facets can be given."""
    instructions = {"background": "B", "method": "M", "result": "R"}
    benchmark = read_csfcube(write(tmp_path, OFFICIAL), instructions)
    assert benchmark.topics[0].views["method"].instruction == "M"


def test_all_faults_are_listed(tmp_path: Path) -> None:
    """A missing file, grades that do not fit, an unknown paper and differing pools come as one list."""
    changed = {
        "abstracts-csfcube-preds.jsonl": OFFICIAL["abstracts-csfcube-preds.jsonl"] + '{"paper_id": "6"}\n',
        "test-pid2anns-csfcube-background.json": judged(p1={"2": 3, "9": 1}),
        "test-pid2anns-csfcube-method.json": '{"1": {"cands": ["2"], "relevance_adju": [1, 2]}, "2": {}}',
        "test-pid2anns-csfcube-result.json": None,
    }
    write(tmp_path, {**OFFICIAL, **changed})
    with pytest.raises(InvalidInputError) as caught:
        read_csfcube(tmp_path)
    assert list(map(str, caught.value.problems)) == [
        "abstracts-csfcube-preds.jsonl:6: 'title' is missing",
        "test-pid2anns-csfcube-background.json: paper '9' has no abstract",
        "test-pid2anns-csfcube-method.json: paper '1' needs 'cands' and a grade for each in 'relevance_adju'",
        "test-pid2anns-csfcube-method.json: paper '2' needs 'cands' and a grade for each in 'relevance_adju'",
        "test-pid2anns-csfcube-result.json: the file is missing",
    ]


def test_facets_judged_over_different_pools_are_refused(tmp_path: Path) -> None:
    """Ranks of two facets compare only over one pool, which the release has for every paper."""
    write(tmp_path, {**OFFICIAL, "test-pid2anns-csfcube-method.json": judged(p1={"2": 1})})
    with pytest.raises(InvalidInputError, match="paper '1' is judged over different pools"):
        read_csfcube(tmp_path)


@pytest.fixture(scope="module")
def real(shared_data: SharedData) -> Benchmark:
    """The real data."""
    return read_csfcube(shared_data("csfcube"))


def test_the_real_data_has_the_published_size(real: Benchmark) -> None:
    """34 papers, 50 facets, 16 pairs of facets with 212 changed judgements, 4,205 papers in all."""
    assert (len(real.corpus), len(real.topics), len(list(real.views()))) == (4205, 34, 50)
    shifts = [topic.shift(pair, 2) for topic in real.topics for pair in real.contrasts_of(topic)]
    assert len(shifts) == 2 * 16
    assert sum(len(shift.lost) + len(shift.gained) for shift in shifts) == 2 * 212
    assert not any(view.id.split("_")[0] in (view.candidates or ()) for view in real.views())
    assert sum(len(view.judgements) for view in real.views()) == 6244 - 2  # 8781666 was in its own two pools


def _random_run(benchmark: Benchmark, seed: int, *, follows: bool) -> Run:
    """Random scores: drawn for each view, or once for all views of a topic."""
    rng = np.random.default_rng(seed)
    hits = {}
    for topic in benchmark.topics:
        shared = rng.random(len(next(iter(topic.views.values())).candidates or ()))
        for view in topic.views.values():
            scores = rng.random(len(shared)) if follows else shared
            hits[view.id] = Hits.of(view.id, view.candidates or (), scores)
    return Run(hits)


def _means(benchmark: Benchmark, run: Run, *names: str) -> list[float]:
    ranked = ranked_topics(benchmark, run)
    columns = [measure.columns(ranked)[name] for measure, name in zip(find(names), names, strict=True)]
    return [float(np.mean(list(column.values()))) for column in columns]


def test_the_control_would_be_zero_whatever_the_retriever_does(real: Benchmark) -> None:
    """With both directions of each pair the falls of kept documents cancel, so p-MRR-control says nothing."""
    control, p_mrr, net = _means(
        real, _random_run(real, 1, follows=True), "p-MRR-control", "p-MRR", "p-MRR-net"
    )
    assert control == pytest.approx(0, abs=1e-12)
    assert p_mrr != 0
    assert "p-MRR-control" not in real.measures
    assert net != control


def test_neither_blindness_nor_noise_pays(real: Benchmark) -> None:
    """Ignoring the instruction gives swap accuracy 0 and p-MRR 0; noise stays near 0.25 and 0."""
    blind = _means(real, _random_run(real, 2, follows=False), "swap-accuracy", "p-MRR", "topic-lock")
    assert blind == [0, 0, 1]
    noise = [
        _means(real, _random_run(real, seed, follows=True), "swap-accuracy", "p-MRR") for seed in range(20)
    ]
    swap, p_mrr = np.mean(noise, axis=0)
    assert swap == pytest.approx(0.25, abs=0.05)
    assert p_mrr == pytest.approx(0, abs=0.05)
