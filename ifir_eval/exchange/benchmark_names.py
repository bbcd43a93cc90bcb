"""Which of our benchmarks is which task of mteb."""

from __future__ import annotations

from functools import cache

from ifir_eval.benchmarks.entry import Entry
from ifir_eval.benchmarks.mteb_tasks.entries import PREFIX, selection, selections
from ifir_eval.benchmarks.mteb_tasks.task import Selection

_RENAMED = {
    "mFollowIRInstructionRetrieval": "mFollowIR",
    "mFollowIRCrossLingualInstructionRetrieval": "mFollowIRCrossLingual",
}
"""Tasks of mteb 1.x that have another name in mteb 2."""


_listed = cache(selections)


def task_of(benchmark: str) -> Selection:
    """The task that our ``benchmark`` is; one that mteb does not know is taken by its own name."""
    if benchmark.startswith(PREFIX):
        return selection(benchmark)
    named = {entry.name: chosen for chosen, entry in _listed().items()}
    return named.get(benchmark, Selection(benchmark))


def entry_of(task: str, subset: str) -> Entry | None:
    """Our entry for the subset of a task, under its old or its new name; None if it is in no list."""
    return _listed().get(Selection(_RENAMED.get(task, task), "" if subset == "default" else subset))


def name_of(task: str, subset: str) -> str:
    """What we call the subset of a task."""
    entry = entry_of(task, subset)
    return entry.name if entry else PREFIX + (task if subset == "default" else f"{task}:{subset}")
