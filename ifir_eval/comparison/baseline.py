"""A record becomes a baseline: the state of a project that later candidates are held against."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from ifir_eval.comparison.compare import who
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.files import write_atomically
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.records.schema import to_json

_SHOWN = 3
_LISTED = 20


def bless(record: Record, file: Path) -> None:
    """Write ``record`` to ``file`` as a baseline.

    Raises:
        InvalidInputError: if it is limited or published, lacks answers, or if the project around ``file`` has
            changes that are not committed: nobody could say later what the baseline was measured on.
    """
    if reasons := list(_unfit(record, file)):
        raise InvalidInputError("baseline", [Problem(reason) for reason in reasons])
    write_atomically(file, to_json(record).encode())


def only_one(records: Sequence[Record]) -> Record:
    """The one record that is there.

    Raises:
        InvalidInputError: if there are several, with what they are.
    """
    if len(records) == 1:
        return records[0]
    there = sorted({who(record) for record in records})
    more = ", …" if len(there) > _LISTED else ""
    reason = (
        f"there are {len(records)} records ({', '.join(there[:_LISTED])}{more}), and a baseline is one; "
        "name its own folder"
    )
    raise InvalidInputError("baseline", [Problem(reason)])


def candidate_for(baseline: Record, records: Sequence[Record]) -> Record:
    """The one of ``records`` that is held against ``baseline``: the only one, or its namesake on its benchmark.

    Raises:
        InvalidInputError: if that is none of them, or several.
    """
    if len(records) == 1:
        return records[0]
    asked = (baseline.retriever["spec"], baseline.benchmark["content_hash"])
    found = [r for r in records if (r.retriever["spec"], r.benchmark["content_hash"]) == asked]
    if len(found) == 1:
        return found[0]
    said = " ".join(f"{asked[0]} on {baseline.benchmark['name']} ({asked[1][:8]}), as the baseline is".split())
    what = f"{len(found)} of them are of" if found else "none of them is of"
    reason = f"there are {len(records)} records and {what} {said}; name the candidate's own folder"
    raise InvalidInputError("gate", [Problem(reason)])


def _unfit(record: Record, file: Path) -> Iterator[str]:
    if record.origin == PUBLISHED:
        yield "published figures have no values by topic"
    elif not record.complete:
        yield "it is a limited run; run it without --limit"
    if missing := len(record.missing_queries):
        yield f"{missing} queries were not answered and count as failures"
    try:
        changed = _uncommitted(file)
    except OSError as error:
        yield f"whether all is committed cannot be told: {error}"
        return
    if changed:
        more = "…" if len(changed) > _SHOWN else ""
        yield (
            f"the project has changes that are not committed ({', '.join(changed[:_SHOWN])}{more}); "
            "commit them, and measure again if they can change a number"
        )


def _uncommitted(file: Path) -> list[str]:
    """Changed tracked files of the git repository around ``file``; none where there is no repository.

    Other baselines beside ``file`` do not count: they are refreshed together.

    Raises:
        OSError: if git is not there, or will not say.
    """
    folder = next(parent for parent in file.absolute().parents if parent.is_dir())
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return []
    status = _git(folder, "status", "--porcelain", "-z", "--untracked-files=no", "--no-renames")
    top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    changed = [entry[3:] for entry in status.split("\0") if entry]
    return [name for name in changed if not _is_beside(top / name, file)]


def _is_beside(changed: Path, file: Path) -> bool:
    return changed.suffix == file.suffix and changed.parent.resolve() == file.absolute().parent.resolve()


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed
    if done.returncode:
        raise OSError(done.stderr.strip() or f"git ended with {done.returncode}")
    return done.stdout
