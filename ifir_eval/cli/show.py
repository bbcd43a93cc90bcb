"""How records are shown: tables or JSON on standard output, and a page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ifir_eval.cli.options import PIPED_WIDTH, say
from ifir_eval.records.record import Record
from ifir_eval.records.schema import to_json


def _summary(record: Record) -> dict[str, Any]:
    """The record without its topics, which lie in record.json."""
    body: dict[str, Any] = json.loads(to_json(record))
    del body["topics"]
    return body


def show(records: Sequence[Record], page: Path | None, *, as_json: bool) -> None:
    """Print ``records`` and write their page, whose path is told on standard error."""
    if as_json:
        click.echo(json.dumps([_summary(record) for record in records], ensure_ascii=False))
    elif records:
        from rich.console import Console

        from ifir_eval.reporting.table import comparison_tables

        console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
        for table in comparison_tables(records, console.width):
            console.print(table)
    if records and page:
        from ifir_eval.reporting.page import write_page

        write_page(records, page)
        say(f"page: {page.resolve().as_uri()}")
