"""Real collections in the layout that the builder reads: documented conversions, no part of the package."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.builder.subject import Judged


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def films(folder: Path, out: Path, decades: str = "*") -> Path:
    """The films with an introduction of more than 150 characters, which alone is their text."""
    files = sorted(folder.glob(f"movies-{decades}.json"))
    found = [film for file in files for film in json.loads(file.read_text(encoding="utf-8"))]
    rows = [
        {
            "_id": f"film-{number}",
            "title": film["title"],
            "text": film["extract"],
            "metadata": {name: film[name] for name in ("year", "genres", "cast")},
        }
        for number, film in enumerate(found)
        if len(film.get("extract", "")) > 150
    ]
    return write_lines(out / "films.jsonl", rows)


def cacm(folder: Path, out: Path) -> tuple[Path, Judged]:
    """CACM with its queries and judgements; authors are the lines below the dateline of the text."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    for row in rows:
        row["authors"] = _cacm_authors(row["text"])
    topics = re.findall(
        r"<DOCNO>\s*(\d+)\s*</DOCNO>(.*?)</DOC>", (folder / "topics.cacm.txt").read_text(), re.DOTALL
    )
    queries = [{"_id": number, "text": " ".join(text.split())} for number, text in topics]
    judged = [line.split() for line in (folder / "qrels.cacm.txt").read_text().splitlines()]
    known = {re.sub(r"-0+", "-", row["_id"]): row["_id"] for row in rows}
    lines = [f"{query}\t{known[document]}\t{grade}" for query, _, document, grade in judged]
    return write_lines(out / "cacm.jsonl", rows), _judged(out, queries, lines)


def _cacm_authors(text: str) -> list[str]:
    below = re.split(r"^CACM \w+, \d{4}$", text, flags=re.MULTILINE)[-1]
    return [
        " ".join(line.split())
        for line in below.splitlines()
        if re.fullmatch(r"[A-Z][\w' -]+, ?[A-Z. ,Jr]+", line)
    ]


def cystic_fibrosis(folder: Path, out: Path) -> tuple[Path, Judged]:
    """Cystic Fibrosis; the source line stands below the abstract as in MEDLINE, subjects without qualifiers.

    A document is relevant where the four judges together gave it at least 2 of 8; of the eight pairs that
    the file judges twice, the first line counts.
    """
    rows = []
    for line in (folder / "corpus.jsonl").read_text().splitlines():
        record = json.loads(line)
        headings = {heading.split(":")[0] for heading in record["major"] + record["minor"]}
        record["text"] = f"{record['text']}\n{record['source']}".strip()
        record["subjects"] = sorted(heading.replace("-", " ").lower() for heading in headings)
        rows.append(record)
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    judged = [line.split("\t") for line in (folder / "qrels.tsv").read_text().splitlines()[1:]]
    grades = {(query, document): int(grade) for query, document, grade, _ in reversed(judged)}
    lines = [f"{query}\t{document}\t{int(grade >= 2)}" for (query, document), grade in grades.items()]
    return write_lines(out / "cf.jsonl", rows), _judged(out, queries, lines)


def _judged(out: Path, queries: list[dict[str, Any]], lines: list[str]) -> Judged:
    qrels = out / "qrels.tsv"
    qrels.write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n")
    return Judged(write_lines(out / "queries.jsonl", queries), qrels)
