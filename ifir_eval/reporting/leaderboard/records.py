"""Our own records on the leaderboard: what may stand there, and how it gets there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path, PurePath

from ifir_eval.comparison.compare import incomparable
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.files import write_atomically
from ifir_eval.records.column import Column
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.records.schema import to_json
from ifir_eval.records.storage import RECORD, folder_for, records_by_file
from ifir_eval.reporting.leaderboard.reading import reading
from ifir_eval.reporting.overview import Overview, overviews

FOLDER, BENCHMARKS = "records", "benchmarks.toml"
_PRIVATE = {"command", "platform"}
"""What an environment tells about somebody's machine; the command names folders of it."""


def add(record: Record, folder: Path) -> Path:
    """Put ``record`` on the leaderboard in ``folder``; returns its file.

    It stays a record that compares topic by topic, in the columns that its board shows. Texts (the rendered
    example may be of a benchmark whose licence forbids copies), slices and the rest stay in the run's folder.
    An older record of the very same retriever on the same benchmark is replaced.

    Raises:
        InvalidInputError: with every reason why it cannot stand there.
    """
    problems = [Problem(reason) for reason in _unfit(record, _contents(folder))]
    retriever = {name: value for name, value in record.retriever.items() if name != "example"}
    benchmark = record.benchmark["name"]
    place = folder_for(
        folder / FOLDER, retriever["spec"], retriever, benchmark, record.benchmark["content_hash"]
    )
    others = [
        held
        for file, held in read_records(folder).items()
        if file.parent != place and held.benchmark["name"] == benchmark
    ]
    if others and not problems:
        problems = [Problem(reason) for reason in incomparable([record, *others])]
    if problems:
        raise InvalidInputError("leaderboard", problems)
    (overview,) = overviews([record])
    write_atomically(place / RECORD, to_json(_reduced(record, overview, retriever)).encode())
    return place / RECORD


def read_records(folder: Path) -> dict[Path, Record]:
    """The records of the leaderboard in ``folder`` by file, benchmarks in the order of its list of them.

    Raises:
        InvalidInputError: if one cannot be read or must not stand there.
    """
    contents = _contents(folder)
    records = records_by_file(sorted((folder / FOLDER).rglob(RECORD)))
    problems = [
        Problem(reason, str(file)) for file, record in records.items() for reason in _unfit(record, contents)
    ]
    if problems:
        raise InvalidInputError("leaderboard", problems)
    order = list(contents)
    return dict(sorted(records.items(), key=lambda pair: order.index(pair[1].benchmark["name"])))


def shown(overview: Overview) -> list[Column]:
    """The columns of a board: the one of the verdict, and those without which it would mislead.

    These are topic-lock; of p-MRR and its kin all; of retrieval quality both views of the verdict's measure,
    or the bare one's; of other families the first.
    """
    judged = overview.judged
    if judged is None:
        return []
    chosen = [judged]
    for family, group in groupby(overview.columns, key=lambda column: column.family):
        columns = [column for column in group if column != judged]
        if family == judged.family:
            chosen += [
                column
                for column in columns
                if column.name == "topic-lock"
                or column.is_movement
                or (judged.view is not None and column.view is not None and column.base == judged.base)
            ]
        elif columns[0].is_movement:
            chosen += columns
        else:
            chosen.append(next((column for column in columns if column.view == "bare"), columns[0]))
    return chosen


def _contents(folder: Path) -> Mapping[str, str]:
    """The content hash of each benchmark that records may answer, by name."""
    file = folder / BENCHMARKS
    with reading(file):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return {name: str(benchmark["content_hash"]) for name, benchmark in table.items()}


def _unfit(record: Record, contents: Mapping[str, str]) -> Iterator[str]:
    if record.origin == PUBLISHED:
        yield "published figures are no measurement; run the retriever"
    elif not record.complete:
        yield "it is a limited run; run it without --limit"
    if missing := len(record.missing_queries):
        yield f"{missing} queries were not answered and count as failures; a run has to answer all"
    if record.retriever["kind"] == "oracle":
        yield "the oracle reads the judgements; it is no system"
    name, content = record.benchmark["name"], record.benchmark["content_hash"]
    if name not in contents:
        yield f"{BENCHMARKS} does not list {name!r}; it lists {', '.join(contents)}"
    elif content != contents[name]:
        yield (
            f"its {name} has other content ({content[:8]}) than that of {BENCHMARKS} ({contents[name][:8]}); "
            "run the retriever on that"
        )
    _, kind, argument = record.retriever["spec"].partition(":")
    for value in (argument if kind else record.retriever["spec"], *record.retriever["settings"].values()):
        if isinstance(value, str) and PurePath(value).is_absolute():
            yield f"{value} is a folder of your machine; give the model's name on the hub, or a relative path"
    if overviews([record])[0].judged is None:
        yield "it holds none of the measures that its benchmark is judged by"


def _reduced(record: Record, overview: Overview, retriever: Mapping[str, object]) -> Record:
    names = [column.name for column in shown(overview)]
    return replace(
        record,
        retriever=retriever,
        measures={name: record.measures[name] for name in names},
        slices={},
        topics=tuple(
            replace(row, slices={}, values={name: row.values[name] for name in names if name in row.values})
            for row in record.topics
        ),
        timing={},
        environment={name: value for name, value in record.environment.items() if name not in _PRIVATE},
    )
