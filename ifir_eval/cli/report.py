"""``ifir-eval report``: records as one page, down to every topic and document."""

from __future__ import annotations

from pathlib import Path

import click

from ifir_eval.cli.options import command_line, data_option, progress_bar, say


@click.command("report")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="Where the page goes.",
)
@click.option(
    "--benchmark", "-b", multiple=True, help="Where the texts are, if the name in the record does not say it."
)
@click.option(
    "--texts/--no-texts",
    default=None,
    help="Show texts whatever their licence, or none (default: those under a licence that lets pass them on).",
)
@data_option
def command(
    paths: tuple[Path, ...], out: Path, benchmark: tuple[str, ...], texts: bool | None, data: Path | None
) -> None:
    """Write one page about the records at PATHS: record.json files or folders that hold some.

    The page holds everything and asks nothing of the network: verdicts, tables with intervals and letters,
    plots, and for each topic its instructions, every retriever's rankings, and the documents' texts.

    \b
    ifir-eval report results --out report.html
    ifir-eval report results/bm25-*/mirror results/my-model-*/mirror --out report.html
    """
    from functools import partial

    from ifir_eval.benchmarks.catalog import load
    from ifir_eval.reporting.report.page import write_report
    from ifir_eval.reporting.report.sources import load_sources
    from ifir_eval.reporting.report.texts import find_texts

    bring = partial(load, data=data, progress=progress_bar)
    made_by = command_line()
    write_report(
        load_sources(paths),
        out,
        lambda record: find_texts(record, bring, benchmark, wanted=texts),
        made_by,
    )
    say(f"page: {out.resolve().as_uri()}")
