"""Shards encoded by the workers of a Ray cluster, each with a model of its own (extra ``[ray]``).

This module imports ray: import it where a cluster is asked for, not before.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

import ray
import ray.data

from ifir_eval.encoding.distributed.plan import ShardTask
from ifir_eval.encoding.distributed.shards import Job, Outcome, ShardEncoder
from ifir_eval.errors import IfirEvalError, IncompleteError
from ifir_eval.progress import Progress


class _Worker:
    """Lives as long as the job, with one GPU or one CPU, and takes one shard at a time."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._encoder: ShardEncoder | None = None

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        outcome, failure, is_incomplete = Outcome(), "", False
        try:
            self._encoder = self._encoder or ShardEncoder(self._job)
            task = self._job.plan.shards[int(batch["shard"][0])]
            outcome = self._encoder.encode(task, lambda count=1: None)
        except IfirEvalError as error:  # what a user can mend is told there, not raised here and tried again
            failure, is_incomplete = str(error), isinstance(error, IncompleteError)
        row = {**outcome._asdict(), "failure": failure, "incomplete": is_incomplete}
        return {name: [value] for name, value in row.items()}


def encode_on_ray(job: Job, tasks: Sequence[ShardTask], workers: int | None, progress: Progress) -> Outcome:
    """Encode shards on the cluster that ``RAY_ADDRESS`` names or that runs here, else on one of this machine.

    There is a worker for each GPU, or else for each CPU, unless ``workers`` says how many. All of them must
    reach the corpus and the output folder under the same names. A worker that dies is replaced, and its
    shard done again.

    Raises:
        IncompleteError: if shards failed in a way that may pass; all others are done.
        IfirEvalError: if they failed otherwise.
    """
    if not tasks:  # a share may have none
        return Outcome()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(include_dashboard=False, ignore_reinit_error=True, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    gpus, cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
    done = ray.data.from_items(
        [{"shard": task.number} for task in tasks], override_num_blocks=len(tasks)
    ).map_batches(
        _Worker,
        fn_constructor_args=(job,),
        batch_size=1,
        concurrency=min(workers or gpus or cpus, len(tasks)),
        num_gpus=1 if gpus else 0,
        num_cpus=0 if gpus else 1,
    )
    outcome, failures = Outcome(), {}
    with progress("encoding documents", total=sum(task.documents for task in tasks)) as advance:
        for row in done.iter_rows():
            outcome = outcome.plus(Outcome(*(int(row[name]) for name in Outcome._fields)))
            advance(int(row["documents"]))
            if row["failure"]:
                failures[row["failure"]] = bool(row["incomplete"])
    if failures:
        kind = IncompleteError if all(failures.values()) else IfirEvalError
        raise kind("\n".join(failures))
    return outcome
