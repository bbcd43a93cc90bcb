"""Options that several commands share, and the progress bar they show."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ifir_eval.progress import Advance

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


_RETRIEVER_OPTIONS = (
    click.option(
        "--template", help="How query and instruction join: a preset or a text with {query} and {instruction}."
    ),
    click.option("--max-length", type=click.IntRange(min=8), help="Tokens at which texts are cut."),
    click.option("--batch-size", type=click.IntRange(min=1), help="Texts encoded at a time."),
    click.option("--device", help="cpu, cuda, cuda:1, mps …"),
    click.option("--dtype", type=click.Choice(["float32", "float16", "bfloat16"])),
)


def retriever_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a model is loaded and fed, handed over as ``options``; each default is the model's own."""

    @functools.wraps(command)
    def wrapped(
        *,
        template: str | None,
        max_length: int | None,
        batch_size: int | None,
        device: str | None,
        dtype: str | None,
        **others: Any,
    ) -> Any:
        from ifir_eval.retrievers.options import Options

        options = Options(template, max_length, batch_size, device, dtype)
        return command(options=options, **others)

    for option in reversed(_RETRIEVER_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


@contextmanager
def progress_bar(task: str, *, total: int) -> Iterator[Advance]:
    """A bar with count, rate and remaining time on standard error; nothing where that is no terminal."""
    from tqdm import tqdm

    with tqdm(desc=task, total=total, disable=None, leave=False, dynamic_ncols=True) as bar:
        yield bar.update


def say(text: str) -> None:
    """Talk to the user, on standard error."""
    click.echo(text, err=True)
