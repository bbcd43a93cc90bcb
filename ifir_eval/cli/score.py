"""``ifir-eval score``: measure an existing run or record again, without a model."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ifir_eval.cli.options import data_option, json_option, progress_bar, results_option, say


@click.command("score")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--benchmark", "-b", help="Needed for a run file; a record knows its own.")
@click.option("--measure", multiple=True, help="Instead of the benchmark's own measures.")
@data_option
@results_option
@json_option
def command(
    path: Path,
    benchmark: str | None,
    measure: tuple[str, ...],
    data: Path | None,
    results: Path,
    as_json: bool,
) -> None:
    r"""Measure PATH again: a TREC run file, a record.json, or the folder that holds one.

    A record is updated where it lies; the record of a run file goes to the results folder.

    \b
    ifir-eval score results/bm25-1f0c7a2e/mirror --measure nDCG@5 --measure swap-accuracy
    ifir-eval score my-system.trec.gz --benchmark mirror
    """
    from ifir_eval.benchmarks.catalog import load
    from ifir_eval.campaign import Campaign, rescore_record
    from ifir_eval.cli.show import show
    from ifir_eval.retrievers.options import Options
    from ifir_eval.retrievers.spec import build

    bring = partial(load, data=data, progress=progress_bar)
    if path.is_dir() or path.suffix == ".json":
        records = [rescore_record(path, lambda stored: bring(benchmark or stored), measure)]
    else:
        if benchmark is None:
            raise click.UsageError("a run file does not say what it answers: add --benchmark NAME")
        campaign = Campaign(results, measures=measure, say=say)
        outcome = campaign.carry_out([bring(benchmark)], [build(f"run:{path}", Options())])
        outcome.raise_failures()
        records = list(outcome.records)
    show(records, page=None, as_json=as_json)
