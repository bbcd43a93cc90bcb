"""Trains a small model in processes of its own: several at once, killed, and taken up again.

Started by test_processes.py, whose children come without the cost of importing torch. Prints, as JSON, how far
the weights of each pair of trainings lie apart at most.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from safetensors.torch import load_file
from small_training import pairs

import ifir_eval.training.trainer  # noqa: F401 - imported once for all children
from ifir_eval.progress import Advance, silent
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.train import train

BASE, FOLDER = sys.argv[1], Path(sys.argv[2])
ROWS = pairs(12)
KILLED_AT = 7
STEADY = Recipe(learning_rate=1e-3, warmup=0.0)
WHOLE = replace(STEADY, batch_rows=24, epochs=2, dropout=0.0, checkpoints=1)
HALF = replace(STEADY, batch_rows=12, epochs=2, dropout=0.0, checkpoints=1, graph_tokens=0)
LONG = replace(STEADY, batch_rows=8, epochs=4, checkpoints=4, graph_tokens=0)


@contextmanager
def killing(task: str, *, total: int) -> Iterator[Advance]:
    """A progress bar that kills its process in the middle of an epoch, between two checkpoints."""
    done = 0

    def advance(count: int = 1, /) -> None:
        nonlocal done
        done += count
        if done == KILLED_AT:
            os.kill(os.getpid(), signal.SIGKILL)

    yield advance


def run(name: str, recipe: Recipe, *, kill: bool = False, environment: dict[str, str] | None = None) -> int:
    """A child that trains into the folder of this name; its process id."""
    child = os.fork()
    if child:
        return child
    os.environ.update(environment or {})
    train(BASE, ROWS, FOLDER / name, recipe, on_cpu=True, progress=killing if kill else silent)
    os._exit(0)


def finish(*children: int) -> None:
    for child in children:
        _, status = os.waitpid(child, 0)
        assert status == 0, status


def together(name: str, recipe: Recipe, processes: int) -> None:
    """Train in several processes that gloo joins, as torchrun starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": f"{port}", "WORLD_SIZE": f"{processes}"}
    finish(
        *(
            run(name, recipe, environment={**shared, "RANK": f"{rank}", "LOCAL_RANK": f"{rank}"})
            for rank in range(processes)
        )
    )


def apart(one: Path, other: Path) -> float:
    """The largest difference of two weights.

    The keys' bias shifts all scores of a softmax alike: its gradient is rounding, of which AdamW makes steps.
    """
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    return max((first[key] - second[key]).abs().max().item() for key in first if "key.bias" not in key)


def main() -> None:
    """Train all, compare."""
    finish(run("one", WHOLE))
    together("two", HALF, 2)
    finish(run("uninterrupted", LONG))
    _, status = os.waitpid(run("killed", LONG, kill=True), 0)
    left = sorted(folder.name for folder in (FOLDER / "killed" / "checkpoints").glob("checkpoint-*"))
    finish(run("killed", LONG))
    told = {
        "base and one": apart(Path(BASE), FOLDER / "one"),
        "one and two": apart(FOLDER / "one", FOLDER / "two"),
        "killed by": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        "left": left,
        "uninterrupted and killed": apart(FOLDER / "uninterrupted", FOLDER / "killed"),
    }
    click.echo(json.dumps(told))


if __name__ == "__main__":
    main()
