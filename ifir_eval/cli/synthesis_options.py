"""The options that the methods of ``ifir-eval synthesize`` share."""

from __future__ import annotations

from json import loads
from pathlib import Path
from typing import Any

import click

from ifir_eval.cli.options import json_option

PATH = click.Path(path_type=Path)


class _ObjectType(click.ParamType[dict[str, Any]]):
    name = "json"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        try:
            given = value if isinstance(value, dict) else loads(str(value))
        except ValueError:
            given = None
        if not isinstance(given, dict):
            self.fail(f'{value!r} is no JSON object; write one such as {{"top_p": 0.9}}', param, ctx)
        return given


COMMON_OPTIONS = (
    click.argument("rows", type=PATH),
    click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder for rows.jsonl, report.json and the journal.",
    ),
    click.option("--base-url", help="Address of the server (default: OpenAI's own)."),
    click.option(
        "--request",
        type=_ObjectType(),
        default="{}",
        help="Fields of a server's requests, more or others than usual; null leaves one out.",
    ),
    click.option("--judge-prompt", type=PATH, help="A Jinja template in place of the judge's own."),
    click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=4,
        show_default=True,
        help="Rows worked on at a time.",
    ),
    click.option(
        "--tries",
        type=click.IntRange(min=1),
        default=3,
        show_default=True,
        help="Answers asked for before a malformed one counts.",
    ),
    click.option("--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True),
    click.option(
        "--max-tokens", type=click.IntRange(min=1), default=1_024, show_default=True, help="Of an answer."
    ),
    click.option("--seed", type=int, default=0, show_default=True),
    click.option("--limit", type=click.IntRange(min=1), help="Only the first rows of the file."),
    click.option("--price", type=click.FloatRange(min=0), help="Of a million tokens read."),
    click.option("--price-written", type=click.FloatRange(min=0), help="Of a million tokens written."),
    click.option("--device", help="Of a transformers model: cpu, cuda, mps …"),
    click.option("--dtype", type=click.Choice(["float32", "float16", "bfloat16"])),
    json_option,
)
JUDGES = "openai:MODEL or a transformers model; cross:, causal: or rerank:MODEL; metadata:CORPUS.jsonl."
WRITING_OPTIONS = (
    click.option(
        "--model",
        "-m",
        required=True,
        help="openai:MODEL behind a server, or a transformers model: org/model or a folder.",
    ),
    click.option(
        "--prompt",
        "own_prompts",
        multiple=True,
        metavar="[NAME=]FILE",
        help="A Jinja template in place of the shipped one.",
    ),
    click.option("--judge", help=f"Who must agree: {JUDGES}"),
    click.option("--judge-url", help="Address of the judge's server (default: --base-url)."),
)
