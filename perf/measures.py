"""How long measuring takes: p-MRR beside mteb's, and everything on a large benchmark.

Run it with ``python perf/measures.py``; perf/README.md says what it prints.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from mteb._evaluators.retrieval_metrics import calculate_pmrr

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Topic, View
from ifir_eval.measures.measure import Measure, find, known_measures
from ifir_eval.measures.ranked import RankedTopic, ranked_topics
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.statistics.estimate import estimates

ROUNDS = 5
CUTOFFS = {"MAP@k": 1000, "recall@k": 100}
SLICES = 10


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def benchmark_of(topics: Iterable[Topic], *contrasts: Contrast) -> Benchmark:
    """A benchmark that only has to be measured."""
    return Benchmark("perf", "1", "", "", {}, tuple(topics), ("p-MRR",), "p-MRR", contrasts)


def answered(benchmark: Benchmark, generator: np.random.Generator) -> Run:
    """Normal scores for every candidate of every view."""
    hits = {}
    for view in benchmark.views():
        candidates = view.candidates or ()
        hits[view.id] = Hits.of(view.id, candidates, generator.normal(size=len(candidates)))
    return Run(hits)


def followir_like(queries: int, candidates: int, changed: int, generator: np.random.Generator) -> Benchmark:
    """Topics that lose ``changed`` relevant documents and keep 20, of ``candidates``."""
    topics = []
    for query in range(queries):
        documents = tuple(f"{query}-{number:06d}" for number in range(candidates))
        chosen = generator.choice(candidates, changed + 20, replace=False)
        lost, kept = ([documents[i] for i in some] for some in (chosen[:changed], chosen[changed:]))
        grades = {"og": dict.fromkeys(lost, 1), "changed": dict.fromkeys(lost, 0)}
        views = {
            name: View(f"{query}-{name}", name, "?", "!", {**own, **dict.fromkeys(kept, 1)}, documents)
            for name, own in grades.items()
        }
        topics.append(Topic(str(query), views))
    return benchmark_of(topics, Contrast("og", "changed"))


def mirror_like(topics: int, candidates: int, generator: np.random.Generator) -> Benchmark:
    """Topics with five views: five documents right under the instruction, five under its reversal."""
    asked = []
    for number in range(topics):
        documents = tuple(f"{number}-{i:04d}" for i in range(candidates))
        chosen = generator.choice(candidates, 24, replace=False)
        right, wrong, both = ([documents[i] for i in chosen[part::5][:5]] for part in (0, 1, 2))
        relevant = {
            "bare": [*right, *wrong, *both],
            "original": [*right, *both],
            "reversed": [*wrong, *both],
            "paraphrase": [*right, *both],
            "placebo": [*right, *wrong, *both],
        }
        pool = dict.fromkeys((documents[i] for i in chosen), 0)
        views = {
            name: View(
                f"{number}-{name}",
                name,
                "?",
                "" if name == "bare" else "!",
                {**pool, **dict.fromkeys(wanted, 1)},
                documents,
            )
            for name, wanted in relevant.items()
        }
        asked.append(Topic(str(number), views, {"slice": str(number % SLICES)}))
    return benchmark_of(asked, Contrast("original", "reversed"))


class Times(NamedTuple):
    """Median seconds of both sides."""

    mteb: float
    ours: float


def p_mrr_times(queries: int, candidates: int, changed: int) -> Times:
    """Both from scores to p-MRR, in turn; what they read is prepared before the clock runs."""
    benchmark = followir_like(queries, candidates, changed, np.random.default_rng(changed))
    run = answered(benchmark, np.random.default_rng(0))
    scores = {q: dict(zip(hits.documents, hits.scores.tolist(), strict=True)) for q, hits in run.hits.items()}
    (contrast,) = benchmark.contrasts
    lost = {topic.id: list(topic.shift(contrast, benchmark.relevant_grade).lost) for topic in benchmark.topics}
    (measure,) = find(["p-MRR"])

    def ours() -> float:
        return float(np.mean([*measure.columns(ranked_topics(benchmark, run))["p-MRR"].values()]))

    def theirs() -> float:
        return float(calculate_pmrr(scores, scores, lost))

    if not math.isclose(ours(), theirs(), abs_tol=1e-9):
        raise SystemExit(f"p-MRR differs: {ours()} here, {theirs()} in mteb")
    times = [(seconds(theirs), seconds(ours)) for _ in range(ROUNDS)]
    return Times(*(statistics.median(column) for column in zip(*times, strict=True)))


def p_mrr_beside_mteb(queries: int = 500, candidates: int = 1000) -> None:
    """Print the times of both and their ratio, by how many documents change in a topic."""
    print(f"p-MRR of {queries} queries x {candidates:,} candidates, median of {ROUNDS} rounds")
    print(f"{'changed documents':>20} {'mteb':>9} {'ifir-eval':>9} {'ratio':>7}")
    for changed in (1, 5, 15):
        mteb, ours = p_mrr_times(queries, candidates, changed)
        print(f"{changed:>20} {mteb:>8.3f}s {ours:>8.3f}s {mteb / ours:>6.1f}x")


def everything(topics: int = 1000, candidates: int = 100) -> None:
    """Print how the time of the whole measure set, intervals and slices included, is spent."""
    benchmark = mirror_like(topics, candidates, np.random.default_rng(0))
    run = answered(benchmark, np.random.default_rng(1))
    measures = find([name.replace("@k", f"@{CUTOFFS.get(name, 10)}") for name in known_measures()])
    ids = [topic.id for topic in benchmark.topics]
    rounds = [one_round(benchmark, run, measures, ids) for _ in range(ROUNDS)]
    spent = {step: statistics.median(times[step] for times in rounds) for step in rounds[0]}
    print(f"\nAll measures on {topics:,} topics x 5 views x {candidates} candidates, median of {ROUNDS} rounds")
    for step, time_spent in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{time_spent:>8.3f}s  {step}")
    print(f"{sum(spent.values()):>8.3f}s  in all")


def one_round(benchmark: Benchmark, run: Run, measures: list[Measure], ids: list[str]) -> dict[str, float]:
    """Seconds by step, from scores to intervals, nothing kept from an earlier round."""
    started = time.perf_counter()
    ranked: list[RankedTopic] = ranked_topics(benchmark, run)
    spent = {"ranking": time.perf_counter() - started}
    columns: dict[str, dict[str, float]] = {}
    for measure in measures:
        started = time.perf_counter()
        columns |= {name: dict(values) for name, values in measure.columns(ranked).items()}
        spent[measure.name] = time.perf_counter() - started
    draws = f"10,000 bootstrap draws of {len(columns)} columns"
    spent[draws] = seconds(lambda: estimates(columns, ids))
    spent[f"the same in {SLICES} slices"] = seconds(
        lambda: [estimates(columns, ids[part::SLICES]) for part in range(SLICES)]
    )
    return spent


if __name__ == "__main__":
    p_mrr_beside_mteb()
    everything()
