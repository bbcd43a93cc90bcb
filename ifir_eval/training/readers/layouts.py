"""The layouts by name, and how a file is recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks.beir import QUERIES
from ifir_eval.benchmarks.folder import read_folder
from ifir_eval.benchmarks.manifest import MANIFEST
from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.errors import IfirEvalError, InvalidInputError, Problem, UnknownNameError
from ifir_eval.training.readers import flagembedding, inf_ir, promptriever, sentence_transformers
from ifir_eval.training.readers.benchmark import rows_of
from ifir_eval.training.readers.tables import ENDINGS, read_table
from ifir_eval.training.readers.triples import TRAIN_QRELS, TRIPLES, read_train_split, read_triples
from ifir_eval.training.rows import Row, read_lines, read_rows


class _Layout(NamedTuple):
    """A layout of tables: fields that only it has, and what reads its lines."""

    marks: frozenset[str]
    read: Callable[[Iterable[Line], str], Iterator[Row]]


_TABLES: Mapping[str, _Layout] = {
    "rows": _Layout(frozenset({"pair_id", "view"}), lambda lines, _: read_lines(lines)),
    "promptriever": _Layout(frozenset({"only_query", "positive_passages"}), promptriever.read),
    "inf-ir": _Layout(frozenset({"query_positive", "instruction_positive"}), inf_ir.read),
    "flagembedding": _Layout(frozenset({"query", "pos"}), flagembedding.read),
    "sentence-transformers": _Layout(frozenset({"positive"}), sentence_transformers.read),
}
_FOLDERS: Mapping[str, Callable[[Path], list[Row]]] = {
    "benchmark": lambda path: (
        read_train_split(path) if (path / TRAIN_QRELS).is_file() else rows_of(read_folder(path))
    ),
    "triples": read_triples,
}


def layouts() -> tuple[str, ...]:
    """The names of all layouts."""
    return (*_TABLES, *_FOLDERS)


def read_layout(path: Path, layout: str | None = None) -> list[Row]:
    """The rows in the file or folder at ``path``, checked; None recognises the ``layout``.

    Negatives beyond those that a row may have, and repeated ones, are left out of foreign layouts.

    Raises:
        UnknownNameError: if there is no such layout.
        InvalidInputError: listing every problem with file and line.
        IfirEvalError: if nothing is there, or nothing that could be recognised.
    """
    if layout is not None and layout not in layouts():
        raise UnknownNameError("layout of rows", [layout], layouts())
    if not path.exists():
        raise IfirEvalError(f"there is no file or folder {str(path)!r} with training rows")
    layout = layout or _folder_layout(path)
    if layout is not None and layout in _FOLDERS:
        return _FOLDERS[layout](path)
    if path.is_file() and layout == "rows":
        return read_rows(path)
    return _read_tables(path, layout)


def _folder_layout(path: Path) -> str | None:
    if (path / TRIPLES).is_file():
        return "triples"
    return "benchmark" if (path / QUERIES).is_file() or (path / MANIFEST).is_file() else None


def _read_tables(path: Path, layout: str | None) -> list[Row]:
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in ENDINGS)
    if not files:
        raise IfirEvalError(f"the folder {str(path)!r} holds no rows: no file ends in {', '.join(ENDINGS)}")
    root = path.parent if path.is_file() else path
    reader = FolderReader(root)
    rows: list[Row] = []
    for file in files:
        name = file.relative_to(root).as_posix()
        lines = read_table(reader, name)
        first = next(lines, None)
        if first is None:
            continue
        chosen = layout or _recognised(first)
        stem = Path(name).with_suffix("").as_posix()
        rows += _TABLES[chosen].read(chain([first], lines), stem)
    if not rows and not reader.problems:
        reader.report("there are no rows")
    for (pair, view), count in Counter((row.pair_id, row.view) for row in rows).items():
        if count > 1 and not reader.problems:
            reader.report(f"pair {pair!r} has the view {view!r} in {count} files; give their pairs other ids")
    if reader.problems:
        raise InvalidInputError(f"the training data {str(path)!r}", reader.problems)
    return rows


def _recognised(line: Line) -> str:
    """The layout of a file by its first line.

    Raises:
        InvalidInputError: if it is none.
    """
    for name, layout in _TABLES.items():
        if layout.marks <= line.fields.keys():
            return name
    fields = ", ".join(sorted(line.fields)) or "none"
    message = f"the fields ({fields}) are those of no layout of rows; name one of {', '.join(_TABLES)}"
    raise InvalidInputError("the file of rows", [Problem(message, line.file, line.line)])
