"""JSON files that hold one list of objects, as several releases do instead of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ifir_eval.benchmarks.reading import FolderReader, Line, json_name


class Item(Line):
    """One object of a list; ``line`` is its place in it, from 1."""

    def report(self, message: str) -> None:
        """Note a problem of this object."""
        self.reader.report(f"entry {self.line}: {message}", self.file)

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of strings under ``key``; empty, reported, if there is none."""
        value = self.fields.get(key)
        if isinstance(value, list) and all(isinstance(text, str) for text in value):
            return tuple(value)
        self.report(f"{key!r} must be a list of strings")
        return ()


def read_items(reader: FolderReader, file: str) -> Iterator[Item]:
    """The objects of the list in ``file``."""
    content = reader.document(file)
    if isinstance(content, list):
        for place, fields in enumerate(content, 1):
            if isinstance(fields, dict):
                yield Item(reader, file, place, fields)
            else:
                reader.report(f"entry {place}: must be an object, not {json_name(type(fields))}", file)
    elif content is not None:
        reader.report(f"must be a list, not {json_name(type(content))}", file)


class Sizes(NamedTuple):
    """How large a benchmark was published; None where no source says."""

    topics: int | None
    documents: int | None = None

    def notes(self, topics: int, documents: int) -> tuple[str, ...]:
        """One warning for each size of a loaded copy that is not the published one."""
        pairs = (("topics", topics, self.topics), ("documents", documents, self.documents))
        return tuple(
            f"number of {what}: {found:,} in this copy, {published:,} published"
            for what, found, published in pairs
            if published is not None and found != published
        )
