"""``ifir-eval benchmarks``: what can be asked."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ifir_eval.cli.options import data_option, json_option, progress_bar


@click.group("benchmarks", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the benchmarks, or show one."""
    if context.invoked_subcommand is None:
        context.invoke(list_all)


@command.command("list")
@json_option
def list_all(as_json: bool = False) -> None:
    """List all benchmarks with their size, licence and source."""
    from ifir_eval.benchmarks.catalog import catalog

    entries = catalog().values()
    if as_json:
        click.echo(json.dumps([entry.facts() for entry in entries], ensure_ascii=False))
        return
    for entry in entries:
        click.echo(f"{entry.name}\n    {entry.summary}\n    {entry.size}; licence: {entry.licence}")


@command.command("show")
@click.argument("name")
@click.option("--topic", help="The topic to print (default: the first).")
@data_option
def show_one(name: str, topic: str | None, data: Path | None) -> None:
    """Show a benchmark: where it comes from, what it measures, and one topic under all its views."""
    from ifir_eval.benchmarks.catalog import load

    benchmark = load(name, data=data, progress=progress_bar)
    chosen = benchmark.topics[0] if topic is None else benchmark.topic(topic)
    click.echo(f"{benchmark.name}, version {benchmark.version}, content {benchmark.content_hash[:12]}")
    click.echo(f"licence   {benchmark.licence}\nsource    {benchmark.source}")
    click.echo(f"size      {len(benchmark.topics)} topics, {len(benchmark.corpus)} documents")
    click.echo(f"contrasts {', '.join(map(str, benchmark.contrasts)) or 'none'}")
    click.echo(f"measures  {', '.join(benchmark.measures)}; primary: {benchmark.primary}")
    for note in benchmark.notes:
        click.echo(f"note      {note}")
    slices = ", ".join(f"{key} = {value}" for key, value in chosen.slices.items())
    click.echo(f"\ntopic {chosen.id}" + (f" ({slices})" if slices else ""))
    for view in chosen.views.values():
        relevant = chosen.relevant(view.name, benchmark.relevant_grade)
        pool = "the whole corpus" if view.candidates is None else f"{len(view.candidates)} candidates"
        click.echo(f"  {view.name}: {len(relevant)} relevant among {pool}")
        click.echo(f"    query        {view.query}\n    instruction  {view.instruction or '(none)'}")
    for contrast in benchmark.contrasts_of(chosen):
        shift = chosen.shift(contrast, benchmark.relevant_grade)
        for fate, documents in zip(("loses", "gains"), shift[:2], strict=True):
            for document in documents[:1]:
                text = benchmark.corpus[document]
                click.echo(f"\n  {contrast} {fate} {document}: {text.title}\n    {text.text}")
