"""``ifir-eval gate``: has a candidate lost what its baseline had?"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import say, tell
from ifir_eval.errors import IfirEvalError

if TYPE_CHECKING:
    from ifir_eval.comparison.gate import Judgement

_FORMATS = ("text", "github", "json", "junit", "markdown")
_BY_SUFFIX = {".json": "json", ".xml": "junit", ".md": "markdown"}


@click.command("gate")
@click.argument("candidate", type=click.Path(exists=True, path_type=Path))
@click.option("--baseline", type=click.Path(exists=True, path_type=Path), help="The record to hold it against.")
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is tolerated (default: [gate] of ./ifir-eval.toml, else [tool.ifir-eval.gate] of "
    "./pyproject.toml, else the usual margins).",
)
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option(
    "--out",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report here as well: JUnit into .xml, .json and .md by name, else as --format. Repeatable.",
)
@click.option(
    "--bless",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make CANDIDATE the baseline: copy its one record here, if it is complete and all is committed.",
)
def command(
    candidate: Path,
    baseline: Path | None,
    policy: Path | None,
    format_: str,
    out: tuple[Path, ...],
    bless: Path | None,
) -> None:
    """Fail (exit code 1) if the record CANDIDATE has provably lost more than the policy tolerates.

    CANDIDATE is a record.json or a folder; of several records in it, the one of the baseline's retriever and
    benchmark counts. A larger loss that may be an accident of the topics is a warning that says how many topics
    it would take. Exit code 2: it cannot be verified (another benchmark, a limited or unreadable record, a
    measure that one of them lacks), or a report cannot be written.

    \b
    ifir-eval gate results --baseline baselines/my-model.json
    ifir-eval gate results --baseline baselines/my-model.json --format github --out gate.xml
    ifir-eval gate results/my-model-*/mirror --bless baselines/my-model.json
    """
    if (baseline is None) == (bless is None):
        raise click.UsageError(
            "write --baseline RECORD to judge CANDIDATE, or --bless FILE to make it a baseline"
        )
    try:
        if bless is not None:
            _bless(candidate, bless)
            return
        assert baseline is not None
        has_failed = _gate(candidate, baseline, policy, format_, out)
    except (IfirEvalError, OSError):  # which become a sentence, and 2
        raise
    except Exception:  # noqa: BLE001 - Python would end with 1, and that says that the candidate has failed
        traceback.print_exc()
        sys.exit(2)
    sys.exit(has_failed)


def _bless(candidate: Path, file: Path) -> None:
    from ifir_eval.comparison.baseline import bless, only_one
    from ifir_eval.records.storage import load_records

    bless(only_one(load_records([candidate])), file)
    say(f"baseline: {file}")


def _gate(candidate: Path, baseline: Path, policy: Path | None, format_: str, out: Sequence[Path]) -> bool:
    """Whether the gate fails, once that is reported everywhere."""
    try:
        judgement = _judged(candidate, baseline, policy)
    except IfirEvalError as error:
        from ifir_eval.reporting.gated import unverifiable

        reason = f"{error}"
        _report(lambda format_: unverifiable(reason, format_), format_, out)
        raise
    from ifir_eval.comparison.gate import Outcome
    from ifir_eval.reporting.gated import written

    _report(lambda format_: written(judgement, format_), format_, out)
    return judgement.outcome is Outcome.FAILED


def _judged(candidate: Path, baseline: Path, policy: Path | None) -> Judgement:
    from ifir_eval.comparison.baseline import candidate_for
    from ifir_eval.comparison.gate import judge
    from ifir_eval.comparison.policy import policy_of
    from ifir_eval.records.storage import load_record, load_records

    blessed = load_record(baseline)
    found = candidate_for(blessed, load_records([candidate]))
    return judge(blessed, found, policy_of(policy, Path.cwd()))


def _report(write: Callable[[str], str], format_: str, files: Sequence[Path]) -> None:
    """Everywhere it is wanted, before the process exits: CI shows the reports of failed steps.

    First where nothing stands in its way, so that the verdict is told though a file cannot be written.
    """
    from ifir_eval.files import write_atomically

    tell(write(format_))
    for file in files:
        write_atomically(file, write(_BY_SUFFIX.get(file.suffix, format_)).encode())
    if format_ == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(write("markdown"))
