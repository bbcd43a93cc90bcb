"""Runs a command whole, then ten times killed at a moment of its course and taken up again.

Started by test_resume.py in a process of its own, whose children come without the cost of importing torch.
Prints the names of the files that differ from those of the whole run, one a line, and the kills that hit.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import click
import sentence_transformers  # noqa: F401 - imported once for all children

from ifir_eval.cli import main

MODEL, FOLDER = sys.argv[1], Path(sys.argv[2])
MOMENTS = 10
FILES = ("record.json", "run.trec.gz", "documents.jsonl")


def start(name: str) -> int:
    """A child that runs the command with results and cache of this name; its process id."""
    child = os.fork()
    if child:
        return child
    arguments = ["run", "-m", MODEL, "-b", "mirror", "--limit", "3", "--batch-tokens", "256"]
    arguments += ["--results", str(FOLDER / name / "results"), "--cache", str(FOLDER / name / "cache")]
    sys.stdout = sys.stderr
    main(arguments, standalone_mode=False)
    os._exit(0)


def finish(name: str) -> dict[str, bytes]:
    """Run to the end; the contents of the files."""
    _, status = os.waitpid(start(name), 0)
    assert status == 0, status
    (record,) = (FOLDER / name / "results").rglob("record.json")
    return {file: record.with_name(file).read_bytes() for file in FILES}


def main_loop() -> None:
    """Compare; exit code 0 whatever differs, for the test to say."""
    started = time.perf_counter()
    whole = finish("whole")
    took = time.perf_counter() - started
    draw, hit = random.Random(0), 0
    for moment in range(MOMENTS):
        name = f"killed-{moment}"
        child = start(name)
        time.sleep(took * (moment + draw.random()) / MOMENTS)
        os.kill(child, signal.SIGKILL)
        hit += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        for file, content in finish(name).items():
            if content != whole[file]:
                click.echo(f"{name}: {file}")
    click.echo(f"{hit} killed")


if __name__ == "__main__":
    main_loop()
