"""``ifir-eval run``: ask benchmarks, measure the answers, store records, show them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import (
    command_line,
    data_option,
    json_option,
    progress_bar,
    results_option,
    retriever_options,
    say,
)

if TYPE_CHECKING:
    from ifir_eval.retrievers.options import Options


@click.command("run")
@click.option("--model", "-m", multiple=True, required=True, help="A retriever; see `ifir-eval models`.")
@click.option(
    "--benchmark",
    "-b",
    multiple=True,
    required=True,
    help="A name or a folder; see `ifir-eval benchmarks`.",
)
@click.option("--measure", multiple=True, help="Instead of the benchmark's own measures.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Ask the first N topics only: quick, compares with nothing."
)
@click.option("--resume/--again", default=True, show_default=True, help="Keep finished work, or do it over.")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the HTML page goes (default: <results>/index.html).",
)
@retriever_options
@data_option
@results_option
@json_option
def command(
    model: tuple[str, ...],
    benchmark: tuple[str, ...],
    measure: tuple[str, ...],
    limit: int | None,
    resume: bool,
    page: Path | None,
    data: Path | None,
    results: Path,
    json: bool,
    options: Options,
) -> None:
    """Ask every benchmark of every model, and show the results side by side.

    What is finished stays on disk: after an interruption the same command goes on with the rest.

    \b
    ifir-eval run --model bm25 --model BAAI/bge-small-en-v1.5 --benchmark mirror
    ifir-eval run --model ./my-checkpoint --benchmark ./my-benchmark --template instruct
    """
    from ifir_eval.benchmarks.catalog import load_all
    from ifir_eval.campaign import Campaign, writable
    from ifir_eval.cli.show import show
    from ifir_eval.errors import Mistakes
    from ifir_eval.measures.measure import find
    from ifir_eval.retrievers.spec import build_all

    mistakes = Mistakes()
    with mistakes:
        find(measure)
    with mistakes:
        retrievers = build_all(list(dict.fromkeys(model)), options)
    with mistakes:
        benchmarks = load_all(list(dict.fromkeys(benchmark)), data, progress_bar)
    mistakes.raise_all()
    page = page or results / "index.html"
    writable(page.parent)
    if limit is not None:
        benchmarks = [whole.limited(limit) for whole in benchmarks]
    campaign = Campaign(
        results,
        measures=measure,
        resume=resume,
        command=command_line(),
        progress=progress_bar,
        say=say,
    )
    outcome = campaign.carry_out(benchmarks, retrievers)
    show(outcome.records, page, as_json=json)
    outcome.raise_failures()
