"""``ifir-eval budget``: what each mix of training data buys at equal budgets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import PIPED_WIDTH, SHARE, command_line, data_option, json_option, progress_bar, say

if TYPE_CHECKING:
    from ifir_eval.shares import Share
    from ifir_eval.training.study.planning import Plan
    from ifir_eval.training.study.results import Results

_HOUR = 3600


@click.command("budget")
@click.argument("study", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for cells, the record set and the page (default: results/<name of the study>).",
)
@click.option("--dry-run", is_flag=True, help="Draw all rows, print the plan and its hours, train nothing.")
@click.option("--cells", "share", type=SHARE, default="0/1", help="Do one of n shares of the cells, as 0/3.")
@click.option(
    "--merge",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Another results folder or record set of this study, whose cells count as done.",
)
@click.option(
    "--report-only", is_flag=True, help="Write table and page of what is done; needs neither data nor models."
)
@click.option("--keep-checkpoints", is_flag=True, help="Keep the trained models, too.")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the HTML page goes (default: <results>/index.html).",
)
@data_option
@json_option
def command(
    study: Path,
    results: Path | None,
    dry_run: bool,
    share: Share,
    merge: tuple[Path, ...],
    report_only: bool,
    keep_checkpoints: bool,
    page: Path | None,
    data: Path | None,
    json: bool,
) -> None:
    """Carry out STUDY, a TOML file: train every mix at every budget with every seed, and judge each model.

    What is finished stays on disk: after an interruption the same command goes on with the rest. Cells can be
    done on several machines (--cells) and merged; the record set of a study is records.jsonl.gz in its folder.

    \b
    ifir-eval budget baselines/studies/minilm.toml --data data --dry-run
    ifir-eval budget baselines/studies/minilm.toml --data data
    ifir-eval budget baselines/studies/minilm.toml --merge records.jsonl.gz --report-only
    """
    from ifir_eval.training.study.cells import read_cells
    from ifir_eval.training.study.definition import read_study
    from ifir_eval.training.study.planning import plan
    from ifir_eval.training.study.results import gather
    from ifir_eval.training.study.running import Work, carry_out

    read = read_study(study)
    results = results or Path("results") / read.name
    sources = [*([results] if results.is_dir() else []), *merge]
    if report_only:
        _show(gather(read, read_cells(sources)), results, page, as_json=json)
        return
    planned = plan(read, data, progress_bar)
    if dry_run:
        _print_plan(planned, share, sources)
        return
    outcome = carry_out(
        planned,
        Work(
            results,
            others=merge,
            keep_checkpoints=keep_checkpoints,
            command=command_line(),
            progress=progress_bar,
            say=say,
        ),
        share,
    )
    if outcome.finished:
        _show(gather(read, outcome.finished), results, page, as_json=json)
    outcome.raise_failures()


def _show(found: Results, folder: Path, page: Path | None, *, as_json: bool) -> None:
    """Print the results, and write the record set and the page."""
    from ifir_eval.reporting.budget.page import write_page
    from ifir_eval.reporting.budget.tables import as_json as in_json
    from ifir_eval.reporting.budget.tables import as_tables
    from ifir_eval.reporting.budget.words import Findings, answers
    from ifir_eval.training.study.cells import RECORDS, write_records

    findings = Findings(found)
    if as_json:
        click.echo(in_json(findings), nl=False)
    else:
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
        for table in as_tables(findings):
            console.print(table)
        for answer in answers(findings):
            click.echo(str(answer))
    if found.missing:
        say(f"{found.missing} of {len(found.study.keys())} cells are missing")
    write_records(folder / RECORDS, found.cells)
    page = page or folder / "index.html"
    write_page(findings, page)
    say(f"records: {folder / RECORDS}\npage: {page.resolve().as_uri()}")


def _print_plan(planned: Plan, share: Share, sources: list[Path]) -> None:
    """Every cell of this share that is not done, with what it trains on and how long it will take."""
    from ifir_eval.training.study.cells import read_cells
    from ifir_eval.training.study.estimating import forecast
    from ifir_eval.training.study.running import cells_of

    finished = planned.done(read_cells(sources))
    waiting = [cell for cell in cells_of(share, planned.cells) if cell.key not in finished]
    ahead = forecast(planned, finished.values(), waiting)
    for cost in ahead.costs:
        what = cost.cell.drawn.summary() if cost.cell.drawn else "judged as it is"
        click.echo(f"{cost.cell.key.name}: {cost.train_s + cost.evaluate_s:,.0f} s; {what}")
    train, evaluate, known = ahead.train_s / _HOUR, ahead.evaluate_s / _HOUR, ahead.rates
    click.echo(
        f"{len(waiting)} of {len(planned.cells)} cells are to be done here: {train + evaluate:.1f} hours, "
        f"{train:.1f} of training and {evaluate:.1f} of evaluation, at {known.train:,.0f} and "
        f"{known.evaluate:,.0f} tokens a second ({known.measured})"
    )
