"""Records whose values by topic a test decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ifir_eval.records.record import Record, TopicValues
from ifir_eval.statistics.estimate import estimates

FACTS = {
    "swap-accuracy": {"low": 0.0, "high": 1.0, "chance": 0.25, "higher_is_better": True},
    "p-MRR": {"low": -1.0, "high": 1.0, "chance": None, "higher_is_better": True},
    "nDCG@10": {"low": 0.0, "high": 1.0, "chance": None, "higher_is_better": True},
    "placebo-drift": {"low": 0.0, "high": 1.0, "chance": None, "higher_is_better": False},
    "topic-lock": {"low": 0.0, "high": 1.0, "chance": 0.5, "higher_is_better": None},
}


def record(spec: str, columns: Mapping[str, NDArray[np.float64]]) -> Record:
    """A complete record; topics are numbered, and even and odd ones are a slice each."""
    count = len(next(iter(columns.values())))
    topics = [f"t{number}" for number in range(count)]
    by_topic = {name: dict(zip(topics, values.tolist(), strict=True)) for name, values in columns.items()}
    return Record(
        harness="0.1.0",
        retriever={"spec": spec, "kind": "run", "settings": {}},
        benchmark={
            "name": "by-hand",
            "version": "1",
            "content_hash": "0" * 64,
            "licence": "CC0",
            "primary": "swap-accuracy",
            "measures": list(FACTS),
            "contrasts": [],
            "topics": count,
            "measure_facts": FACTS,
        },
        measures=estimates(by_topic, topics),
        slices={},
        topics=tuple(
            TopicValues(
                topic,
                {"half": "odd" if place % 2 else "even"},
                {name: by_topic[name][topic] for name in columns},
            )
            for place, topic in enumerate(topics)
        ),
    )
