"""Tables of rows as files: JSON lines, a JSON list, CSV with a header, parquet."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Iterator

from ifir_eval.benchmarks.items import read_items
from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.errors import MissingPackageError

ENDINGS = (".jsonl", ".json", ".csv", ".parquet")

_BATCH = 1024
"""Lines of a parquet file that are held at a time."""


def read_table(reader: FolderReader, file: str) -> Iterator[Line]:
    """The lines of ``file``, whose fields are checked as they are asked for.

    Raises:
        MissingPackageError: if a parquet file is to be read and pyarrow is absent.
    """
    if file.endswith(".csv"):
        return _csv(reader, file)
    if file.endswith(".parquet"):
        return _parquet(reader, file)
    if file.endswith(".json") and _is_list(reader, file):
        return read_items(reader, file)
    return reader.rows(file)


def _is_list(reader: FolderReader, file: str) -> bool:
    """The hub's JSON files are lists as often as lines."""
    with (reader.folder / file).open("rb") as stream:
        return stream.read(1024).lstrip().startswith(b"[")


def _csv(reader: FolderReader, file: str) -> Iterator[Line]:
    try:
        with (reader.folder / file).open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream)
            for fields in lines:
                if None in fields or None in fields.values():
                    reader.report("the line has not as many columns as the header", file, lines.line_num)
                else:
                    yield Line(reader, file, lines.line_num, fields)
    except (UnicodeDecodeError, csv.Error) as error:
        reader.report(f"not a CSV table in UTF-8: {error}", file)


def _parquet(reader: FolderReader, file: str) -> Iterator[Line]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
        arrow = importlib.import_module("pyarrow")
    except ImportError:
        raise MissingPackageError("pyarrow", "reading a parquet file", "ifir-eval[train]") from None
    try:
        number = 0
        for batch in parquet.ParquetFile(reader.folder / file).iter_batches(_BATCH):
            for fields in batch.to_pylist():
                number += 1
                yield Line(reader, file, number, fields)
    except (OSError, arrow.ArrowException) as error:
        reader.report(f"not a parquet file: {error}", file)
