"""Results of a study that was never run: every cell is an evaluation of random scores of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from tiny_study import following, general

from ifir_eval.evaluation import evaluate
from ifir_eval.records.record import Record
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build
from ifir_eval.training.mixes import Budget, Mix
from ifir_eval.training.study.cells import BASE, Finished, Key, reported
from ifir_eval.training.study.definition import Pair, Study

BENCHMARKS = {"following": following, "general": general}


def study(mixes: Sequence[str] = ("plain", "dual"), seeds: Sequence[int] = (1, 2, 3)) -> Study:
    """One base, two budgets."""
    return Study(
        name="made up",
        text="[recipe]\n",
        bases=("org/base",),
        mixes=tuple(Mix(name, (), Path(), about=f"about {name}") for name in mixes),
        budgets=(Budget(rows=10), Budget(rows=2000)),
        seeds=tuple(seeds),
        instruction=("following",),
        general=("general",),
        compare=(Pair(mixes[-1], mixes[0]), Pair(mixes[-1], BASE)),
    )


def cells(of: Study) -> list[Finished]:
    """All cells of ``of``, each by a retriever of its own."""
    return [_cell(key, number) for number, key in enumerate(of.keys())]


def changed(cell: Finished, column: str, values: Mapping[str, float], benchmark: str = "following") -> Finished:
    """``cell`` with other values by topic in ``column``."""
    record = cell.records[benchmark]
    topics = tuple(
        replace(row, values={**row.values, column: values[row.topic]} if row.topic in values else row.values)
        for row in record.topics
    )
    mean = sum(row.values[column] for row in topics) / len(topics)
    estimate = record.measures[column]._replace(value=mean)
    record = replace(record, topics=topics, measures={**record.measures, column: estimate})
    return replace(cell, records={**cell.records, benchmark: record})


def _cell(key: Key, number: int) -> Finished:
    trained = key.arm.mix != BASE
    return Finished(
        key=key,
        address=f"{number:032x}",
        records={name: _record(name, number) for name in BENCHMARKS},
        data={
            "rows": 10,
            "tokens": 5000,
            "sources": {"toy": 10},
            "views": {"original": 10},
            "duplicates": 1,
            "leaked": {"following": 2},
        }
        if trained
        else {},
        effort={"evaluate_s": 2.0, "evaluate_tokens": 100.0, **({"train_s": 3.0} if trained else {})},
    )


@cache
def _record(name: str, number: int) -> Record:
    return reported(evaluate(BENCHMARKS[name](), build(f"random:{number}", Options())).record)
