"""One cell of a study: what it is, what became of it, and the file that holds both.

A finished cell is one JSON document. ``<results>/cells/<name>/cell.json`` holds it beside the full records and
runs; the record set of a study, ``records.jsonl.gz``, holds those of all cells, one a line.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.files import write_atomically
from ifir_eval.records.column import column_of
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.records.schema import from_json, to_json
from ifir_eval.records.storage import slug

SCHEMA = 1
CELLS, CELL, RECORDS = "cells", "cell.json", "records.jsonl.gz"
BASE = "base"
"""Stands for a mix where nothing was trained: the base model itself."""


class Arm(NamedTuple):
    """What a cell is an instance of; the base model itself has the mix `BASE` and no budget."""

    base: str
    mix: str
    budget: str = ""


class Key(NamedTuple):
    """A cell's place in the grid; the base model itself has the seed 0."""

    arm: Arm
    seed: int

    @property
    def name(self) -> str:
        """It in words, fit for a folder."""
        base, mix, budget = self.arm
        trained = f"{mix}-{budget}-seed-{self.seed}" if budget else mix
        return slug(f"{base.rpartition('/')[2].rpartition(':')[2]}-{trained}")


@dataclass(frozen=True, slots=True)
class Finished:
    """A cell that is done.

    ``address`` is the hash of all that determines its weights. ``data`` tells what it was trained on (rows,
    tokens, counts by source and view, what was dropped), ``effort`` what that took, in seconds and in tokens.
    ``records`` hold the columns that a study reports, topic by topic, by what the study calls the benchmark.
    """

    key: Key
    address: str
    records: Mapping[str, Record]
    data: Mapping[str, Any] = field(default_factory=dict)
    effort: Mapping[str, float] = field(default_factory=dict)


def reported(record: Record) -> Record:
    """``record`` with the columns that a study reports: those of no single view, and nDCG of each view.

    Texts stay behind: a rendered query may be of a benchmark whose licence forbids copies.
    """
    names = [
        name
        for name in record.measures
        if (column := column_of(record, name)).view is None or column.stem == "nDCG"
    ]
    topics = tuple(
        TopicValues(row.topic, row.slices, {name: row.values[name] for name in names if name in row.values})
        for row in record.topics
    )
    return replace(
        record,
        retriever={**record.retriever, "example": None},
        measures={name: record.measures[name] for name in names},
        topics=topics,
        slices={},
        timing={},
    )


def as_line(cell: Finished) -> str:
    """``cell`` as one line of JSON, with its line break."""
    body = {
        "schema": SCHEMA,
        "base": cell.key.arm.base,
        "mix": cell.key.arm.mix,
        "budget": cell.key.arm.budget,
        "seed": cell.key.seed,
        "address": cell.address,
        "data": dict(cell.data),
        "effort": dict(cell.effort),
        "records": {name: json.loads(to_json(record)) for name, record in cell.records.items()},
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False) + "\n"


def from_line(text: str, file: str) -> Finished:
    """The cell that `as_line` wrote.

    Raises:
        InvalidInputError: if it is none, or one of a newer version.
    """
    try:
        body = json.loads(text)
        if body["schema"] > SCHEMA:
            newer = f"it has schema {body['schema']}, this version reads up to {SCHEMA}; upgrade ifir-eval"
            raise InvalidInputError("cell of a study", [Problem(newer, file)])
        return Finished(
            key=Key(Arm(body["base"], body["mix"], body["budget"]), int(body["seed"])),
            address=str(body["address"]),
            records={name: from_json(json.dumps(each), file) for name, each in body["records"].items()},
            data=dict(body["data"]),
            effort=dict(body["effort"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            "cell of a study", [Problem(f"this is no cell of a study ({error!r})", file)]
        ) from error


def folder_of(results: Path, key: Key, address: str) -> Path:
    """Where a cell of ``results`` lies."""
    return results / CELLS / f"{key.name}-{address[:8]}"


def read_cells(paths: Iterable[Path]) -> list[Finished]:
    """The finished cells of results folders and of record sets, each address once, the first one that is met.

    Raises:
        InvalidInputError: listing every file that cannot be read.
    """
    found: dict[tuple[Key, str], Finished] = {}
    problems: list[Problem] = []
    for path in paths:
        for cell in _cells(path, problems):
            found.setdefault((cell.key, cell.address), cell)
    if problems:
        raise InvalidInputError("results of a study", problems)
    return list(found.values())


def _cells(path: Path, problems: list[Problem]) -> Iterator[Finished]:
    """The cells in a results folder, and those of its record set that lie there no longer; all of a file."""
    if not path.is_dir():
        yield from _cells_of([path], problems)
        return
    own = list(_cells_of(sorted((path / CELLS).glob(f"*/{CELL}")), problems))
    yield from own
    # A record set is older than the cells beside it: what was done anew since is not taken from it.
    anew = {cell.key for cell in own}
    yield from (cell for cell in _cells_of(path.glob(RECORDS), problems) if cell.key not in anew)


def _cells_of(files: Iterable[Path], problems: list[Problem]) -> Iterator[Finished]:
    for file in files:
        try:
            yield from [from_line(text, place) for text, place in _lines(file)]
        except InvalidInputError as error:
            problems.extend(error.problems)
        except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
            problems.append(Problem(f"cannot be read: {error}", str(file)))


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """The cells of ``file``, and where each stands."""
    if file.name == CELL:
        yield file.read_text(encoding="utf-8"), str(file)
        return
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, 1):
            yield line, f"{file}:{number}"


def write_records(path: Path, cells: Iterable[Finished]) -> None:
    """Write the record set of a study; equal cells give equal bytes."""
    text = "".join(map(as_line, cells))
    write_atomically(path, gzip.compress(text.encode(), mtime=0))
