"""Rows whose labels are exact: instructions about metadata, made as ``benchmarks build`` makes its topics."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED
from ifir_eval.benchmarks.builder import Plan, build_benchmark
from ifir_eval.progress import Progress, silent
from ifir_eval.training.readers.benchmark import rows_of
from ifir_eval.training.rows import Row


@dataclass(frozen=True, slots=True)
class Made:
    """Rows in pairs, original and reversed, and what the builder has to say about the fields."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def rows_from_metadata(plan: Plan, negatives: int, progress: Progress = silent) -> Made:
    """The pairs of all topics that ``plan`` describes, with at most so many instruction ``negatives`` each.

    Raises:
        IfirEvalError: as `build_benchmark` does.
    """
    benchmark = build_benchmark(plan, progress)
    rows = (
        replace(row, instruction_negatives=row.instruction_negatives[:negatives])
        for row in rows_of(benchmark)
        if row.view in (ORIGINAL, REVERSED)
    )
    return Made(tuple(rows), benchmark.notes)
