"""``ifir-eval models``: the kinds of retriever and how to name one."""

from __future__ import annotations

from json import dumps

import click

from ifir_eval.cli.options import json_option


@click.command("models")
@json_option
def command(json: bool) -> None:
    """List the kinds of retriever, each with an example for --model."""
    from ifir_eval.retrievers.spec import KINDS

    if json:
        click.echo(dumps([kind._asdict() for kind in KINDS]))
        return
    for kind in KINDS:
        click.echo(f"{kind.name}\n    --model {kind.example}\n    {kind.summary}")
