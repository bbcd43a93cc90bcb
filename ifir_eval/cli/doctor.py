"""``ifir-eval doctor``: what is installed here, and whether a model is fit to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from json import dumps
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import json_option, retriever_options

if TYPE_CHECKING:
    from ifir_eval.examination import Finding
    from ifir_eval.retrievers.options import Options


@click.command("doctor")
@click.option("--model", "-m", help="A retriever to examine.")
@retriever_options
@json_option
def command(model: str | None, json: bool, options: Options) -> None:
    """Show versions, devices and caches; with --model, put a retriever to the test.

    A model is asked one topic twice: are its scores the same both times, and do they change when only
    the instruction changes? Exit code 2 if not.
    """
    from ifir_eval.encoding.cache import default_folder
    from ifir_eval.examination import environment, examine
    from ifir_eval.retrievers.spec import build

    findings = environment(options.cache or default_folder())
    if not json:
        _print(findings)  # also where the model cannot even be loaded
    about: tuple[Finding, ...] = ()
    if model is not None:
        about = examine(lambda: build(model, replace(options, keep_vectors=False)))
    if json:
        click.echo(dumps([finding._asdict() for finding in (*findings, *about)]))
    else:
        _print(about)
    if any(finding.good is False for finding in about):
        raise SystemExit(2)


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        mark = {True: "ok  ", False: "BAD ", None: "    "}[finding.good]
        click.echo(f"{mark}{finding.what}: {finding.answer}")
