"""Writing small benchmark folders for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def jsonl(rows: Iterable[object]) -> str:
    """``rows`` as JSON lines."""
    return "".join(f"{json.dumps(row)}\n" for row in rows)


MANIFEST = 'name = "tiny"\nversion = "1"\ncontrasts = [["original", "changed"]]\n'
CORPUS: list[dict[str, Any]] = [
    {"_id": "d1", "title": "Rye", "text": "Bread of rye flour."},
    {"_id": "d2", "text": "Bread of wheat flour.", "metadata": {"year": 2021}},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "topic": "bread", "view": "original", "text": "bread", "instruction": "Only rye."},
    {"_id": "q2", "topic": "bread", "view": "changed", "text": "bread", "instruction": "Only wheat."},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td2\t1\n"

#: A folder without faults, by file.
GOOD: Mapping[str, str] = {
    "benchmark.toml": MANIFEST,
    "corpus.jsonl": jsonl(CORPUS),
    "queries.jsonl": jsonl(QUERIES),
    "qrels/test.tsv": QRELS,
}


def write(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Write ``files`` into ``folder``; a file that is None is left out."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
