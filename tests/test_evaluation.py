"""A benchmark asks, a retriever answers, measures score, a record remains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.errors import InstructionIgnoredError, InvalidInputError, UnknownNameError
from ifir_eval.evaluation import document_lines, evaluate
from ifir_eval.progress import Progress, silent
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity
from ifir_eval.retrievers.spec import build


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    return load_mirror().limited(20)


@dataclass
class Prepared:
    """Answers with what a test prepared; counts how often it is asked."""

    hits: Mapping[str, Hits]
    text: str | None = None
    identity: Identity = field(default_factory=lambda: Identity("prepared", "python"))
    asked: int = 0

    def render(self, view: View) -> str | None:
        return self.text

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        self.asked += 1
        return Answer(Run(self.hits))


def test_the_record_holds_the_mean_of_its_topics(mirror: Benchmark) -> None:
    """Every estimate is the mean over exactly the topics that carry it, inside its interval."""
    record = evaluate(mirror, build("bm25", Options())).record
    for name, estimate in record.measures.items():
        values = [row.values[name] for row in record.topics if name in row.values]
        assert estimate.n == len(values)
        assert estimate.value == pytest.approx(np.mean(values), abs=1e-12)
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high


def test_slices_partition_the_topics(mirror: Benchmark) -> None:
    """The slices of one name together hold every topic once, with the mean of their own."""
    record = evaluate(mirror, build("random:0", Options())).record
    for name, values in record.slices.items():
        estimates = [columns["swap-accuracy"] for columns in values.values()]
        assert sum(estimate.n for estimate in estimates) == len(mirror.topics), name
        total = sum(estimate.value * estimate.n for estimate in estimates)
        assert total / len(mirror.topics) == pytest.approx(record.measures["swap-accuracy"].value)


def test_evaluating_twice_gives_the_same_record(mirror: Benchmark) -> None:
    """All but the clock is a function of benchmark and retriever."""
    first, second = (evaluate(mirror, build("bm25", Options())).record for _ in range(2))
    assert replace(first, timing={}) == replace(second, timing={})


def test_a_retriever_that_renders_no_instruction_is_never_asked(mirror: Benchmark) -> None:
    """It would read as p-MRR exactly 0; the error names the views and the text, before anything is encoded."""
    blind = Prepared({}, text="the query alone")
    with pytest.raises(InstructionIgnoredError, match=r"'bare' and 'original'.*'the query alone'"):
        evaluate(mirror, blind)
    assert blind.asked == 0


def test_equal_scores_under_every_contrast_are_refused(mirror: Benchmark) -> None:
    """A wrapper that drops the instruction gave p-MRR 0.000, which looked like a result."""
    hits = {
        view.id: Hits.of(view.id, view.candidates or (), np.arange(len(view.candidates or ()), dtype=float))
        for view in mirror.views()
    }
    with pytest.raises(InstructionIgnoredError, match="all 20 pairs of views"):
        evaluate(mirror, Prepared(hits))


def test_equal_scores_in_some_topics_are_a_warning(mirror: Benchmark) -> None:
    """One deaf topic does not spoil a run, but is told."""
    hits = dict(build("oracle", Options()).answer(mirror, silent).run.hits)
    views = mirror.topics[0].views
    hits[views["reversed"].id] = hits[views["original"].id]
    record = evaluate(mirror, Prepared(hits)).record
    assert "in 1 of 20 pairs of views the scores are bit-equal: no trace of the instruction" in record.warnings


def test_a_missing_query_counts_as_a_failure_and_is_listed(mirror: Benchmark) -> None:
    """pytrec_eval drops it, which made an oracle without its hardest query look perfect: 1.0 for 0.95."""
    hits = dict(build("oracle", Options()).answer(mirror, silent).run.hits)
    missing = mirror.topics[0].views["original"].id
    del hits[missing]
    record = evaluate(mirror, Prepared(hits)).record
    assert record.missing_queries == (missing,)
    assert record.measures["nDCG@10[original]"].value == pytest.approx(0.95)
    assert record.measures["swap-accuracy"].value == pytest.approx(0.95)


def test_unknown_measures_are_named_before_anything_is_asked(mirror: Benchmark) -> None:
    """All at once, with near names."""
    retriever = Prepared({})
    with pytest.raises(UnknownNameError, match=r"(?s)'p-mrr'.*p-MRR.*'nDCG@ten'"):
        evaluate(mirror, retriever, measures=["p-mrr", "nDCG@ten"])
    assert retriever.asked == 0


def test_a_broken_benchmark_is_refused_before_anything_is_asked(mirror: Benchmark) -> None:
    """All of its problems at once."""
    retriever = Prepared({})
    corpus = dict(list(mirror.corpus.items())[50:])
    with pytest.raises(InvalidInputError, match="is not in the corpus"):
        evaluate(replace(mirror, corpus=corpus), retriever)
    assert retriever.asked == 0


def test_a_limited_benchmark_gives_an_incomplete_record(mirror: Benchmark) -> None:
    """So that nobody compares twenty topics with all."""
    assert not evaluate(mirror, build("random:0", Options())).record.complete
    assert evaluate(replace(mirror, is_limited=False), build("random:0", Options())).record.complete


def test_a_measure_without_topics_is_told(mirror: Benchmark) -> None:
    """Old wrong behaviour: it vanished from the table without a word."""
    plain = replace(mirror, contrasts=())
    record = evaluate(plain, build("oracle", Options()), measures=["swap-accuracy", "nDCG@10"]).record
    assert record.warnings == ("no topic has the views or documents that swap-accuracy needs",)


def test_document_lines_hold_ranks_scores_and_judgements(mirror: Benchmark) -> None:
    """One line per topic and candidate, each view's ranks a permutation."""
    evaluation = evaluate(mirror, build("oracle", Options()))
    lines = [json.loads(line) for line in document_lines(evaluation)]
    topic = mirror.topics[0]
    own = [line for line in lines if line["topic"] == topic.id]
    view = topic.views["original"]
    assert len(lines) == sum(len(t.views["bare"].candidates or ()) for t in mirror.topics)
    assert sorted(line["ranks"]["original"] for line in own) == list(range(1, len(own) + 1))
    assert {line["document"]: line["judgements"]["original"] for line in own} == dict(view.judgements)
    best = next(line for line in own if line["ranks"]["original"] == 1)
    assert best["scores"]["original"] == 1.0
