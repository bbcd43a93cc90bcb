"""``ifir-eval gate``: has a candidate lost what its baseline had?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import say

if TYPE_CHECKING:
    from ifir_eval.comparison.gate import Judgement
    from ifir_eval.comparison.policy import Policy

_FORMATS = ("text", "github", "json", "junit", "markdown")


@click.command("gate")
@click.argument("candidate", type=click.Path(exists=True, path_type=Path))
@click.option("--baseline", type=click.Path(exists=True, path_type=Path), help="The record to hold it against.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is tolerated (default: [tool.ifir-eval.gate] of ./pyproject.toml, else the usual margins).",
)
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the report here as well.")
@click.option(
    "--bless",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make CANDIDATE the baseline: copy its record here, if it is complete and all is committed.",
)
def command(
    candidate: Path,
    baseline: Path | None,
    policy: Path | None,
    format_: str,
    out: Path | None,
    bless: Path | None,
) -> None:
    """Fail (exit code 1) if the record CANDIDATE has provably lost more than the policy tolerates.

    A larger loss that may be an accident of the topics is a warning that says how many topics it would take.
    Exit code 2: it cannot be verified (another benchmark, a limited or unreadable record, a measure that the
    records lack).

    \b
    ifir-eval gate results/my-model-*/mirror --baseline baselines/my-model.json
    ifir-eval gate results/my-model-*/mirror --bless baselines/my-model.json
    """
    from ifir_eval.comparison.baseline import bless as make_baseline
    from ifir_eval.comparison.gate import Outcome, judge
    from ifir_eval.records.storage import load_record, write_atomically

    if (baseline is None) == (bless is None):
        raise click.UsageError(
            "write --baseline RECORD to judge CANDIDATE, or --bless FILE to make it a baseline"
        )
    if bless is not None:
        make_baseline(load_record(candidate), bless)
        say(f"baseline: {bless}")
        return
    assert baseline is not None
    judgement = judge(load_record(baseline), load_record(candidate), _policy(policy))
    text = _written(judgement, format_)
    # Written before the process exits, whatever it exits with: CI shows reports of failed steps.
    if out is not None:
        write_atomically(out, text.encode())
    if format_ == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(_written(judgement, "markdown"))
    click.echo(text, nl=False)
    sys.exit(judgement.outcome is Outcome.FAILED)


def _policy(file: Path | None) -> Policy:
    from ifir_eval.comparison.policy import Policy, in_project, read_policy

    if file is None:
        file = in_project(Path.cwd())
    return Policy(is_default=True) if file is None else read_policy(file)


def _written(judgement: Judgement, format_: str) -> str:
    from ifir_eval.reporting import gated

    return {
        "text": gated.as_text,
        "github": gated.as_github,
        "json": gated.as_json,
        "junit": gated.as_junit,
        "markdown": gated.as_markdown,
    }[format_](judgement)
