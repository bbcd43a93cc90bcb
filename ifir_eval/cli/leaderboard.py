"""``ifir-eval leaderboard``: published figures and measured records on one page."""

from __future__ import annotations

from pathlib import Path

import click

from ifir_eval.cli.options import say

folder_option = click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("leaderboards"),
    show_default=True,
    help="The leaderboard's folder.",
)


@click.group("leaderboard")
def command() -> None:
    """Build the leaderboard, or add a measured record to it."""


@command.command("build")
@folder_option
def build(folder: Path) -> None:
    """Write index.html and leaderboard.md from the published figures and the records in the folder."""
    _write(folder)


@command.command("add")
@click.argument("record", type=click.Path(exists=True, path_type=Path))
@folder_option
def add(record: Path, folder: Path) -> None:
    """Add RECORD, a complete measured one, and build the leaderboard anew.

    \b
    ifir-eval leaderboard add results/my-model-*/mirror
    """
    from ifir_eval.records.storage import load_record
    from ifir_eval.reporting.leaderboard.records import add as add_record

    say(f"added: {add_record(load_record(record), folder)}")
    _write(folder)


def _write(folder: Path) -> None:
    from ifir_eval.reporting.leaderboard.page import write_leaderboard

    for file in write_leaderboard(folder):
        say(f"written: {file}")
