"""A benchmark asks, a retriever answers, measures score, a record remains."""

from __future__ import annotations

import json
import math
import platform
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

from ifir_eval.benchmarks.benchmark import Benchmark, Topic
from ifir_eval.measures.measure import Measure, find
from ifir_eval.measures.ranked import RankedTopic, ranked_topics
from ifir_eval.progress import Progress, silent
from ifir_eval.ranking.run import Run
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.retrievers.arrival import check_scores, check_texts
from ifir_eval.retrievers.retriever import Answer, Retriever
from ifir_eval.statistics.estimate import Estimate, estimates


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A record with the run and the rankings that it was measured on."""

    record: Record
    run: Run
    ranked: Sequence[RankedTopic]


def evaluate(
    benchmark: Benchmark,
    retriever: Retriever,
    *,
    measures: Sequence[str] = (),
    progress: Progress = silent,
) -> Evaluation:
    """Ask ``retriever`` every view of ``benchmark`` and measure its answer.

    ``measures`` are measure names; without any, the benchmark's own are used.

    Raises:
        UnknownNameError: for unknown measures, before anything is asked.
        InvalidInputError: for a benchmark that cannot be measured, before anything is asked.
        InstructionIgnoredError: if the instruction does not reach the texts or the scores.
        RetrieverError: if no usable scores come back.
    """
    chosen = find(measures or benchmark.measures)
    benchmark.validated()
    check_texts(benchmark, retriever.render)
    started = time.perf_counter()
    answer = retriever.answer(benchmark, progress)
    seconds = time.perf_counter() - started
    warnings = () if answer.arrival_checked else check_scores(benchmark, answer.run)
    answer = replace(answer, warnings=(*answer.warnings, *warnings))
    return measure(
        benchmark, answer, describe(benchmark, retriever), chosen, timing={"answer_s": seconds, **answer.effort}
    )


def describe(benchmark: Benchmark, retriever: Retriever) -> dict[str, Any]:
    """What a record says about a retriever: its identity and one rendered example."""
    view = next((view for view in benchmark.views() if view.instruction), next(benchmark.views()))
    text = retriever.render(view)
    example = None if text is None else {"view": view.name, "text": text}
    return {**asdict(retriever.identity), "example": example}


def measure(
    benchmark: Benchmark,
    answer: Answer,
    described: Mapping[str, Any],
    measures: Sequence[Measure],
    *,
    timing: Mapping[str, float] | None = None,
) -> Evaluation:
    """Rank once, compute every measure per topic, then estimate over topics and over each slice."""
    started = time.perf_counter()
    ranked = ranked_topics(benchmark, answer.run)
    measured = {measure.name: measure.columns(ranked) for measure in measures}
    columns = {name: values for found in measured.values() for name, values in found.items()}
    idle = [name for name, found in measured.items() if not any(found.values())]
    told = [f"no topic has the views or documents that {name} needs" for name in idle]
    record = Record(
        harness=version("ifir-eval"),
        retriever=dict(described),
        benchmark=describe_benchmark(benchmark, measures),
        measures=_over(columns, benchmark.topics),
        slices={
            name: {value: _over(columns, topics) for value, topics in sorted(groups.items())}
            for name, groups in _slices(benchmark).items()
        },
        topics=tuple(_topic_values(topic, columns) for topic in benchmark.topics),
        missing_queries=tuple(view.id for view in benchmark.views() if view.id not in answer.run.hits),
        warnings=tuple(dict.fromkeys([*benchmark.notes, *answer.warnings, *told])),
        counts=dict(answer.counts),
        timing={**(timing or {}), "measure_s": time.perf_counter() - started},
        environment={**_environment(), **answer.environment},
        complete=not benchmark.is_limited,
    )
    return Evaluation(record, answer.run, ranked)


Columns = Mapping[str, Mapping[str, float]]


def _over(columns: Columns, topics: Sequence[Topic]) -> dict[str, Estimate]:
    return estimates(columns, [topic.id for topic in topics])


def _slices(benchmark: Benchmark) -> Mapping[str, Mapping[str, list[Topic]]]:
    groups: dict[str, dict[str, list[Topic]]] = defaultdict(lambda: defaultdict(list))
    for topic in benchmark.topics:
        for name, value in topic.slices.items():
            groups[name][value].append(topic)
    return groups


def _topic_values(topic: Topic, columns: Columns) -> TopicValues:
    values = {name: column[topic.id] for name, column in columns.items() if topic.id in column}
    return TopicValues(topic.id, dict(topic.slices), values)


def describe_benchmark(benchmark: Benchmark, measures: Sequence[Measure]) -> dict[str, Any]:
    """What a record says about a benchmark and its measures."""
    return {
        "name": benchmark.name,
        "version": benchmark.version,
        "content_hash": benchmark.content_hash,
        "licence": benchmark.licence,
        "source": benchmark.source,
        "primary": benchmark.primary,
        "measures": [measure.name for measure in measures],
        "contrasts": [list(contrast) for contrast in benchmark.contrasts],
        "views": list(dict.fromkeys(view.name for view in benchmark.views())),
        "topics": len(benchmark.topics),
        "documents": len(benchmark.documents_asked_for()),
        "relevant_grade": benchmark.relevant_grade,
        "notes": list(benchmark.notes),
        "measure_facts": {measure.name: _facts(measure) for measure in measures},
    }


def _facts(measure: Measure) -> dict[str, Any]:
    low, high = (bound if math.isfinite(bound) else None for bound in (measure.low, measure.high))
    return {
        "summary": measure.summary,
        "low": low,
        "high": high,
        "chance": measure.chance,
        "higher_is_better": measure.higher_is_better,
    }


def _environment() -> dict[str, str]:
    packages = ("numpy", "pytrec-eval-terrier", "scipy")
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{package: version(package) for package in packages},
    }


def document_lines(evaluation: Evaluation) -> Iterator[str]:
    """One JSON line per topic and document: judgement, rank and score under every answered view."""
    for ranked in evaluation.ranked:
        rankings, views = ranked.rankings, ranked.topic.views
        documents = sorted({doc for ranking in rankings.values() for doc in ranking.documents})
        ranks = {name: ranking.ranks(documents).tolist() for name, ranking in rankings.items()}
        scores = {name: ranking.scores_of(documents).tolist() for name, ranking in rankings.items()}
        absent = {name: len(ranking.documents) for name, ranking in rankings.items()}
        for i, document in enumerate(documents):
            found = [name for name in rankings if ranks[name][i] <= absent[name]]
            line = {
                "topic": ranked.topic.id,
                "document": document,
                "judgements": {n: v.judgements[document] for n, v in views.items() if document in v.judgements},
                "ranks": {name: ranks[name][i] for name in found},
                "scores": {name: scores[name][i] for name in found},
            }
            yield json.dumps(line, ensure_ascii=False) + "\n"
