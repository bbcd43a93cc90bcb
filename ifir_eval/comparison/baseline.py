"""A record becomes a baseline: the state of a project that later candidates are held against."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.records.schema import to_json
from ifir_eval.records.storage import write_atomically


def bless(record: Record, file: Path) -> None:
    """Write ``record`` to ``file`` as a baseline.

    Raises:
        InvalidInputError: if it is limited or published, lacks answers, or if the project around ``file`` has
            changes that are not committed: nobody could say later what the baseline was measured on.
    """
    if reasons := list(_unfit(record, file)):
        raise InvalidInputError("baseline", [Problem(reason) for reason in reasons])
    write_atomically(file, to_json(record).encode())


def _unfit(record: Record, file: Path) -> Iterator[str]:
    if record.origin == PUBLISHED:
        yield "published figures have no values by topic"
    elif not record.complete:
        yield "it is a limited run; run it without --limit"
    if missing := len(record.missing_queries):
        yield f"{missing} queries were not answered and count as failures"
    if changed := _uncommitted(file):
        yield f"the project has changes that are not committed ({', '.join(changed[:3])}…); commit them first"


def _uncommitted(file: Path) -> list[str]:
    """Changed tracked files of the git repository around ``file``, itself aside; none where there is no git."""
    folder = next(parent for parent in file.absolute().parents if parent.is_dir())
    command = ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no"]
    try:
        status = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed
    except (OSError, subprocess.CalledProcessError):
        return []
    changed = [line[3:] for line in status.splitlines()]
    return [name for name in changed if Path(name).name != file.name]
