"""MultiConIR: queries with up to ten conditions (EMNLP 2025 findings, arXiv 2503.08046).

Ten sentences of a document are conditions; in its hard negatives, some of them are replaced by others that are
near in meaning. All three tasks of the authors' scripts ask whether one of two documents scores higher, so that
a view here is such a pair, its only candidates, and its ``nDCG@1`` is their win rate; equal scores are lost, as
there.

- ``conditions``: view ``query-<i>`` asks with i conditions (``Query<i>``) for the document (``Positive``)
  against its i-th hard negative (``HN<i>``). Do more conditions make it harder?
- ``order``: all ten conditions (``Query10``) over hard negatives that fulfil fewer and fewer of them: view
  ``pair-1`` asks for the document against ``HN1``, ``pair-<i>`` for ``HN<i-1>`` against ``HN<i>``.
- ``natural``: the same pairs, asked in running text (``Natural_Query10``).

Layout read: ``datasets/<folder>/<domain>_<folder>.csv``, where the folder is ``Task1`` for ``conditions`` and
``Task2_&_3`` for the others: one document a line, with the columns named above, as those scripts read them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.reading import FolderReader, Line

NAME = "multiconir"
LICENCE = "Apache-2.0"
RELEASE = Release(NAME, "https://github.com/EIT-NLP/MultiConIR", "")
BY_HAND = "no revision of it that holds the data is known to this package"
#: No source that we could read says how large a domain is.
SIZES = Sizes(None)
DOMAINS: Mapping[str, str] = {
    domain.lower().replace(" ", "-"): domain
    for domain in ("Books", "Legal Document", "Medical Case", "Movies", "People")
}
CONDITIONS = range(1, 11)
#: A document's columns, from the one that fulfils all conditions downwards.
DOCUMENTS = ("Positive", *(f"HN{i}" for i in CONDITIONS))
CONTRASTS: tuple[Contrast, ...] = ()
MEASURES = ("nDCG@1",)


class Task(NamedTuple):
    """What a task asks, its folder, and by view the columns of its query, its better and its worse document."""

    summary: str
    folder: str
    views: Mapping[str, tuple[str, str, str]]


def _pairs(query: str) -> Mapping[str, tuple[str, str, str]]:
    return {f"pair-{i}": (query, DOCUMENTS[i - 1], DOCUMENTS[i]) for i in CONDITIONS}


TASKS: Mapping[str, Task] = {
    "conditions": Task(
        "queries with one to ten conditions, each against a hard negative of its own",
        "Task1",
        {f"query-{i}": (f"Query{i}", "Positive", f"HN{i}") for i in CONDITIONS},
    ),
    "order": Task(
        "documents that fulfil more of ten conditions above those that fulfil fewer",
        "Task2_&_3",
        _pairs("Query10"),
    ),
    "natural": Task(
        "as order, with the ten conditions in running text", "Task2_&_3", _pairs("Natural_Query10")
    ),
}


def name_of(domain: str, task: str) -> str:
    """What the benchmark of ``task`` over ``domain`` is called."""
    return f"{NAME}-{domain}-{task}"


def read_multiconir(folder: Path, domain: str, task: str) -> Benchmark:
    """The benchmark of ``task`` (a key of `TASKS`) over ``domain`` (a key of `DOMAINS`) from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the file.
    """
    reader = FolderReader(folder)
    _, place, views = TASKS[task]
    corpus: dict[str, Document] = {}
    topics = []
    for row in _rows(reader, f"datasets/{place}/{DOMAINS[domain]}_{place}.csv"):
        documents = _documents(row)
        corpus.update((document.id, document) for document in documents.values())
        topics.append(_topic(row, views, documents))
    reader.check("MultiConIR in")
    return Benchmark(
        name=name_of(domain, task),
        version="2025",
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=tuple(topics),
        measures=MEASURES,
        primary="nDCG@1",
    ).validated()


def _rows(reader: FolderReader, file: str) -> Iterator[Line]:
    """The records of a CSV file, numbered from 1; an empty cell is a missing one."""
    if not reader.has(file):
        reader.report("the file is missing", file)
        return
    try:
        with (reader.folder / file).open(encoding="utf-8-sig", newline="") as stream:
            for number, cells in enumerate(csv.DictReader(stream), 1):
                yield Line(reader, file, number, {name: text or None for name, text in cells.items()})
    except (UnicodeDecodeError, csv.Error) as error:
        reader.report(f"not a readable CSV file: {error}", file)


def _documents(row: Line) -> dict[str, Document]:
    """The documents of a row by column.

    The lower one in the order has the higher id, so that equal scores rank it first: the authors ask for more,
    not for as much.
    """
    return {
        column: Document(f"{row.line}-{place:02}", row.text(column) or "")
        for place, column in enumerate(DOCUMENTS)
    }


def _topic(row: Line, views: Mapping[str, tuple[str, str, str]], documents: Mapping[str, Document]) -> Topic:
    queries = {column: row.text(column) or "" for column, _, _ in views.values()}
    asked = {}
    for name, (query, better, worse) in views.items():
        judgements = {documents[better].id: 1, documents[worse].id: 0}
        asked[name] = View(
            f"{row.line}-{name}", name, queries[query], "", judgements, candidates=tuple(judgements)
        )
    return Topic(str(row.line), asked)
