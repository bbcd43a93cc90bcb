"""BIRCO: what "relevant" means is said by a task objective (arXiv 2402.14151).

Five tasks, each with one objective. A topic is a query: ``bare`` asks it alone, ``original`` adds the objective
as its instruction, in the authors' words. Both have the same judgements and the query's own candidates, the
judged documents.

Layout read: ``datasets/<task>/test_set.pickle``, a dictionary with ``query`` (id -> text), ``corpus``
(id -> text) and ``qrel`` (query id -> document id -> score), and the section of ``README.md`` that words the
objective. A pickle could run code: only plain values are read, all else is refused. A document is relevant from
a score of 1, as in the authors' evaluation. White space in ids becomes ``_``.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ifir_eval.benchmarks import instructed
from ifir_eval.benchmarks.benchmark import ORIGINAL, Benchmark, Document, Topic
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.instructed import with_and_without
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.reading import FolderReader

NAME = "birco"
LICENCE = "CC BY-NC 4.0"
RELEASE = Release(NAME, "https://github.com/BIRCO-benchmark/BIRCO", "84b2b05c862cff6f6a80c06a6a11e6a7cd12e838")
OBJECTIVES = "README.md"
VIEWS, CONTRASTS = instructed.VIEWS, instructed.CONTRASTS
MEASURES = ("nDCG@10", "recall@5", "p-MRR-control")
#: DORIS-MAE's scores are fractions and grades whole numbers; nDCG is the same at any scale.
SCALE = 1000


class Task(NamedTuple):
    """The title of a task's objective, and its size in the copy whose statistics mteb ships."""

    title: str
    sizes: Sizes


TASKS: Mapping[str, Task] = {
    "arguana": Task("ArguAna", Sizes(100, 3117)),
    "clinical-trial": Task("Clinical-Trial", Sizes(50, 3377)),
    "doris-mae": Task("DORIS-MAE", Sizes(60, 5544)),
    "relic": Task("RELIC", Sizes(100, 5023)),
    "wtb": Task("WhatsThatBook", Sizes(100, 1767)),
}

_Content = Mapping[str, Mapping[Any, Any]]


class _PlainUnpickler(pickle.Unpickler):
    """Reads dictionaries, lists, texts and numbers only; whatever could run code needs `find_class`."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it holds {module}.{name}, not only plain values")


def name_of(task: str) -> str:
    """What the benchmark of ``task`` is called."""
    return f"{NAME}-{task}"


def read_birco(folder: Path, task: str) -> Benchmark:
    """The benchmark of ``task`` (a key of `TASKS`) from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder)
    title, sizes = TASKS[task]
    objective = _objective(reader, title)
    content = _content(reader, f"datasets/{task}/test_set.pickle")
    reader.check("BIRCO in")
    corpus = {_id(key): Document(_id(key), text) for key, text in content["corpus"].items()}
    topics = tuple(
        _topic(_id(key), text, content["qrel"].get(key, {}), objective)
        for key, text in content["query"].items()
    )
    return Benchmark(
        name=name_of(task),
        version=RELEASE.revision[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary=f"nDCG@10[{ORIGINAL}]",
        contrasts=CONTRASTS,
        relevant_grade=SCALE,
        notes=sizes.notes(len(topics), len(corpus)),
    ).validated()


def _objective(reader: FolderReader, title: str) -> str:
    """The text below the heading ``### <title>:``, on one line."""
    heading = f"### {title}:"
    inside, words = False, []
    for _, line in reader.lines(OBJECTIVES):
        if line.startswith("#"):
            inside = line.strip() == heading
        elif inside:
            words += line.split()
    if not words and reader.has(OBJECTIVES):
        reader.report(f"there is no text below {heading!r}", OBJECTIVES)
    return " ".join(words)


def _content(reader: FolderReader, file: str) -> _Content:
    """The dictionaries of ``file``; empty, reported, if it does not hold what it should."""
    if not reader.has(file):
        reader.report("the file is missing", file)
        return {}
    try:
        with (reader.folder / file).open("rb") as stream:
            content = _PlainUnpickler(stream).load()
    except Exception as error:  # noqa: BLE001 - damaged bytes make an unpickler raise nearly anything
        reader.report(f"not a readable pickle: {error}", file)
        return {}
    if _is_content(content):
        return {key: content[key] for key in ("query", "corpus", "qrel")}
    reader.report("must hold texts in 'query' and 'corpus', and numbers by query and document in 'qrel'", file)
    return {}


def _is_content(content: object) -> bool:
    match content:
        case {"query": queries, "corpus": corpus, "qrel": dict(qrel)}:
            numbers = all(_holds(grades, int, float) for grades in qrel.values())
            return numbers and _holds(queries, str) and _holds(corpus, str)
    return False


def _holds(values: object, *kinds: type) -> bool:
    """Whether ``values`` is a dictionary with values of ``kinds`` only."""
    return isinstance(values, dict) and all(type(value) in kinds for value in values.values())


def _id(key: object) -> str:
    return "_".join(str(key).split())


def _topic(topic_id: str, query: str, scores: Mapping[object, float], objective: str) -> Topic:
    judgements = {_id(document): round(score * SCALE) for document, score in scores.items()}
    return with_and_without(topic_id, query, objective, judgements, candidates=tuple(judgements))
