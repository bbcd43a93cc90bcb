"""What a report is made of: records, and what lies beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.record import Record
from ifir_eval.records.storage import DOCUMENTS, records_by_file


@dataclass(frozen=True, slots=True)
class Source:
    """A record and the folder that it lies in."""

    record: Record
    folder: Path


class Ranked(NamedTuple):
    """One document of one topic, as a line of documents.jsonl tells it; everything by view."""

    document: str
    judgements: Mapping[str, int]
    ranks: Mapping[str, int]
    scores: Mapping[str, float]


def load_sources(paths: Iterable[Path]) -> list[Source]:
    """The records at ``paths`` with their folders; see `records_by_file`."""
    return [Source(record, file.parent) for file, record in records_by_file(paths).items()]


def ranked_documents(folder: Path) -> Iterator[tuple[str, list[Ranked]]]:
    """Topic by topic, what lies in the folder's documents.jsonl; nothing where there is none.

    Raises:
        InvalidInputError: if the file is not what an evaluation left.
    """
    file = folder / DOCUMENTS
    if not file.is_file():
        return
    try:
        with file.open(encoding="utf-8") as lines:
            for topic, rows in groupby(map(json.loads, lines), key=_topic):
                yield topic, [_ranked(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError("documents", [Problem(f"cannot be read ({error!r})", str(file))]) from error


def _topic(row: Mapping[str, Any]) -> str:
    return str(row["topic"])


def _ranked(row: Mapping[str, Any]) -> Ranked:
    judgements, ranks, scores = (dict(row[part]) for part in ("judgements", "ranks", "scores"))
    return Ranked(str(row["document"]), judgements, ranks, scores)
