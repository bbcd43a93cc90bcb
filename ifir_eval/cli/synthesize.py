"""``ifir-eval synthesize``: instruction data, written by a language model or out of metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ifir_eval.cli.options import progress_bar, say
from ifir_eval.cli.synthesis_options import COMMON_OPTIONS, JUDGES, PATH, WRITING_OPTIONS

if TYPE_CHECKING:
    from ifir_eval.errors import Mistakes
    from ifir_eval.synthesis.job import Job
    from ifir_eval.synthesis.judges.judge import Judge
    from ifir_eval.synthesis.language_model import Hosting, LanguageModel, Sampling
    from ifir_eval.training.rows import Row


def _with(command: Callable[..., Any], *options: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


@click.group("synthesize")
def command() -> None:
    """Write instruction data: rows in, rows out.

    ROWS are training rows in any layout that `ifir-eval rows check` reads. What needs a language model is
    resumable: the same command goes on where it was interrupted. The key of a server is read from
    IFIR_EVAL_API_KEY.

    \b
    ifir-eval synthesize metadata films.jsonl --fields year,genres --out films.rows.jsonl
    ifir-eval synthesize polarity-reversal films.rows.jsonl --out reversed \\
        --model openai:qwen --base-url http://127.0.0.1:8080/v1 --judge openai:qwen
    """


def _writing(name: str, summary: str) -> None:
    """Add a method that needs a language model."""

    def write(**given: Any) -> None:
        _write(name, **given)

    write.__doc__ = summary
    command.command(name)(_with(write, *COMMON_OPTIONS[:2], *WRITING_OPTIONS, *COMMON_OPTIONS[2:]))


def _write(
    method: str,
    *,
    model: str,
    own_prompts: tuple[str, ...],
    judge: str | None,
    judge_url: str | None,
    **common: Any,
) -> None:
    from ifir_eval.errors import Mistakes
    from ifir_eval.synthesis.job import Job
    from ifir_eval.synthesis.language_model import language_model
    from ifir_eval.synthesis.methods import METHODS
    from ifir_eval.synthesis.prompt import load_prompts

    chosen, mistakes = METHODS[method], Mistakes()
    sampling, hosting = _asked(common)
    with mistakes:
        prompts = load_prompts(chosen.prompts, own_prompts)
    writer = None
    with mistakes:
        writer = language_model(model, sampling, hosting)
    own = writer if judge == model and not judge_url else None
    judging = _judge(judge, judge_url, common, mistakes, own) if judge else None
    source = _source(common, mistakes)
    mistakes.raise_all()
    assert writer is not None
    _run(Job(source[: common["limit"]], chosen, prompts, writer, judging, **_working(common)), common)


def _asked(common: Mapping[str, Any]) -> tuple[Sampling, Hosting]:
    """How answers are drawn, and where."""
    from ifir_eval.synthesis.language_model import Hosting, Sampling

    return (
        Sampling(common["temperature"], common["max_tokens"], common["seed"]),
        Hosting(
            common["base_url"], common["request"], common["concurrency"], common["device"], common["dtype"]
        ),
    )


def _judge(
    spec: str,
    url: str | None,
    common: Mapping[str, Any],
    mistakes: Mistakes,
    writer: LanguageModel | None = None,
) -> Judge | None:
    from ifir_eval.synthesis.judges import build_judge

    sampling, hosting = _asked(common)
    url = url or (common["base_url"] if spec.startswith(("openai:", "rerank:")) else None)
    with mistakes:
        return build_judge(
            spec,
            sampling,
            replace(hosting, base_url=url),
            prompt=common["judge_prompt"],
            tries=common["tries"],
            writer=writer,
        )
    return None


def _source(common: Mapping[str, Any], mistakes: Mistakes) -> list[Row]:
    from ifir_eval.training.readers import read_layout

    with mistakes:
        return read_layout(common["rows"])
    return []


def _working(common: Mapping[str, Any]) -> dict[str, Any]:
    from ifir_eval.synthesis.report import Prices

    prices = Prices(common["price"], common["price_written"])
    return {"tries": common["tries"], "hands": common["concurrency"], "prices": prices}


def _run(job: Job, common: Mapping[str, Any]) -> None:
    from ifir_eval.synthesis.job import run_job

    report = run_job(job, common["out"], progress_bar)
    if common["json"]:
        click.echo(dumps({**asdict(report), "survival": report.survival}, ensure_ascii=False))
    else:
        from ifir_eval.reporting.synthesized import report_lines

        click.echo("\n".join(report_lines(report)))
        say(f"{report.rows} rows are in {common['out'] / 'rows.jsonl'}")


for _name, _summary in {
    "polarity-reversal": "Write for each row its twin, in which an instruction negative becomes the positive.",
    "poisoning": "Write for each row a poisoned instruction and a poisoned query, with passages of their own.",
    "instruction-negatives": "Write passages that fit a row's query and break its instruction.",
    "paraphrase": "Say each row's instruction in other words.",
}.items():
    _writing(_name, _summary)


def judge_rows(judge: str, **common: Any) -> None:
    """Keep the pairs whose rows all hold: the positive fits, the instruction negatives do not."""
    from ifir_eval.errors import Mistakes
    from ifir_eval.synthesis.job import Job
    from ifir_eval.synthesis.language_model import Nobody
    from ifir_eval.synthesis.methods.given import Given

    mistakes = Mistakes()
    judging = _judge(judge, None, common, mistakes)
    given = Given(_source(common, mistakes))
    mistakes.raise_all()
    _run(Job(given.rows[: common["limit"]], given, {}, Nobody(), judging, **_working(common)), common)


command.command("judge")(
    _with(
        judge_rows,
        *COMMON_OPTIONS[:2],
        click.option("--judge", required=True, help=f"Who must agree: {JUDGES}"),
        *COMMON_OPTIONS[2:],
    )
)


@command.command("swap-instruct")
@click.argument("rows", type=PATH)
@click.option("--out", type=PATH, required=True, help="File for the rows.")
def swap_instruct(rows: Path, out: Path) -> None:
    """Give each pair the instructions of a pair with another query: the control that says nothing."""
    from ifir_eval.synthesis.controls import swap_instructions
    from ifir_eval.training.readers import read_layout

    _store(swap_instructions(read_layout(rows)), out)


@command.command("textual-negation")
@click.argument("rows", type=PATH)
@click.option("--out", type=PATH, required=True, help="File for the rows.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same wordings.")
def textual_negation(rows: Path, out: Path, seed: int) -> None:
    """Negate instructions in words alone: the control to polarity-reversal, as InfoSearch reverses."""
    from ifir_eval.synthesis.controls import negate_instructions
    from ifir_eval.training.readers import read_layout

    _store(negate_instructions(read_layout(rows), seed), out)


def _store(rows: Sequence[Row], out: Path) -> None:
    from ifir_eval.training.rows import write_rows

    write_rows(out, rows)
    say(f"{len(rows)} rows")
    click.echo(out)


@command.command("metadata")
@click.argument("corpus", type=PATH)
@click.option("--fields", required=True, help="Metadata fields to constrain, as in year,genre.")
@click.option("--out", type=PATH, required=True, help="File for the rows.")
@click.option("--queries", type=PATH, help="Existing queries (JSON lines) to stand on.")
@click.option("--qrels", type=PATH, help="Their judgements, with BEIR's header line.")
@click.option("--topics", type=click.IntRange(min=1), default=1_000, show_default=True, help="Topics at most.")
@click.option(
    "--negatives",
    type=click.IntRange(min=1, max=3),
    default=3,
    show_default=True,
    help="Instruction negatives of a row at most.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed, the same rows.")
def metadata(
    corpus: Path,
    fields: str,
    out: Path,
    queries: Path | None,
    qrels: Path | None,
    topics: int,
    negatives: int,
    seed: int,
) -> None:
    """Make exact complementary rows out of the metadata of CORPUS, without a language model.

    Topics and instructions are those that `ifir-eval benchmarks build` makes of the same corpus.
    """
    from ifir_eval.benchmarks.builder import Judged, Plan
    from ifir_eval.synthesis.from_metadata import rows_from_metadata

    if (queries is None) != (qrels is None):
        raise click.UsageError("--queries and --qrels go together: give both, or neither")
    plan = Plan(
        corpus=corpus,
        fields=tuple(name.strip() for name in fields.split(",") if name.strip()),
        name=corpus.stem,
        judged=Judged(queries, qrels) if queries and qrels else None,
        topics=topics,
        seed=seed,
    )
    made = rows_from_metadata(plan, negatives, progress_bar)
    for note in made.notes:
        say(f"note: {note}")
    _store(made.rows, out)
