"""``ifir-eval import``: published figures as records."""

from __future__ import annotations

from pathlib import Path

import click

from ifir_eval.cli.options import json_option, results_option, say


@click.command("import")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@results_option
@json_option
def command(files: tuple[Path, ...], results: Path, json: bool) -> None:
    """Turn mteb's result files into records, marked as published and not measured.

    FILE is a JSON file of any version of mteb, in mteb's folders or beside its model_meta.json, or a CSV
    table of such files. FollowIR's Scores from before mteb 2 are named score-mteb1-…, later ones score-mteb2-….

    \b
    ifir-eval import results/BAAI__bge-m3/*/*InstructionRetrieval.json
    """
    from ifir_eval.cli.show import show
    from ifir_eval.exchange.importing import import_results

    imported = import_results(files, results)
    say(f"{len(imported.records)} records of published figures are in {results}")
    if imported.unknown:
        tasks = ", ".join(sorted({result.task for result in imported.unknown}))
        say(f"{len(imported.unknown)} results hold no measure known here and were left out: {tasks}")
    show(imported.records, page=None, as_json=json)
