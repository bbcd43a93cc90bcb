"""``ifir-eval train``: from a base model and training rows to a model for ``--model``."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifir_eval.cli.options import data_option, json_option, progress_bar, say
from ifir_eval.training.recipe import BLOCKS, DIRECTIONS, JOINS, OBJECTIVES, PRECISIONS, Recipe

if TYPE_CHECKING:
    from ifir_eval.benchmarks.benchmark import Benchmark
    from ifir_eval.training.base import Found
    from ifir_eval.training.rows import Row
    from ifir_eval.training.train import Trained

_DEFAULT = Recipe()
_BUDGET = "9600"
"""Rows of the embedded training split: 20 minutes on one core, by the README's command."""


def _option(name: str, text: str, **given: Any) -> Callable[..., Any]:
    """An option for a field of the recipe, with the field's default."""
    default = getattr(_DEFAULT, name)
    flag = f"--{name.replace('_', '-')}"
    if isinstance(default, bool):
        flag = f"{flag}/--no-{name.replace('_', '-')}"
    return click.option(flag, name, default=default, show_default=default is not None, help=text, **given)


_RECIPE = (
    _option("objective", "The loss.", type=click.Choice(OBJECTIVES)),
    _option("temperature", "Of the softmax (default: 0.02, inf-embed 0.05).", type=float),
    _option("in_batch", "Other rows' documents are negatives, too."),
    _option("blocks", "Of inf-embed; write it for each.", type=click.Choice(BLOCKS), multiple=True),
    _option("join", "Of inf-embed's blocks: their sum, or one softmax.", type=click.Choice(JOINS)),
    _option("share", "Of the batch whose instructions block I crosses with a query.", type=float),
    _option("weight", "Lambda of query-preserving.", type=float),
    _option("direction", "Of query-preserving's divergence.", type=click.Choice(DIRECTIONS)),
    _option("stop_gradient", "The query alone does not learn from query-preserving."),
    _option("learning_rate", "At its highest.", type=float),
    _option("weight_decay", "Of AdamW.", type=float),
    _option("warmup", "Share of all steps.", type=float),
    _option("batch_rows", "Rows of a batch, of any number: memory does not grow with it.", type=int),
    _option("accumulate", "Batches a step.", type=int),
    _option("epochs", "How often each row is trained on.", type=int),
    _option("checkpoints", "How often the model is saved and judged.", type=int),
    _option("seed", "Of batches and dropout.", type=int),
    _option("precision", "bf16 computes in mixed precision.", type=click.Choice(PRECISIONS)),
    _option("dropout", "Instead of the model's own; 0 is faster.", type=float),
    _option("max_length", "Tokens at which texts are cut.", type=int),
    _option("pooling", "cls, mean, last, or attention (of the instruction to the query)."),
    _option("template", "How query and instruction join; it is saved with the model."),
    _option("query_prefix", "Stands before every query; it is saved with the model."),
    _option("document_prefix", "Stands before every document; likewise."),
    _option("micro_batch_tokens", "Tokens computed at a time (default: by the device).", type=int),
    _option("graph_tokens", "Of a larger batch gradients are cached (default: by memory).", type=int),
)


def _recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(command)
    def wrapped(**given: Any) -> Any:
        chosen = {field: given.pop(field) for field in Recipe.__dataclass_fields__}
        return command(recipe=Recipe(**chosen), **given)

    for option in reversed(_RECIPE):
        wrapped = option(wrapped)
    return wrapped


@click.command("train")
@click.option("--base", required=True, help="A dense model, as `ifir-eval run --model` takes it.")
@click.option(
    "--rows",
    "files",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Training rows, in any layout that `ifir-eval rows check` reads. Repeatable.",
)
@click.option(
    "--mix",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of --rows: a mix to draw them from. Without either, the embedded mirror-train-asking.",
)
@click.option("--budget", help="Of a mix: 2000 (rows) or '500000 tokens'; without a mix 9600 if not given.")
@click.option(
    "--benchmark",
    "-b",
    multiple=True,
    default=("mirror",),
    show_default=True,
    help="Will judge the model: a mix's rows that hold its texts are left out.",
)
@click.option(
    "--dev",
    default="mirror-dev",
    show_default=True,
    help="Judges checkpoints; the best is kept. 'none' keeps the last.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the model."
)
@click.option("--cpu", is_flag=True, help="Compute on the processor though there is a GPU.")
@click.option("--report-to", multiple=True, help="wandb, tensorboard, … with their packages installed.")
@_recipe_options
@data_option
@json_option
def command(
    base: str,
    files: tuple[Path, ...],
    mix: Path | None,
    budget: str | None,
    benchmark: tuple[str, ...],
    dev: str,
    out: Path,
    cpu: bool,
    report_to: tuple[str, ...],
    recipe: Recipe,
    data: Path | None,
    json: bool,
) -> None:
    """Train a dense model to follow instructions.

    The folder that comes out is a model for `ifir-eval run --model`, with a card. After an interruption the
    same command goes on from the last checkpoint. Several GPUs: torchrun --nproc-per-node 4 --no-python
    ifir-eval train ...

    \b
    ifir-eval train --base demo:all-MiniLM-L6-v2 --out my-model
    ifir-eval train --base demo:all-MiniLM-L6-v2 --mix baselines/mixes/ins-dv.toml --budget 2000 --out my-model
    ifir-eval train --base BAAI/bge-small-en-v1.5 --rows rows.jsonl --out my-model --objective inf-embed
    """
    from ifir_eval.benchmarks.catalog import load
    from ifir_eval.errors import IfirEvalError, Mistakes
    from ifir_eval.training.base import find
    from ifir_eval.training.train import train

    if files and (mix or budget):
        raise IfirEvalError(
            "train on --rows FILE, all of them, or on --mix FILE within --budget N: not on both"
        )
    if mix and not budget:
        raise IfirEvalError("--mix FILE needs --budget N: how many rows to draw, or how many tokens")
    mistakes = Mistakes()
    found = None
    with mistakes:
        found = find(base, recipe)
    with mistakes:
        judge = None if dev == "none" else load(dev, data=data, progress=progress_bar)
    with mistakes:
        if files:
            rows, told = _read(files)
        else:
            judges = [*benchmark, *([dev] if dev != "none" else ())]
            rows, told = _drawn(mix, budget or _BUDGET, judges, found, data)
    mistakes.raise_all()
    trained = train(
        base, rows, out, recipe, dev=judge, told=told, report_to=report_to, on_cpu=cpu, progress=progress_bar
    )
    if os.environ.get("RANK", "0") == "0":  # under torchrun one process speaks for all
        _show(trained, judge, as_json=json)


def _read(files: tuple[Path, ...]) -> tuple[list[Row], dict[str, str]]:
    from ifir_eval.training.readers import read_layout

    rows = [row for file in files for row in read_layout(file)]
    return rows, {"data": ", ".join(file.name for file in files)}


def _drawn(
    mix: Path | None, budget: str, judges: list[str], base: Found | None, data: Path | None
) -> tuple[list[Row], dict[str, str]]:
    from ifir_eval.benchmarks.catalog import load_all
    from ifir_eval.training.base import token_count
    from ifir_eval.training.mixes import EMBEDDED, Budget, draw, read_mix

    mixed = read_mix(mix) if mix else EMBEDDED
    amount = Budget.parse(budget)
    benchmarks = load_all(list(dict.fromkeys(judges)), data, progress_bar)
    # Without a base, words are counted until its error is raised.
    counting = {"count": token_count(base.embedder.load())} if base else {}
    drawn = draw(mixed, amount, data, benchmarks, progress=progress_bar, **counting)
    summary = drawn.summary()
    say(summary)
    told = {"mix": f"{mixed.name} (seed {mixed.seed}) {mixed.about}", "budget": f"{amount}", "drawn": summary}
    return list(drawn.rows), {**told, "held apart from": ", ".join(judges)}


def _show(trained: Trained, dev: Benchmark | None, *, as_json: bool) -> None:
    """What came of it, on standard output."""
    from dataclasses import asdict
    from json import dumps

    if as_json:
        values = [{"step": judged.step, "values": dict(judged.values)} for judged in trained.judged]
        click.echo(dumps({**asdict(trained), "folder": str(trained.folder), "judged": values}, indent=1))
        return
    click.echo(f"{trained.folder}: the model after step {trained.step:,} of {trained.steps:,}")
    if dev is None:
        return
    for judged in trained.judged:
        kept = " (kept)" if judged.step == trained.step else ""
        shown = dict.fromkeys((dev.primary, "swap-accuracy", "follow-rate", "nDCG@10", "p-MRR"))
        shares = ", ".join(f"{name} {judged.values[name]:.3f}" for name in shown if name in judged.values)
        click.echo(f"  {dev.name} after step {judged.step:,}{kept}: {shares}")
