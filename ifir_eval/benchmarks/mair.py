"""MAIR: many retrieval tasks, each query with a detailed instruction (EMNLP 2024, arXiv 2410.10127).

A topic is a query: ``bare`` asks it alone, ``original`` adds its instruction, which are the authors' two
settings; both have the same judgements. Here are its tasks about following instructions; they are samples of
the benchmarks whose names they bear and scored by nDCG@10, as MAIR does it: none of their figures compares with
those benchmarks' own. All documents of a task are searched; IFEval has many small sets of queries, each with
documents of its own, which are then the candidates, and slices by the kind of instruction that MAIR reports.

Layout read: the folders ``MAIR-Queries`` and ``MAIR-Docs``, copies of the two hub data sets, with
``<task>/<set>queries.jsonl`` (``qid``, ``instruction``, ``query``, ``labels``: a list of ``id`` and ``score``)
and ``<task>/<set>docs.jsonl`` (``id``, ``doc``); or, as the hub converts them, the same rows in
``<task>/<set>queries/*.parquet`` and ``<task>/<set>docs/*.parquet``. White space in ids becomes ``_``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ifir_eval.benchmarks import instructed
from ifir_eval.benchmarks.beir import Ids
from ifir_eval.benchmarks.benchmark import ORIGINAL, Benchmark, Document, Topic
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.instructed import with_and_without
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.reading import FolderReader, Line, json_name
from ifir_eval.benchmarks.shards import parquet_rows

NAME = "mair"
LICENCE = "Apache-2.0; texts under the licences of their sources"
RELEASE = Release(NAME, "https://huggingface.co/MAIR-Bench", "")
BY_HAND = "no revision of its data sets MAIR-Queries and MAIR-Docs is known to this package"
QUERIES, DOCUMENTS = "MAIR-Queries", "MAIR-Docs"
#: No source that we could read says how many queries and documents a task has.
SIZES = Sizes(None)
TASKS: Mapping[str, str] = {
    task.lower(): task for task in ("IFEval", "InstructIR", "NevIR", "ExcluIR", "Core17", "News21", "Robust04")
}
VIEWS, CONTRASTS = instructed.VIEWS, instructed.CONTRASTS
MEASURES = ("nDCG@10", "nDCG@1", "recall@100", "p-MRR-control")


def name_of(task: str) -> str:
    """What the benchmark of ``task`` is called."""
    return f"{NAME}-{task}"


def read_mair(folder: Path, task: str) -> Benchmark:
    """The benchmark of ``task`` (a key of `TASKS`) from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
        MissingPackageError: if they are parquet files and pyarrow is not installed.
    """
    reader = FolderReader(folder)
    corpus: dict[str, Document] = {}
    topics: list[Topic] = []
    sets = _sets(folder / QUERIES / TASKS[task])
    for part in sets:
        prefix = part if len(sets) > 1 else ""
        documents = _documents(_rows(reader, f"{DOCUMENTS}/{TASKS[task]}/{part}docs"), prefix)
        corpus.update(documents)
        pool = tuple(documents) if len(sets) > 1 else None
        topics += _topics(_rows(reader, f"{QUERIES}/{TASKS[task]}/{part}queries"), prefix, pool, _slices(part))
    reader.check("MAIR in")
    return Benchmark(
        name=name_of(task),
        version="2024",
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=tuple(topics),
        measures=MEASURES,
        primary=f"nDCG@10[{ORIGINAL}]",
        contrasts=CONTRASTS,
    ).validated()


def _sets(folder: Path) -> list[str]:
    """What stands before ``queries`` in the names of the task's sets; for most tasks, nothing."""
    names = {path.name.removesuffix(".jsonl") for path in folder.glob("*queries*")}
    return sorted(name.removesuffix("queries") for name in names if name.endswith("queries")) or [""]


def _slices(part: str) -> Mapping[str, str]:
    """The kind of ``change_case__english_capital_1999_``, found as MAIR's script does."""
    *_, kind, _ = ["", *part.split("__")]
    return {"instruction": kind} if kind else {}


def _rows(reader: FolderReader, stem: str) -> Iterable[Line]:
    shards = sorted((reader.folder / stem).glob("*.parquet"))
    return parquet_rows(reader, shards) if shards else reader.rows(f"{stem}.jsonl")


def _documents(rows: Iterable[Line], prefix: str) -> dict[str, Document]:
    ids = Ids("document")
    documents = {}
    for row in rows:
        text = row.text("doc") or ""
        if document_id := ids.take(row, _id(row, row.fields.get("id"), prefix)):
            documents[document_id] = Document(document_id, text)
    return documents


def _topics(
    rows: Iterable[Line], prefix: str, pool: tuple[str, ...] | None, slices: Mapping[str, str]
) -> list[Topic]:
    ids = Ids("query")
    topics = []
    for row in rows:
        query, instruction = row.text("query") or "", row.text("instruction", "") or ""
        judgements = _judgements(row, prefix)
        if topic_id := ids.take(row, _id(row, row.fields.get("qid"), prefix)):
            topics.append(
                with_and_without(topic_id, query, instruction, judgements, candidates=pool, slices=slices)
            )
    return topics


def _judgements(row: Line, prefix: str) -> dict[str, int]:
    labels = row.fields.get("labels")
    judgements: dict[str, int] = {}
    for label in labels if isinstance(labels, list) else [labels]:
        match label:
            case {"id": value, "score": int() | float() as score} if not isinstance(score, bool):
                if isinstance(score, float) and not score.is_integer():  # the authors' script would cut it off
                    row.report(f"the score {score} of document {value!r} is not a whole number")
                elif document := _id(row, value, prefix):
                    judgements[document] = int(score)
            case _:
                row.report("'labels' must be a list of objects with 'id' and 'score'")
    return judgements


def _id(row: Line, value: object, prefix: str) -> str | None:
    if isinstance(value, str | int):
        return prefix + "_".join(str(value).split())
    row.report(f"an id must be a string or a whole number, not {json_name(type(value))}")
    return None
