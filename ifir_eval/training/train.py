"""Training: base and rows in, a folder out that is directly a retriever's ``--model``."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.encoding.memory import is_out_of_memory
from ifir_eval.errors import IfirEvalError, InvalidInputError, Mistakes, Problem
from ifir_eval.files import write_atomically
from ifir_eval.progress import Progress, silent
from ifir_eval.training.base import Found, check_fit, find, load
from ifir_eval.training.card import card
from ifir_eval.training.folder import FAILED, Folder, Judged, Trained
from ifir_eval.training.job import Job
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import Row, as_line, topics_of
from ifir_eval.training.sampler import PairSampler

if TYPE_CHECKING:
    from ifir_eval.training.trainer import PairTrainer

__all__ = ["Judged", "Trained", "batches", "train"]

_OTHER_IDS = "give pairs of other files other ids, or name the files in a mix, which keeps its sources apart"
_NAMED = 20
"""Rows of a batch whose loss is no number that its error names."""


def train(
    base: str,
    rows: Sequence[Row],
    folder: Path,
    recipe: Recipe | None = None,
    *,
    dev: Benchmark | None = None,
    told: Mapping[str, str] | None = None,
    report_to: Sequence[str] = (),
    on_cpu: bool = False,
    progress: Progress = silent,
) -> Trained:
    """Train ``base`` (a dense model as ``--model`` takes it) on ``rows``; the result lies in ``folder``.

    Called again after an interruption, it goes on from the last checkpoint and ends at the same weights;
    called again after its end, it only reads the result. ``told`` is what the model card says of the data
    (mix, budget, ...), ``report_to`` are services of `transformers` such as ``wandb`` and ``tensorboard``.

    Raises:
        IfirEvalError: if the rows, the base, the recipe or the folder cannot be used, before anything is
            computed; if loss or gradient is no number, naming the rows of the batch.
    """
    recipe = recipe or Recipe()
    found, sampler = _checked(base, rows, recipe, dev)
    job = Job(base, rows, recipe, dev, told or {})
    name = job.name(found.identity, _processes())
    place = Folder.claimed(folder, name, first=os.environ.get("RANK", "0") == "0")
    if finished := place.finished:
        return finished
    loaded = load(found, base, recipe)

    from ifir_eval.training.trainer import PairTrainer, arguments  # noqa: PLC0415  (imports torch)

    template = loaded.template.pattern
    steps = -(-len(sampler) // (_processes() * recipe.accumulate))
    settings = arguments(job, place.checkpoints, steps, report_to=report_to, on_cpu=on_cpu)
    trainer = PairTrainer(
        job, loaded, settings, sampler=sampler, save_beside=lambda folder: place.note(folder, template)
    )
    _run(trainer, job, place, steps, progress)
    trained = _result(place, trainer, steps)
    if trainer.is_world_process_zero():
        loaded.model.save_pretrained(str(place.path), create_model_card=False)
        _write_card(place, job, template, trained)
        place.finish(template, trained, trainer.state.log_history)
    trainer.accelerator.wait_for_everyone()
    return trained


def batches(rows: Sequence[Row], recipe: Recipe) -> PairSampler:
    """The batches in which ``rows`` are trained on.

    Raises:
        IfirEvalError: with all that keeps ``rows`` from being trained on by ``recipe``.
    """
    mistakes = Mistakes()
    with mistakes:
        _check_rows(rows)
    with mistakes:
        check_fit(rows, recipe)
    known = list(zip([row.pair_id for row in rows], topics_of(rows), strict=True))
    with mistakes:
        sampler = PairSampler(
            known, recipe.batch_rows, epochs=recipe.epochs, seed=recipe.seed, processes=_processes()
        )
    mistakes.raise_all()
    return sampler


def _checked(
    base: str, rows: Sequence[Row], recipe: Recipe, dev: Benchmark | None
) -> tuple[Found, PairSampler]:
    """The base, not loaded yet, and the batches; all that is wrong is told at once."""
    mistakes = Mistakes()
    with mistakes:
        sampler = batches(rows, recipe)
    with mistakes:
        found = find(base, recipe)
    with mistakes:
        if dev:
            dev.validated()
    mistakes.raise_all()
    return found, sampler


def _write_card(place: Folder, job: Job, template: str, trained: Trained) -> None:
    from ifir_eval.training.losses.build import build  # noqa: PLC0415  (imports torch)

    text = card(job, repr(build(job.recipe)), template, trained)
    write_atomically(place.path / "README.md", text.encode())


def _run(trainer: PairTrainer, job: Job, place: Folder, steps: int, progress: Progress) -> None:
    """Train from the last checkpoint on, if there is one."""
    from ifir_eval.training.trainer import NotANumberError, Steps  # noqa: PLC0415  (imports torch)

    last = place.last_checkpoint()
    trainer.args.eval_on_start = job.dev is not None and last is None
    try:
        with progress("training steps", total=steps) as advance:
            trainer.add_callback(Steps(advance))
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    except NotANumberError as error:
        raise _stopped(place, [job.rows[number] for number in error.rows], trainer) from error
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise IfirEvalError(
            f"memory was too small at step {trainer.state.global_step + 1}: lower --micro-batch-tokens, and "
            "set --graph-tokens to as much, so that gradients are cached; neither changes the result"
        ) from error


def _check_rows(rows: Sequence[Row]) -> None:
    problems = [Problem(f"row {row.pair_id!r} ({row.view}): {fault}") for row in rows for fault in row.faults()]
    counts = Counter((row.pair_id, row.view) for row in rows)
    problems += [
        Problem(f"pair {pair!r} has the view {view!r} {count} times; {_OTHER_IDS}")
        for (pair, view), count in counts.items()
        if count > 1
    ]
    if problems:
        raise InvalidInputError("the training set", problems)


def _processes() -> int:
    """How many processes train, as torchrun and accelerate say before any of them has begun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _result(place: Folder, trainer: PairTrainer, steps: int) -> Trained:
    state = trainer.state
    losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
    last: dict[str, Any] = state.log_history[-1]
    return Trained(
        place.path,
        state.best_global_step or steps,
        steps,
        losses[-1],
        tuple(_judged(entry) for entry in state.log_history if any(map(_is_measure, entry))),
        last["train_runtime"],
    )


def _judged(entry: Mapping[str, Any]) -> Judged:
    values = {name.removeprefix("eval_"): value for name, value in entry.items() if _is_measure(name)}
    return Judged(entry["step"], values)


def _is_measure(name: str) -> bool:
    timing = ("eval_runtime", "eval_samples_per_second", "eval_steps_per_second")
    return name.startswith("eval_") and name not in timing


def _stopped(place: Folder, rows: Sequence[Row], trainer: PairTrainer) -> IfirEvalError:
    """What to tell of a batch whose loss or gradient is no number; its rows are written down whole."""
    file = place.path / FAILED
    write_atomically(file, "".join(map(as_line, rows)).encode())
    named = ", ".join(f"{row.pair_id!r} ({row.view})" for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    kept = place.last_checkpoint()
    kept_text = f"the last good checkpoint is {kept}" if kept else "there is no checkpoint yet"
    return IfirEvalError(
        f"loss or gradient is no number (NaN or infinite) at step {trainer.state.global_step + 1}; "
        f"{kept_text}. The batch's rows, whole in {file}: {named}{more}. Look at their texts, lower "
        "--learning-rate, raise --temperature, or use --precision fp32"
    )
