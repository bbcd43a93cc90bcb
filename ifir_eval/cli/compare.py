"""``ifir-eval compare``: records of one benchmark against each other, topic by topic."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import PIPED_WIDTH, say

if TYPE_CHECKING:
    from ifir_eval.comparison.compare import Comparison
    from ifir_eval.records.record import Record

_FORMATS = ("table", "markdown", "csv", "latex", "json", "html")


@click.command("compare")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--measure", multiple=True, help="Columns or measures (default: all that concern a contrast).")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="table", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output."
)
def command(paths: tuple[Path, ...], measure: tuple[str, ...], format_: str, out: Path | None) -> None:
    """Compare the records at PATHS: record.json files or folders that hold some.

    Every pair in every column: the mean difference over topics with its 95% interval, the p of a paired
    permutation test corrected by Holm over the table, wins, ties and losses. Differences are always the later
    record less the earlier one. Each benchmark is compared apart.

    \b
    ifir-eval compare results/bm25-*/mirror results/my-model-*/mirror
    ifir-eval compare results --measure swap-accuracy --format markdown --out compared.md
    ifir-eval compare results --format html --out compared.html
    """
    from ifir_eval.comparison.compare import compare
    from ifir_eval.records.storage import load_records

    groups: dict[str, list[Record]] = {}
    for record in load_records(paths):
        groups.setdefault(str(record.benchmark["name"]), []).append(record)
    alone = [name for name, records in groups.items() if len(records) == 1]
    if len(alone) < len(groups):
        for name in alone:
            say(f"{name}: only one record, nothing to compare it with")
            del groups[name]
    comparisons = [compare(records, measure) for records in groups.values()]
    text = _written(comparisons, format_, width=None if out is None and sys.stdout.isatty() else PIPED_WIDTH)
    if out is None:
        click.echo(text, nl=False)
    else:
        from ifir_eval.files import write_atomically

        write_atomically(out, text.encode())


def _written(comparisons: list[Comparison], format_: str, width: int | None) -> str:
    from ifir_eval.reporting import compared
    from ifir_eval.reporting.compared_page import as_page

    if format_ == "html":
        return as_page(comparisons)
    if format_ == "json":
        return json.dumps([compared.as_json(one) for one in comparisons]) + "\n"
    if format_ == "csv":
        return compared.as_csv(comparisons)
    if format_ != "table":
        write = {"markdown": compared.as_markdown, "latex": compared.as_latex}[format_]
        return "\n".join(map(write, comparisons))
    from rich.console import Console

    console = Console(width=width, color_system="auto" if width is None else None)
    with console.capture() as captured:
        for one in comparisons:
            for table in compared.as_table(one):
                console.print(table)
    return captured.get()
