"""Rows of parquet files, in which the hub keeps and converts data sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.errors import MissingPackageError


def parquet_rows(reader: FolderReader, shards: Sequence[Path]) -> Iterator[Line]:
    """The rows of ``shards``, files below the reader's folder, numbered from 1 through all of them.

    Raises:
        MissingPackageError: if pyarrow is not installed.
    """
    number = 0
    for shard in shards:
        file = shard.relative_to(reader.folder).as_posix()
        for fields in _parquet(reader, shard, file):
            number += 1
            yield Line(reader, file, number, fields)


def _parquet(reader: FolderReader, shard: Path, file: str) -> list[dict[str, Any]]:
    try:
        parquet = import_module("pyarrow.parquet")  # optional, and slow to import
    except ModuleNotFoundError as error:
        raise MissingPackageError("pyarrow", f"reading {shard.name}", "pyarrow") from error
    try:
        rows: list[dict[str, Any]] = parquet.ParquetFile(shard).read().to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's own errors are these
        reader.report(f"not a readable parquet file (cloned without git-lfs?): {error}", file)
        return []
    return rows
