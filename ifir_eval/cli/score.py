"""``ifir-eval score``: measure an existing run or record again, without a model."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ifir_eval.cli.options import data_option, json_option, progress_bar, results_option, say


@click.command("score")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--benchmark", "-b", help="Needed for a run file; a record knows the name of its own.")
@click.option("--measure", multiple=True, help="Beside the measures that a record has.")
@data_option
@results_option
@json_option
def command(
    paths: tuple[Path, ...],
    benchmark: str | None,
    measure: tuple[str, ...],
    data: Path | None,
    results: Path,
    json: bool,
) -> None:
    """Measure PATHS again: TREC run files, record.json files, or folders that hold one.

    A record is updated where it lies, and keeps the measures that it has; the record of a run file goes
    to the results folder. A record made on a folder needs that folder: --benchmark ./my-benchmark.

    \b
    ifir-eval score results/demo/bm25-*/mirror --measure nDCG@5
    ifir-eval score my-system.trec.gz --benchmark mirror
    """
    from ifir_eval.benchmarks.catalog import load
    from ifir_eval.campaign import Campaign, rescore
    from ifir_eval.cli.show import show
    from ifir_eval.retrievers.options import Options
    from ifir_eval.retrievers.spec import build

    bring = partial(load, data=data, progress=progress_bar)
    records = []
    for path in paths:
        if path.is_dir() or path.suffix == ".json":
            records.append(rescore(path, lambda stored: bring(benchmark or stored), measure))
            continue
        if benchmark is None:
            raise click.UsageError("a run file does not say what it answers: add --benchmark NAME")
        campaign = Campaign(results, measures=measure, say=say)
        outcome = campaign.carry_out([bring(benchmark)], [build(f"run:{path}", Options())])
        outcome.raise_failures()
        records.extend(outcome.records)
    show(records, page=None, as_json=json)
