"""``ifir-eval doctor``: what is installed here, and whether a model is fit to be measured."""

from __future__ import annotations

from dataclasses import replace
from json import dumps
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import json_option, retriever_options

if TYPE_CHECKING:
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
    from ifir_eval.examination import Finding, environment, examine
    from ifir_eval.retrievers.spec import build

    findings = environment()
    if model is not None:
        findings = (*findings, *examine(lambda: build(model, replace(options, keep_vectors=False))))
    if json:
        click.echo(dumps([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            mark = {True: "ok  ", False: "BAD ", None: "    "}[finding.good]
            click.echo(f"{mark}{finding.what}: {finding.answer}")
    bad: list[Finding] = [finding for finding in findings if finding.good is False]
    if bad:
        raise SystemExit(2)
