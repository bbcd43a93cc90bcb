"""Reading a corpus with metadata: the documents, and what its fields say of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ifir_eval.benchmarks.beir import Ids, read_document
from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.errors import UnknownNameError

Value = int | float | str | frozenset[str]
"""What a field says of a document: an amount, one label, or several."""

_OF_THE_DOCUMENT = frozenset({"_id", "title", "text", "metadata"})


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus as it was read, in the order of the file.

    ``values`` holds by field name the values by document id. A document that lacks the field, or holds
    null, an empty string or an empty list there, is absent.
    """

    documents: Mapping[str, Document]
    values: Mapping[str, Mapping[str, Value]]


def read_source(reader: FolderReader, file: str, fields: Sequence[str]) -> Source:
    """Read the JSON lines in ``file``: ``_id``, ``text``, optionally ``title``, and metadata.

    Metadata stands in an object ``metadata``, as in BEIR's files, or beside the text. Broken lines, and
    values that are not of their field's kind, are reported to ``reader``.

    Raises:
        UnknownNameError: naming every one of ``fields`` that no document has, where the file is sound.
    """
    ids, known = Ids("document"), set[str]()
    documents: dict[str, Document] = {}
    columns = {name: _Column(name) for name in fields}
    for row in reader.rows(file):
        document = read_document(row, ids)
        if document is None:
            continue
        beside = {name: value for name, value in row.fields.items() if name not in _OF_THE_DOCUMENT}
        metadata = {**beside, **document.metadata}
        documents[document.id] = replace(document, metadata=metadata)
        known.update(metadata)
        for name in columns.keys() & metadata.keys():
            columns[name].take(row, document.id, metadata[name])
    if documents and not known:
        reader.report("no document has metadata, so there is nothing to constrain", file)
    unknown = [name for name in columns if name not in known]
    if unknown and not reader.problems:
        raise UnknownNameError("metadata field", unknown, known)
    return Source(documents, {name: column.values for name, column in columns.items()})


class _Column:
    """The values of one field, all of the kind of the first one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[str, Value] = {}
        self.first: tuple[str, int] | None = None

    def take(self, row: Line, document: str, raw: object) -> None:
        if raw is None or raw in ("", []):
            return
        kind, value = _understood(raw)
        self.first = self.first or (kind, row.line)
        if value is None:
            row.report(f"field {self.name!r} holds {kind}; it takes a number, a string or a list of strings")
        elif kind != self.first[0]:
            row.report(f"field {self.name!r} holds {kind}, but {self.first[0]} in line {self.first[1]}")
        else:
            self.values[document] = value


def _understood(raw: object) -> tuple[str, Value | None]:
    """What kind of value that is, in words, and the value; None if it is none that can be used."""
    match raw:
        case bool():
            return "true or false", None
        case int() | float():
            return ("a number", raw) if math.isfinite(raw) else (f"{raw}", None)
        case str():
            return ("a string", raw.strip()) if raw.strip() else ("white space", None)
        case list():
            labels = [item.strip() for item in raw if isinstance(item, str)]
            good = len(labels) == len(raw) and all(labels)
            return (
                ("a list of strings", frozenset(labels)) if good else ("a list with empty or other items", None)
            )
        case _:
            return "an object", None
