"""``ifir-eval models``: the kinds of retriever, the presets, and what one encoder is sent."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING

import click

from ifir_eval.cli.options import json_option, retriever_options
from ifir_eval.errors import UnknownNameError

if TYPE_CHECKING:
    from ifir_eval.retrievers.options import Options
    from ifir_eval.retrievers.preview import Preview, Tokens


@click.group("models", invoke_without_command=True)
@click.pass_context
@json_option
def command(context: click.Context, json: bool) -> None:
    """List the kinds of retriever, or show what an encoder is sent."""
    if context.invoked_subcommand is None:
        context.invoke(list_all, json=json)


@command.command("list")
@json_option
def list_all(json: bool = False) -> None:
    """List the kinds of retriever, each with an example for --model, and the presets of encoders."""
    from ifir_eval.retrievers.presets import families
    from ifir_eval.retrievers.spec import KINDS

    if json:
        kinds = [{"name": kind.name, "example": kind.example, "summary": kind.summary} for kind in KINDS]
        click.echo(dumps(kinds))
        return
    for kind in KINDS:
        click.echo(f"{kind.name}\n    --model {kind.example}\n    {kind.summary}")
    click.echo("\npresets, chosen by the model's name (`ifir-eval models show NAME`):")
    for family in families():
        click.echo(f"    {family.preset.name:<18}{', '.join(family.models)}")


@command.command("show")
@click.argument("name")
@retriever_options
@json_option
def show_one(name: str, options: Options, json: bool) -> None:
    """Show what an encoder is sent for one example: texts, prefixes, tokens, pooling, maximum length.

    NAME is a hub name or a folder, a preset, or with causal: before it a reranker. Nothing is loaded and
    nothing is fetched.
    """
    from ifir_eval.retrievers.presets import families
    from ifir_eval.retrievers.preview import preview

    seen = preview(name, options)
    if seen is None:
        raise UnknownNameError("encoder or preset", [name], [family.preset.name for family in families()])
    click.echo(dumps(asdict(seen), ensure_ascii=False) if json else _as_text(seen))


def _as_text(seen: Preview) -> str:
    form, unsaid = seen.form, "the model's own"
    eos = "appended" if form.append_eos else "as the tokenizer does"
    lines = [
        f"model       {seen.name} ({seen.place})",
        f"preset      {seen.preset or 'none'}" + (f", after {seen.preset_source}" if seen.preset else ""),
        f"template    {seen.template!r}",
        *(
            [f"answers     {' or '.join(map(repr, seen.answers))}, the first is the relevant one"]
            if seen.answers
            else [
                f"pooling     {form.pooling or unsaid}",
                f"similarity  {seen.similarity or unsaid}",
                f"end of text {eos}",
            ]
        ),
        f"max length  {form.max_length or unsaid}",
        f"query       {seen.query!r}",
        *_token_lines(seen.query_tokens),
        f"document    {seen.document!r}",
        *_token_lines(seen.document_tokens),
        *(f"note        {note}" for note in seen.notes),
        "",
        f"{'prompt' if seen.answers else 'query'}, as it is read:",
        seen.read,
    ]
    return "\n".join(lines)


def _token_lines(tokens: Tokens | None) -> list[str]:
    if tokens is None:
        return []
    return [
        f"  {len(tokens.ids)} tokens  {' '.join(tokens.texts)}",
        f"  ids       {' '.join(map(str, tokens.ids))}",
    ]
