"""``ifir-eval export``: a record for other harnesses."""

from __future__ import annotations

from pathlib import Path

import click

from ifir_eval.cli.options import say


@click.command("export")
@click.argument("record", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format",
    "_format",
    type=click.Choice(["mteb"]),
    required=True,
    help="mteb: the TaskResult JSON that mteb's own tools read.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write."
)
def command(record: Path, _format: str, out: Path) -> None:
    """Write RECORD, a record.json or the folder that holds one, in the format of another harness.

    \b
    ifir-eval export results/bm25-1f0c7a2e/followir-core17 --format mteb --out Core17InstructionRetrieval.json
    """
    from ifir_eval.exchange.mteb_task_result import task_result
    from ifir_eval.files import write_atomically
    from ifir_eval.records.storage import load_record

    write_atomically(out, task_result(load_record(record), str(record)).encode())
    say(f"written: {out}")
