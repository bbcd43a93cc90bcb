"""Metadata as judge: instructions are read as constraints on fields, and the fields decide exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.builder.corpus import read_source
from ifir_eval.benchmarks.builder.field import field_of, refusal
from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.synthesis.judges.constraints import Constraints, Reader
from ifir_eval.synthesis.judges.judge import Claim, Finding, Judging


class MetadataJudge:
    """Agrees where the metadata of each passage says so.

    It cannot tell where an instruction says more than the ``reader`` understands, or where a passage is none
    of the corpus.
    """

    def __init__(self, reader: Reader, documents: Mapping[str, str], digest: str) -> None:
        self._reader = reader
        self._documents = documents
        self._digest = digest

    @property
    def identity(self) -> Mapping[str, Any]:
        """The corpus."""
        return {"metadata": self._digest}

    @contextmanager
    def session(self) -> Iterator[Judging]:
        """See `Judge.session`."""
        yield self.find

    def find(self, claim: Claim) -> Finding:
        """What the metadata says."""
        constraints = self._reader.read(claim.row.instruction, claim.row.query)
        if constraints is None:
            nothing = tuple(None for _ in claim.breaking)
            return Finding.of(claim, None, nothing, why="metadata does not decide the instruction")
        fits = [self._fits(constraints, text) for text in (claim.row.positive, *claim.breaking)]
        breaking = tuple(None if one is None else not one for one in fits[1:])
        return Finding.of(claim, fits[0], breaking)

    def _fits(self, constraints: Constraints, text: str) -> bool | None:
        document = self._documents.get(" ".join(text.split()))
        return None if document is None else constraints.admit(document)


def metadata_judge(corpus: Path) -> MetadataJudge:
    """The judge of the JSON lines in ``corpus``, as `ifir-eval synthesize metadata` reads them; all its fields.

    Raises:
        InvalidInputError: listing every fault of the file, or if no field of it can be asked about.
    """
    reader = FolderReader(Path())
    names = sorted({name for row in FolderReader(Path()).rows(str(corpus)) for name in _fields(row)})
    source = read_source(reader, str(corpus), names)
    if reader.problems:
        raise InvalidInputError("the metadata of the judge", reader.problems)
    reasons = {name: refusal(source, name) for name in names if source.values[name]}
    usable = [field_of(source, name) for name, reason in reasons.items() if not reason]
    if not usable:
        problems = [Problem(reason) for reason in reasons.values()] or [Problem("it has no metadata")]
        raise InvalidInputError("the metadata of the judge", problems)
    texts = {id_: " ".join(document_text(document).split()) for id_, document in source.documents.items()}
    documents = {text: id_ for id_, text in texts.items()}
    digest = sha256(corpus.read_bytes()).hexdigest()
    return MetadataJudge(Reader(usable, list(texts.values())), documents, digest)


def _fields(line: Line) -> Iterator[str]:
    yield from line.mapping("metadata")
    yield from (name for name in line.fields if name not in {"_id", "title", "text", "metadata"})
