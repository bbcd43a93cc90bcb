"""Options that several commands share, and the progress bar they show."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ifir_eval.errors import IfirEvalError
from ifir_eval.progress import Advance
from ifir_eval.shares import Share

PIPED_WIDTH = 120
"""Columns of a table that goes to a file or a pipe."""


class _ShareType(click.ParamType[Share]):
    name = "i/n"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Share:
        if isinstance(value, Share):
            return value
        try:
            return Share.parse(str(value))
        except IfirEvalError as error:
            self.fail(str(error), param, ctx)


SHARE = _ShareType()
"""The type of an option that takes one share of a work."""

results_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    envvar="IFIR_EVAL_RESULTS",
    help="Folder for records, runs and the page.",
)
data_option = click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="IFIR_EVAL_DATA",
    help="Folder with local copies of benchmarks, one subfolder each.",
)
json_option = click.option("--json", is_flag=True, help="Print JSON instead of tables.")


cache_option = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="IFIR_EVAL_CACHE",
    help="Folder of the vector cache (default: the user's cache folder).",
)

_RETRIEVER_OPTIONS = (
    click.option(
        "--template", help="How query and instruction join: a preset or a text with {query} and {instruction}."
    ),
    click.option("--query-prefix", help="Stands before every query, as the model's authors had it."),
    click.option("--document-prefix", help="Stands before every document."),
    click.option("--max-length", type=click.IntRange(min=8), help="Tokens at which texts are cut."),
    click.option(
        "--pooling",
        type=click.Choice(["cls", "mean", "last"]),
        help="Of an encoder that has no sentence-transformers configuration.",
    ),
    click.option(
        "--append-eos/--no-append-eos", default=None, help="End every text with the end-of-text token."
    ),
    click.option("--adapter", help="A LoRA adapter on the model: a hub name or a folder."),
    click.option("--dtype", type=click.Choice(["float32", "float16", "bfloat16"])),
    click.option("--device", help="cpu, cuda, cuda:1, mps …"),
    click.option(
        "--backend",
        type=click.Choice(["torch", "torch-compile", "onnx", "onnx-int8", "openvino", "openvino-int8"]),
        default="torch",
        show_default=True,
        help="What computes an encoder's vectors.",
    ),
    click.option("--batch-tokens", type=click.IntRange(min=1), help="Tokens computed at a time."),
    click.option(
        "--trust-remote-code",
        is_flag=True,
        help="Run code from the model's repository; needs a full commit hash.",
    ),
    click.option(
        "--allow-pickle",
        multiple=True,
        metavar="MODEL",
        help="Load this model's weights though they are pickled.",
    ),
    cache_option,
    click.option(
        "--keep-vectors/--no-cache", default=True, help="Keep vectors for the next command, or do not."
    ),
    click.option("--first-stage", metavar="MODEL", help="Whose best documents a reranker reads."),
    click.option(
        "--depth",
        type=click.IntRange(min=1),
        default=100,
        show_default=True,
        help="How many of the first stage's documents are reranked.",
    ),
    click.option("--base-url", help="Address of a server for openai: and rerank: models."),
    click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=4,
        show_default=True,
        help="Requests to a server at a time.",
    ),
    click.option("--price", type=click.FloatRange(min=0), help="What a server takes for a million tokens."),
)


def retriever_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a model is loaded and fed, handed over as ``options``; each default is the model's own."""

    @functools.wraps(command)
    def wrapped(**given: Any) -> Any:
        from ifir_eval.retrievers.options import Options

        chosen = {field: given.pop(field) for field in Options.__dataclass_fields__}
        return command(options=Options(**chosen), **given)

    for option in reversed(_RETRIEVER_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


@contextmanager
def progress_bar(task: str, *, total: int) -> Iterator[Advance]:
    """A bar with count, rate and remaining time on standard error; nothing where that is no terminal."""
    from tqdm import tqdm

    with tqdm(desc=task, total=total, disable=None, leave=False, dynamic_ncols=True) as bar:
        yield bar.update


def command_line() -> str:
    """The command as it was typed, to be told in records and on pages; bytes that are no text are escaped."""
    return shlex.join(["ifir-eval", *sys.argv[1:]]).encode(errors="backslashreplace").decode()


def tell(text: str, *, err: bool = False) -> None:
    """Print ``text`` as it is; a reader who has seen enough and gone changes nothing about the exit code."""
    try:
        click.echo(text, err=err, nl=False)
    except BrokenPipeError:
        # Python would try to write the rest once more when it ends, and end with a code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())


def say(text: str) -> None:
    """Talk to the user, on standard error."""
    tell(f"{text}\n", err=True)
