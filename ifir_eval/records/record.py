"""The record: the result of scoring one run on one benchmark, down to the topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ifir_eval.statistics.estimate import Estimate

__all__ = ["MEASURED", "PUBLISHED", "Estimate", "Record", "TopicValues"]

MEASURED, PUBLISHED = "measured", "published"
"""Where a record's figures come from: a run of ours, or somebody's publication."""


@dataclass(frozen=True, slots=True)
class TopicValues:
    """One topic's column values, unrounded."""

    topic: str
    slices: Mapping[str, str]
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Record:
    """The measured answer of one retriever to one benchmark.

    ``retriever`` holds spec, kind, settings and one rendered example; ``benchmark`` its name, version,
    content hash, primary measure and the like, with ``measure_facts`` that explain every measure.
    ``measures`` maps column names to estimates; ``slices`` maps slice name -> slice value -> column ->
    estimate. ``missing_queries`` were not answered and counted as failures. ``complete`` is False for a
    limited run, which compares with nothing. ``timing`` is what the run took, in seconds (``answer_s``) and in
    whatever else it cost (``texts_computed``, ``requests``); it lies beside the record, so that the record of
    a run that was cut off and taken up again is the same to the byte. ``origin`` is `MEASURED` or `PUBLISHED`;
    published figures have neither topics nor intervals, and an estimate whose number of topics is not known
    has ``n`` 0.
    """

    harness: str
    retriever: Mapping[str, Any]
    benchmark: Mapping[str, Any]
    measures: Mapping[str, Estimate]
    slices: Mapping[str, Mapping[str, Mapping[str, Estimate]]]
    topics: tuple[TopicValues, ...]
    missing_queries: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    timing: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    origin: str = MEASURED
