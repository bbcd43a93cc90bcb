"""Where an evaluation lies on disk, and how it gets there without ever being half written.

::

    <results>/<retriever>/<benchmark>/record.json      written last: where it lies, the rest is complete
                                      run.trec.gz
                                      documents.jsonl  one line per topic and document
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.record import Record
from ifir_eval.records.schema import from_json, to_json

RECORD, RUN, DOCUMENTS = "record.json", "run.trec.gz", "documents.jsonl"


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` so that a reader, or a crash, sees the old file or the new one.

    The content is flushed to the disk before the rename; the folder is made if it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Opened like any other file, so that the user's umask holds; mkstemp would make it private.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def slug(name: str) -> str:
    """``name`` as a folder name: readable, and without anything a shell or a file system minds."""
    return re.sub(r"[^A-Za-z0-9._@+-]+", "-", name).strip("-.")[-80:] or "unnamed"


def folder_for(results: Path, spec: str, identity: object, benchmark: str) -> Path:
    """The folder of one retriever's answer to one benchmark.

    Eight digits of a hash over the whole identity tell apart two checkpoints of the same name, or one
    checkpoint under two templates (METHODS.md, trap 2).
    """
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    return results / f"{slug(spec)}-{digest}" / slug(benchmark)


def save(folder: Path, record: Record, run_lines: Iterable[str], document_lines: Iterable[str]) -> None:
    """Store an evaluation; the record comes last."""
    run = gzip.compress("".join(run_lines).encode(), mtime=0)
    write_atomically(folder / RUN, run)
    write_atomically(folder / DOCUMENTS, "".join(document_lines).encode())
    write_atomically(folder / RECORD, to_json(record).encode())


def load_record(path: Path) -> Record:
    """The record at ``path``, a file or the folder that holds it.

    Raises:
        InvalidInputError: if there is none, or it cannot be read.
    """
    file = path / RECORD if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError("record", [Problem(f"cannot be read: {error}", str(file))]) from error
    return from_json(text, str(file))
