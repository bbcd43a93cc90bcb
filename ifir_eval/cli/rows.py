"""``ifir-eval rows``: training rows, checked and drawn."""

from __future__ import annotations

import importlib.util
from collections import Counter
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import data_option, json_option, progress_bar, say

if TYPE_CHECKING:
    from ifir_eval.retrievers.prompt import Template
    from ifir_eval.training.rows import Row

_PASSAGES, _EXCERPT = 3, 300
"""Passages of a kind that are shown, and characters of each."""
_GIVEN_AWAY = 0.6
"""A share of rows that the document alone decides, from which on a warning is due."""


@click.group("rows")
def command() -> None:
    """Check training rows, or draw them from a mix."""


@command.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--layout", help="How the rows are laid out (default: recognised by their fields).")
@click.option("--template", help="As for --model: a preset or a text with {query} and {instruction}.")
@click.option("--row", type=click.IntRange(min=1), default=1, show_default=True, help="The one to show.")
@json_option
def check(files: tuple[Path, ...], layout: str | None, template: str | None, row: int, json: bool) -> None:
    """Validate training rows, count them, and show one as a model is sent it.

    Rows whose passages alone show which is the positive teach which passages to like, whatever is asked:
    their share is told, and 50% is chance (needs scikit-learn, which ifir-eval[train] brings).

    FILE is a file or folder in any layout: our JSON lines, Promptriever's and InF-IR's, FlagEmbedding's,
    sentence-transformers' columns (JSON lines, CSV, parquet), benchmark folders, BEIR's with a train split or
    triples. All faults are listed at once, with file and line.
    """
    from ifir_eval.errors import IfirEvalError, Mistakes
    from ifir_eval.retrievers.prompt import Template
    from ifir_eval.training.readers import read_layout

    asked = Template.parse(template)
    mistakes = Mistakes()
    read: dict[Path, list[Row]] = {}
    for file in files:
        with mistakes:
            read[file] = read_layout(file, layout)
    mistakes.raise_all()
    if few := [f"{file} has {len(rows)} rows" for file, rows in read.items() if len(rows) < row]:
        raise IfirEvalError(f"there is no row {row} to show: {', '.join(few)}")
    for file, rows in read.items():
        shown = rows[row - 1]
        if json:
            click.echo(
                dumps(
                    {
                        "file": str(file),
                        **_counts(rows),
                        "told_by_document": _told_by_document(rows),
                        "row": _row_facts(shown, asked),
                    }
                )
            )
        else:
            _show(file, rows, shown, asked)


@command.command("draw")
@click.argument("mix", type=click.Path(path_type=Path))
@click.option("--budget", required=True, help="2000 (rows) or '500000 tokens' (counted as words).")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File for the rows."
)
@click.option(
    "--benchmark",
    "-b",
    multiple=True,
    default=("mirror",),
    show_default=True,
    help="Will judge what is trained: rows that hold its texts are left out.",
)
@data_option
def draw_mix(mix: Path, budget: str, out: Path, benchmark: tuple[str, ...], data: Path | None) -> None:
    """Draw rows from MIX, the path of a TOML file, and write them as JSON lines.

    \b
    ifir-eval rows draw baselines/mixes/ins-dv.toml --budget 2000 --data DIR --out rows.jsonl
    """
    from ifir_eval.benchmarks.catalog import load_all
    from ifir_eval.training.mixes import Budget, draw, read_mix
    from ifir_eval.training.rows import write_rows

    mixed, amount = read_mix(mix), Budget.parse(budget)
    drawn = draw(mixed, amount, data, load_all(benchmark, data, progress_bar), progress=progress_bar)
    write_rows(out, drawn.rows)
    say(drawn.summary())
    click.echo(out)


def _counts(rows: list[Row]) -> dict[str, object]:
    return {
        "rows": len(rows),
        "pairs": len({row.pair_id for row in rows}),
        "views": dict(Counter(row.view for row in rows)),
        "instruction_negatives": sum(len(row.instruction_negatives) for row in rows),
        "hard_negatives": sum(len(row.hard_negatives) for row in rows),
    }


def _told_by_document(rows: list[Row]) -> float | None:
    if importlib.util.find_spec("sklearn") is None:
        return None
    from ifir_eval.training.shortcut import told_by_document

    return told_by_document(rows)


def _row_facts(row: Row, template: Template) -> dict[str, object]:
    return {
        "pair_id": row.pair_id,
        "view": row.view,
        "text": template.render(row.as_view()).text,
        "positive": row.positive,
        "instruction_negatives": list(row.instruction_negatives),
        "hard_negatives": list(row.hard_negatives),
    }


def _show(file: Path, rows: list[Row], shown: Row, template: Template) -> None:
    counts = _counts(rows)
    views = ", ".join(f"{view} {number:,}" for view, number in Counter(row.view for row in rows).items())
    click.echo(f"{file}: {len(rows):,} rows of {counts['pairs']:,} pairs, no faults; views: {views}")
    broken, hard = counts["instruction_negatives"], counts["hard_negatives"]
    click.echo(f"negatives: {broken:,} of instructions, {hard:,} hard ones")
    if (share := _told_by_document(rows)) is not None:
        click.echo(f"positives that the passage alone gives away: {share:.0%} (chance: 50%)")
        if share > _GIVEN_AWAY:
            click.echo(
                "  from such rows a model learns which passages to like; their reversals beside them prevent it"
            )
    click.echo(f"\npair {shown.pair_id}, {shown.view}\n  text      {template.render(shown.as_view()).text!r}")
    passages = (
        ("positive", (shown.positive,)),
        ("breaks it", shown.instruction_negatives),
        ("hard", shown.hard_negatives),
    )
    for label, texts in passages:
        for text in texts[:_PASSAGES]:
            excerpt = " ".join(text.split())
            click.echo(f"  {label:<9} {excerpt[:_EXCERPT]}{'…' if len(excerpt) > _EXCERPT else ''}")
        if len(texts) > _PASSAGES:
            click.echo(f"  {'':<9} … and {len(texts) - _PASSAGES} more")
