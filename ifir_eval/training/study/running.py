"""Carrying a study out: each cell drawn, trained, evaluated and kept, and none of them twice."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.campaign import writable
from ifir_eval.errors import IfirEvalError, IncompleteError
from ifir_eval.evaluation import evaluate
from ifir_eval.files import write_atomically
from ifir_eval.progress import Progress, silent
from ifir_eval.ranking.trec import trec_lines
from ifir_eval.records.record import Record
from ifir_eval.records.schema import to_json
from ifir_eval.records.storage import RECORD, RUN, slug, stored
from ifir_eval.retrievers.retriever import Retriever
from ifir_eval.retrievers.spec import build
from ifir_eval.shares import Share
from ifir_eval.training.mixes import Drawn
from ifir_eval.training.study.cells import BASE, CELL, Finished, as_line, folder_of, read_cells, reported
from ifir_eval.training.study.planning import Plan, Planned, recipe_of
from ifir_eval.training.train import Trained, train

MODEL = "model"
ANSWER = "answer_s"
_ALL = Share()


@dataclass(frozen=True, slots=True)
class Work:
    """Where the cells of a study go, and how it is carried out.

    Cells that lie in ``results`` or in ``others`` (results folders and record sets) are not done again. A
    checkpoint is dropped once it is judged, unless ``keep_checkpoints``. ``command`` is written into records.
    """

    results: Path
    others: Sequence[Path] = ()
    keep_checkpoints: bool = False
    command: str = ""
    progress: Progress = silent
    say: Callable[[str], None] = print


@dataclass(frozen=True, slots=True)
class Outcome:
    """The cells of the study that are done now, and those of this share that failed, a sentence each."""

    finished: tuple[Finished, ...]
    failures: tuple[str, ...] = field(default=())

    def raise_failures(self) -> None:
        """Raise one error for all failures, if there are any: the same command takes them up again."""
        if self.failures:
            raise IncompleteError("\n".join(self.failures))


def cells_of(share: Share, cells: Sequence[Planned]) -> list[Planned]:
    """The base models themselves, which everything is compared with, and this share of the others."""
    bases = [cell for cell in cells if cell.key.arm.mix == BASE]
    trained = [cell for cell in cells if cell.key.arm.mix != BASE]
    return [*bases, *trained[share.number :: share.shares]]


def carry_out(plan: Plan, work: Work, share: Share = _ALL) -> Outcome:
    """Do the cells of ``share`` that are not done yet; one that fails does not stop the others.

    Raises:
        IncompleteError: if interrupted (Ctrl-C); what is finished lies in ``results``.
        InvalidInputError: if results cannot be written, or earlier ones cannot be read.
    """
    writable(work.results)
    done = plan.done(read_cells([work.results, *work.others]))
    finished = len(done)
    waiting = [cell for cell in cells_of(share, plan.cells) if cell.key not in done]
    failures = []
    try:
        for number, cell in enumerate(waiting, 1):
            work.say(f"[{number}/{len(waiting)}] {cell.key.name}")
            try:
                _do(plan, cell, work)
                finished += 1
            except (IfirEvalError, OSError) as error:
                failures.append(f"{cell.key.name}: {error}")
                work.say(f"  {error}")
    except KeyboardInterrupt:
        raise IncompleteError(
            f"interrupted: {finished} of {len(plan.cells)} cells are finished and kept in {work.results}; "
            "the same command goes on with the rest"
        ) from None
    # Read again: another share of the cells may have been done meanwhile, in the same folder.
    found = plan.done(read_cells([work.results, *work.others]))
    return Outcome(tuple(found.values()), tuple(failures))


def _do(plan: Plan, cell: Planned, work: Work) -> None:
    """Train and judge one cell; all that it needs again after an interruption lies in its folder."""
    folder = folder_of(work.results, cell.key, cell.address)
    trained = _trained(plan, cell, folder / MODEL, work) if cell.drawn else None
    # The vectors of a checkpoint serve its own benchmarks and nobody else.
    options = replace(plan.study.evaluation, keep_vectors=trained is None)
    retriever = build(str(trained.folder) if trained else cell.key.arm.base, options)
    records = {
        name: _judged(benchmark, retriever, cell, folder / slug(benchmark.name), work)
        for name, benchmark in plan.benchmarks.items()
    }
    finished = Finished(
        key=cell.key,
        address=cell.address,
        records={name: reported(record) for name, record in records.items()},
        data=_told(cell.drawn) if cell.drawn else {},
        effort=_effort(cell, trained, list(records.values())),
    )
    write_atomically(folder / CELL, as_line(finished).encode())
    if not work.keep_checkpoints:
        shutil.rmtree(folder / MODEL, ignore_errors=True)


def _trained(plan: Plan, cell: Planned, folder: Path, work: Work) -> Trained:
    assert cell.drawn is not None
    base, mix, budget = cell.key.arm
    return train(
        base,
        cell.drawn.rows,
        folder,
        recipe_of(plan.study, cell.key),
        dev=plan.dev,
        told={
            "study": plan.study.name,
            "mix": mix,
            "budget": budget,
            "seed": str(cell.key.seed),
            "data": cell.drawn.summary(),
        },
        on_cpu=plan.study.evaluation.device == "cpu",
        progress=work.progress,
    )


def _judged(benchmark: Benchmark, retriever: Retriever, cell: Planned, folder: Path, work: Work) -> Record:
    """The record of a cell on one benchmark, kept with its run: `ifir-eval score` measures it again."""
    kept = stored(folder)
    if kept and kept.benchmark["content_hash"] == benchmark.content_hash:
        return kept
    evaluation = evaluate(benchmark, retriever, progress=work.progress)
    record = evaluation.record
    # The place where a checkpoint lay for an hour says nothing; its cell does.
    spec = cell.key.arm.base if cell.drawn is None else f"{cell.key.name}@{cell.address[:8]}"
    record = replace(
        record,
        retriever={**record.retriever, "spec": spec},
        environment={**record.environment, "command": work.command},
    )
    run = gzip.compress("".join(trec_lines(evaluation.run)).encode(), mtime=0)
    write_atomically(folder / RUN, run)
    write_atomically(folder / RECORD, to_json(record).encode())
    return record


def _told(drawn: Drawn) -> dict[str, Any]:
    """What a cell was trained on."""
    return {
        "rows": len(drawn.rows),
        "tokens": drawn.tokens,
        "sources": dict(sorted(drawn.sources.items())),
        "views": dict(sorted(drawn.views.items())),
        "duplicates": drawn.duplicates,
        "leaked": dict(sorted(drawn.leaked.items())),
    }


def _effort(cell: Planned, trained: Trained | None, records: Sequence[Record]) -> dict[str, float]:
    judged = {
        "evaluate_s": sum(record.timing.get(ANSWER, 0.0) for record in records),
        "evaluate_tokens": float(sum(record.counts.get("tokens", 0) for record in records)),
    }
    if trained is None or cell.drawn is None:
        return judged
    return {
        "train_s": trained.seconds,
        "train_tokens": float(cell.drawn.tokens),
        "steps": float(trained.steps),
        "best_step": float(trained.step),
        "loss": trained.loss,
        **judged,
    }
