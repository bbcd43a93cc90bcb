"""``ifir-eval benchmarks``: what can be asked."""

from __future__ import annotations

from json import dumps
from pathlib import Path

import click

from ifir_eval.cli.options import data_option, json_option, progress_bar, say


@click.group("benchmarks", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the benchmarks, or show one."""
    if context.invoked_subcommand is None:
        context.invoke(list_all)


@command.command("list")
@json_option
def list_all(json: bool = False) -> None:
    """List all benchmarks with their size, licence and source."""
    from ifir_eval.benchmarks.catalog import catalog

    entries = catalog().values()
    if json:
        click.echo(dumps([entry.facts() for entry in entries], ensure_ascii=False))
        return
    for entry in entries:
        click.echo(f"{entry.name}\n    {entry.summary}\n    {entry.size}; download: {entry.download}")
        click.echo(f"    licence: {entry.licence}; source: {entry.source}")


@command.command("show")
@click.argument("name")
@click.option("--topic", help="The topic to print (default: the first with a contrast).")
@data_option
def show_one(name: str, topic: str | None, data: Path | None) -> None:
    """Show a benchmark: where it comes from, what it measures, and one topic under all its views."""
    from ifir_eval.benchmarks.catalog import load

    benchmark = load(name, data=data, progress=progress_bar)
    telling = [candidate for candidate in benchmark.topics if benchmark.contrasts_of(candidate)]
    chosen = benchmark.topic(topic) if topic else (telling or benchmark.topics)[0]
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


@command.command("build")
@click.argument("corpus", type=click.Path(path_type=Path))
@click.option("--fields", required=True, help="Metadata fields to constrain, as in year,genre.")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="A new folder, which names the benchmark."
)
@click.option("--queries", type=click.Path(path_type=Path), help="Existing queries (JSON lines) to stand on.")
@click.option("--qrels", type=click.Path(path_type=Path), help="Their judgements, with BEIR's header line.")
@click.option("--topics", type=click.IntRange(min=1), default=200, show_default=True, help="Topics at most.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same benchmark.")
def build_own(
    corpus: Path, fields: str, out: Path, queries: Path | None, qrels: Path | None, topics: int, seed: int
) -> None:
    """Build a swap benchmark from CORPUS, JSON lines with metadata.

    The metadata decides which documents an instruction wants, so every label is exact. Topics are drawn
    from the corpus, or are existing queries with their judgements. The new folder is a benchmark:

    \b
    ifir-eval benchmarks build films.jsonl --fields year,genres --out films
    ifir-eval run --model bm25 --benchmark ./films
    """
    from ifir_eval.benchmarks.builder import Judged, Plan, build_benchmark
    from ifir_eval.benchmarks.folder import refuse_occupied, write_folder

    if (queries is None) != (qrels is None):
        raise click.UsageError("--queries and --qrels go together: give both, or neither")
    refuse_occupied(out)
    benchmark = build_benchmark(
        Plan(
            corpus=corpus,
            fields=tuple(name.strip() for name in fields.split(",") if name.strip()),
            name=out.resolve().name,
            judged=Judged(queries, qrels) if queries and qrels else None,
            topics=topics,
            seed=seed,
        ),
        progress_bar,
    )
    write_folder(benchmark, out)
    for note in benchmark.notes:
        say(f"note: {note}")
    say(f"{len(benchmark.topics)} topics over {len(benchmark.corpus)} documents")
    click.echo(out)
