"""``ifir-eval models``: the kinds of retriever and how to name one."""

from __future__ import annotations

import json

import click

from ifir_eval.cli.options import json_option


@click.command("models")
@json_option
def command(as_json: bool) -> None:
    """List the kinds of retriever, each with an example for --model."""
    from ifir_eval.retrievers.spec import KINDS

    if as_json:
        click.echo(json.dumps([kind._asdict() for kind in KINDS]))
        return
    for kind in KINDS:
        click.echo(f"{kind.name}\n    --model {kind.example}\n    {kind.summary}")
