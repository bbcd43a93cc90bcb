"""Where an evaluation lies on disk, and how it gets there without ever being half written.

::

    <results>/<retriever>/<benchmark>/record.json      written last: where it lies, the rest is complete
                                      timing.json      what the run took; all else is the same each time
                                      run.trec.gz
                                      documents.jsonl  one line per topic and document
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.files import write_atomically
from ifir_eval.records.record import Record
from ifir_eval.records.schema import NewerSchemaError, from_json, to_json

RECORD, RUN, DOCUMENTS, TIMING = "record.json", "run.trec.gz", "documents.jsonl", "timing.json"


def slug(name: str) -> str:
    """``name`` as a folder name: readable, and without anything a shell or a file system minds."""
    return re.sub(r"[^A-Za-z0-9._@+-]+", "-", name).strip("-.")[-80:] or "unnamed"


def folder_for(results: Path, spec: str, identity: object, benchmark: str, content_hash: str) -> Path:
    """The folder of one retriever's answer to one benchmark.

    Eight digits of a hash over the whole identity tell apart two checkpoints of the same name, or one
    checkpoint under two templates (docs/methods.md, trap 2). Eight digits of the content hash tell apart
    benchmarks, where the name alone does not: it is no folder's name, or other content lies there.
    """
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    folder = results / f"{slug(spec)}-{digest}" / slug(benchmark)
    taken = stored(folder)
    if slug(benchmark) == benchmark and (taken is None or taken.benchmark["content_hash"] == content_hash):
        return folder
    return folder.with_name(f"{folder.name}-{content_hash[:8]}")


def save(folder: Path, record: Record, run_lines: Iterable[str], document_lines: Iterable[str]) -> None:
    """Store an evaluation.

    An older record goes first and the new one comes last, so that none ever lies beside another's run.
    """
    (folder / RECORD).unlink(missing_ok=True)
    run = gzip.compress("".join(run_lines).encode(), mtime=0)
    write_atomically(folder / RUN, run)
    write_atomically(folder / DOCUMENTS, "".join(document_lines).encode())
    timing = json.dumps(dict(record.timing), indent=1, allow_nan=False) + "\n"
    write_atomically(folder / TIMING, timing.encode())
    write_atomically(folder / RECORD, to_json(replace(record, timing={})).encode())


def stored(folder: Path) -> Record | None:
    """The record in ``folder``; None if there is none, or none that can be read.

    Raises:
        NewerSchemaError: if a newer version wrote it, which must not be overwritten.
    """
    try:
        return load_record(folder)
    except NewerSchemaError:
        raise
    except InvalidInputError:
        return None


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
    record = from_json(text, str(file))
    return record if record.timing else replace(record, timing=_timing(file.with_name(TIMING)))


def load_records(paths: Iterable[Path]) -> list[Record]:
    """The records at ``paths``; see `records_by_file`."""
    return list(records_by_file(paths).values())


def records_by_file(paths: Iterable[Path]) -> dict[Path, Record]:
    """The records at ``paths``, each once: files, folders that hold one, and folders of such folders.

    Raises:
        InvalidInputError: listing everything that cannot be read.
    """
    files: dict[Path, None] = {}
    problems = []
    for path in paths:
        is_one = path.is_file() or (path / RECORD).is_file()
        found = [path / RECORD if path.is_dir() else path] if is_one else sorted(path.rglob(RECORD))
        if not found:
            problems.append(Problem(f"holds no {RECORD}", str(path)))
        files |= dict.fromkeys(found)
    records = {}
    for file in files:
        try:
            records[file] = load_record(file)
        except InvalidInputError as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInputError("records", problems)
    return records


def _timing(file: Path) -> dict[str, float]:
    """What the run took; empty where nobody kept it, for a record says the same without."""
    try:
        return {str(name): float(value) for name, value in json.loads(file.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
