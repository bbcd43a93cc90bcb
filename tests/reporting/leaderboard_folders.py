"""The committed leaderboard, and small ones that hold real records of the examples."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from record_examples import MINILM, estimate, mirror

from ifir_eval.records.record import Record
from ifir_eval.reporting.leaderboard.records import BENCHMARKS, add

COMMITTED = Path(__file__).parents[2] / "leaderboards"


def empty(folder: Path, *, listing: Record) -> Path:
    """A leaderboard in ``folder`` without records, which lists the benchmark of ``listing``."""
    folder.mkdir()
    for name in ("followir_summary.csv", "papers.toml", "models.csv"):
        shutil.copy(COMMITTED / name, folder)
    benchmark = listing.benchmark
    (folder / BENCHMARKS).write_text(
        f'[{benchmark["name"]}]\ncontent_hash = "{benchmark["content_hash"]}"\n', encoding="utf-8"
    )
    return folder


def holding(folder: Path, records: Iterable[Record]) -> Path:
    """A leaderboard in ``folder`` with ``records``, which all answer the same benchmark."""
    first, *others = records
    empty(folder, listing=first)
    for record in (first, *others):
        add(record, folder)
    return folder


def with_values(value: float) -> Record:
    """MiniLM's name on a record whose swap accuracy is ``value`` in every topic."""
    record = mirror(0)
    topics = tuple(
        replace(row, values={**row.values, "swap-accuracy": value}) if "swap-accuracy" in row.values else row
        for row in record.topics
    )
    measured = estimate([row.values["swap-accuracy"] for row in topics if "swap-accuracy" in row.values])
    return replace(
        record,
        retriever={**MINILM, "spec": "demo:all-MiniLM-L6-v2"},
        topics=topics,
        measures={**record.measures, "swap-accuracy": measured},
    )
