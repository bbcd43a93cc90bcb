"""Published figures, stored where measured ones are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.exchange.mteb_results import Result, read_results, record_of
from ifir_eval.files import write_atomically
from ifir_eval.records.record import Record
from ifir_eval.records.schema import to_json
from ifir_eval.records.storage import RECORD, folder_for


class Imported(NamedTuple):
    """The records that were stored, and the results that hold no score we have a name for."""

    records: tuple[Record, ...]
    unknown: tuple[Result, ...]


def import_results(paths: Sequence[Path], results: Path) -> Imported:
    """Store the figures of mteb's result files as records in the folder ``results``.

    mteb's own ``model_meta.json`` among them is passed over. A second import replaces the first.

    Raises:
        InvalidInputError: with every problem of every file; then nothing is stored.
    """
    problems: list[Problem] = []
    read: list[Result] = []
    for path in paths:
        if path.name != "model_meta.json":
            try:
                read += read_results(path)
            except InvalidInputError as error:
                problems += error.problems
    stored: dict[Path, tuple[Result, Record]] = {}
    unknown = []
    for result in read:
        try:
            record = record_of(result)
        except InvalidInputError as error:
            problems += error.problems
            continue
        if record is None:
            unknown.append(result)
            continue
        identity = {key: record.retriever[key] for key in ("spec", "kind", "settings")}
        name, content = (record.benchmark[key] for key in ("name", "content_hash"))
        folder = folder_for(results, result.model, identity, name, content)
        if folder in stored:
            repeated = f"{result.model}, revision {result.revision}, on {result.task}"
            also = f"it repeats the figures of {repeated}, which are in {stored[folder][0].file} too"
            problems.append(Problem(also, result.file))
        stored[folder] = result, record
    if problems:
        raise InvalidInputError("the import", problems)
    for folder, (_, record) in stored.items():
        write_atomically(folder / RECORD, to_json(record).encode())
    return Imported(tuple(record for _, record in stored.values()), tuple(unknown))
