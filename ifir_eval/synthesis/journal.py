"""The journal of a job: one durable line for each row that is done with, kept or not.

The first line says which job it is, and where it was begun; a job with other rows, prompts or models has to be
kept elsewhere. Lines are in the order in which rows got done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from ifir_eval.errors import IfirEvalError, InvalidInputError, Problem
from ifir_eval.files import claim, writing
from ifir_eval.synthesis.asking import Effort
from ifir_eval.synthesis.judges.judge import Finding
from ifir_eval.training.rows import Row

JOURNAL = "journal.jsonl"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the row at ``position`` of the source.

    ``written`` are the rows of the item as the model wrote them, ``rows`` those that are kept. Where none
    are, ``reason`` says why and ``detail`` quotes the answer.
    """

    position: int
    rows: tuple[Row, ...] = ()
    written: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    detail: str = ""
    effort: Effort = field(default_factory=Effort)


class Journal:
    """The outcomes in ``folder``; made by `opened`."""

    def __init__(self, stream: IO[bytes], outcomes: dict[int, Outcome]) -> None:
        self._stream = stream
        self.outcomes = outcomes

    def add(self, outcome: Outcome) -> None:
        """Write one line, on the disk when this returns."""
        self._stream.write(_line(asdict(outcome)))
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self.outcomes[outcome.position] = outcome


@contextmanager
def opened(folder: Path, job: Mapping[str, Any]) -> Iterator[Journal]:
    """The journal of ``job`` in ``folder``, begun there if there is none; a half written line is dropped.

    Raises:
        InvalidInputError: if another job's lies there, or a line of it is broken.
        IfirEvalError: if another process is writing to it, or the folder cannot be written to.
    """
    with writing(folder, "--out"):
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / JOURNAL).open("a+b")
    with stream:
        if not claim(stream):
            raise IfirEvalError(f"another process is writing to {folder}; wait for it or choose another --out")
        stream.seek(0)
        lines = stream.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            stream.truncate(sum(map(len, lines[:-1])))
            del lines[-1]
        if lines:
            _refuse_other(folder / JOURNAL, lines[0], job)
        else:
            stream.write(_line({"job": job}))
            stream.flush()
        outcomes = (_outcome(folder / JOURNAL, number, line) for number, line in enumerate(lines[1:], 2))
        yield Journal(stream, {outcome.position: outcome for outcome in outcomes})


def read_outcomes(folder: Path) -> list[Outcome]:
    """The outcomes in the journal of ``folder``, by position.

    Raises:
        InvalidInputError: if there is no journal, or a line of it is broken.
    """
    file = folder / JOURNAL
    try:
        lines = file.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise InvalidInputError("the journal", [Problem(f"{error}", str(file))]) from error
    whole = [line for line in lines[1:] if line.endswith(b"\n")]
    found = [_outcome(file, number, line) for number, line in enumerate(whole, 2)]
    return sorted(found, key=lambda outcome: outcome.position)


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def _refuse_other(file: Path, line: bytes, job: Mapping[str, Any]) -> None:
    try:
        found = _wherever_served(json.loads(line)["job"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInputError("the journal", [Problem("is none of ours", str(file), 1)]) from None
    wanted = _wherever_served(json.loads(_line(job)))
    if differing := sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)):
        raise InvalidInputError(
            "--out",
            [
                Problem(
                    f"it belongs to a job that differs in {', '.join(differing)}; choose another folder",
                    str(file),
                    1,
                )
            ],
        )


def _wherever_served(job: dict[str, Any]) -> dict[str, Any]:
    """``job`` without the addresses of its models' servers: one that comes up again elsewhere is the same."""
    parts = {name: dict(part) if isinstance(part, dict) else part for name, part in job.items()}
    for part in parts.values():
        if isinstance(part, dict):
            part.pop("base_url", None)
    return parts


def _outcome(file: Path, number: int, line: bytes) -> Outcome:
    try:
        fields = json.loads(line)
        return Outcome(
            position=fields["position"],
            rows=tuple(map(_row, fields["rows"])),
            written=tuple(map(_row, fields["written"])),
            findings=tuple(map(_finding, fields["findings"])),
            reason=fields["reason"],
            detail=fields["detail"],
            effort=Effort(**fields["effort"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        problem = Problem(
            f"is no outcome ({error!r}); remove the line, and its row is done again", str(file), number
        )
        raise InvalidInputError("the journal", [problem]) from None


def _row(fields: Mapping[str, Any]) -> Row:
    lists = {name: tuple(fields[name]) for name in ("instruction_negatives", "hard_negatives")}
    return Row(**{**fields, **lists})


def _finding(fields: Mapping[str, Any]) -> Finding:
    return Finding(**{**fields, "breaking": tuple(fields["breaking"]), "effort": Effort(**fields["effort"])})
