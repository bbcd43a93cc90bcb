"""Documents out of BEIR's ``corpus.jsonl`` files, wherever fsspec reaches: a stream from any place in them."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks.beir import CORPUS, Ids, read_document
from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.reading import FolderReader
from ifir_eval.errors import IfirEvalError, Mistakes

_SPELLINGS = (CORPUS, f"{CORPUS}.gz")
_ENOUGH = 1_000
"""So many problems are gathered before a reader gives up."""


class Source(NamedTuple):
    """One file: where it is, and its size as far as that is known."""

    url: str
    size: int | None


class Place(NamedTuple):
    """The start of a line: the number of its source, and the bytes of that before it, unpacked."""

    source: int
    offset: int


def find_sources(corpora: Sequence[str]) -> tuple[Source, ...]:
    """The files that are meant: paths, URLs, patterns with ``*``, folders that hold a ``corpus.jsonl``.

    Raises:
        IfirEvalError: listing all that do not exist, or that need a package for their protocol.
    """
    mistakes = Mistakes()
    found: list[Source] = []
    for corpus in corpora:
        with mistakes:
            found += _sources(corpus)
    mistakes.raise_all()
    return tuple(found)


def _sources(corpus: str) -> list[Source]:
    from fsspec.core import url_to_fs  # noqa: PLC0415  (an extra)

    try:
        files, path = url_to_fs(corpus)
        inside = [f"{path}/{name}" for name in _SPELLINGS if files.isdir(path)]
        paths = [one for one in inside if files.isfile(one)] or sorted(files.glob(path))
        found = [Source(files.unstrip_protocol(one), files.info(one).get("size")) for one in paths]
    except (ImportError, ValueError, OSError) as error:
        raise IfirEvalError(f"{corpus!r} cannot be read: {error}") from error
    if not found or files.isdir(paths[0]):
        raise IfirEvalError(
            f"there is no corpus at {corpus!r}: give files of JSON lines, or a folder with {CORPUS}"
        )
    return found


class CorpusReader(FolderReader):
    """Reads documents one after the other, across the files of a corpus; knows where it stands.

    Documents without text, which published corpora hold, are left out and counted (`without_text`). Faults go
    to `problems`. Ids are compared within a shard only, so that memory stays the same.
    """

    def __init__(self, sources: Sequence[Source], start: Place) -> None:
        super().__init__(Path())
        self.place = start
        self.bytes_read = 0
        self.without_text = 0
        self._sources = sources
        self.begin_shard()

    def begin_shard(self) -> None:
        """What is read from here on belongs to another shard."""
        self._ids = Ids("document")
        self._digest = hashlib.blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        """Over all bytes read for the present shard."""
        return self._digest.hexdigest()

    def documents(self) -> Iterator[Document]:
        """The documents from `place` on."""
        for number in range(self.place.source, len(self._sources)):
            if number != self.place.source:
                self.place = Place(number, 0)
            for row in self.rows(self._sources[number].url):
                document = read_document(row, self._ids, may_be_empty=True)
                if document and document.has_text:
                    yield document
                elif document:
                    self.without_text += 1
                if len(self.problems) >= _ENOUGH:
                    return

    def lines(self, file: str) -> Iterator[tuple[int, str]]:
        """As `FolderReader.lines`, numbered from the place where the reading began."""
        at_start = self.place.offset == 0
        for number, raw in enumerate(self._raw_lines(file), 1):
            try:
                line = raw.decode("utf-8-sig" if at_start and number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                self.report("not UTF-8 text", file, number)
                continue
            if line.strip():
                yield number, line

    def _raw_lines(self, file: str) -> Iterator[bytes]:
        import fsspec  # noqa: PLC0415  (an extra)

        try:
            with fsspec.open(file, "rb", compression="infer") as stream:
                stream.seek(self.place.offset)
                for raw in stream:
                    self._digest.update(raw)
                    self.bytes_read += len(raw)
                    self.place = Place(self.place.source, self.place.offset + len(raw))
                    yield raw
        except (ImportError, ValueError, OSError, EOFError, zlib.error) as error:
            self.report(f"cannot be read: {error}", file)
