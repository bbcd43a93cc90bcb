"""Every topic as data for the page's script: values, instructions and both rankings.

The script makes what it shows of a topic when it is asked for; until then a topic is a few numbers. Lists
stand for objects and places in lists for names, since a page may hold a thousand topics of five retrievers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.records.column import Column
from ifir_eval.records.record import TopicValues
from ifir_eval.reporting.overview import Overview
from ifir_eval.reporting.report.sources import Ranked, ranked_documents
from ifir_eval.reporting.report.standings import leading_columns, marks_of
from ifir_eval.reporting.report.texts import Texts, cut

MOST_ROWS, FEWEST_ROWS = 60, 8
"""Documents of a ranking shown at most, and those for which a larger page is put up with."""
_ROW, _CELL = 3, 11
"""Bytes that a document takes in a ranking: its place, and rank and score under a view."""
_ENOUGH_ROWS = 24
_INSTRUCTION = 4_000
"""Characters of a query or an instruction; more is cut."""

Rankings = Mapping[str, Sequence[Ranked]]
"""Topic id -> the documents to be shown of one retriever's rankings."""


class Shown(NamedTuple):
    """Which views' rankings are shown, and how many documents of each."""

    views: tuple[str, ...]
    rows: int


def shown_within(overview: Overview, room: int) -> Shown:
    """About as much as fits into ``room`` bytes: views in no contrast go first, then documents."""
    benchmark = overview.benchmark
    views = tuple(map(str, benchmark.get("views", ())))
    contrasted = {view for contrast in benchmark.get("contrasts", ()) for view in contrast}
    rankings = max(1, sum(len(answer.record.topics) for answer in overview.answers))
    rows = _rows(room, rankings, len(views))
    if rows < _ENOUGH_ROWS and contrasted:
        views = tuple(view for view in views if view in contrasted)
        rows = _rows(room, rankings, len(views))
    return Shown(views, max(FEWEST_ROWS, min(MOST_ROWS, rows)))


def _rows(room: int, rankings: int, views: int) -> int:
    return room // (rankings * (_ROW + _CELL * max(1, views)))


def shown_rankings(overview: Overview, folder: Path, shown: Shown) -> Rankings:
    """What to show of the rankings in ``folder``: documents that change relevance, that keep it, the rest.

    Raises:
        InvalidInputError: if documents.jsonl is not what an evaluation left.
    """
    contrasts = [set(map(str, contrast)) for contrast in overview.benchmark.get("contrasts", ())]
    grade = _grade(overview)

    def worth(row: Ranked) -> tuple[int, int]:
        relevant = {view for view, given in row.judgements.items() if given >= grade}
        sides = [len(relevant & contrast) for contrast in contrasts]
        concern = 0 if 1 in sides else 1 if any(sides) else 2 if relevant else 3
        return concern, min((row.ranks[view] for view in shown.views if view in row.ranks), default=1 << 30)

    return {topic: sorted(rows, key=worth)[: shown.rows] for topic, rows in ranked_documents(folder)}


def _grade(overview: Overview) -> int:
    return int(overview.benchmark.get("relevant_grade") or 1)


def explorer(overview: Overview, rankings: Sequence[Rankings], texts: Texts, shown: Shown) -> dict[str, Any]:
    """One benchmark for the page's script, without the texts of documents."""
    columns = leading_columns(overview)
    records = [answer.record for answer in overview.answers]
    rows = [{row.topic: row for row in record.topics} for record in records]
    slices = sorted({name for record in records for row in record.topics for name in row.slices})
    axes = _Axes([column.name for column in columns], slices, shown)
    return {
        "grade": _grade(overview),
        "views": list(shown.views),
        "contrasts": [
            [shown.views.index(view) for view in contrast]
            for contrast in overview.benchmark.get("contrasts", ())
            if set(contrast) <= set(shown.views)
        ],
        "columns": [_column(column) for column in columns],
        "retrievers": [
            {"name": answer.name, "mark": mark, "hue": answer.number % 7}
            for mark, answer in zip(marks_of(len(records)), overview.answers, strict=True)
        ],
        "slices": slices,
        "missing": texts.missing,
        "rows": shown.rows,
        "topics": [
            _topic(topic, [held.get(topic) for held in rows], [held.get(topic, ()) for held in rankings], axes)
            | {"asked": _asked(topic, shown.views, texts)}
            for topic in dict.fromkeys(row.topic for record in records for row in record.topics)
        ],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "label": column.label,
        "better": {True: 1, False: -1, None: 0}[column.higher_is_better],
        "times": column.times,
        "digits": column.digits,
        "signed": column.is_movement or column.low < 0,
    }


class _Axes(NamedTuple):
    """What the places in a topic's lists stand for."""

    columns: Sequence[str]
    slices: Sequence[str]
    shown: Shown


def _topic(
    topic: str, values: Sequence[TopicValues | None], rankings: Sequence[Sequence[Ranked]], axes: _Axes
) -> dict[str, Any]:
    views, rows = axes.shown
    rankings = [ranking[:rows] for ranking in rankings]
    known = next(row for row in values if row is not None)
    documents = {row.document: row for ranking in rankings for row in ranking}
    places = {document: place for place, document in enumerate(documents)}
    return {
        "id": topic,
        "slices": [known.slices.get(name) for name in axes.slices],
        "values": [[_rounded(row.values.get(c)) if row else None for c in axes.columns] for row in values],
        "documents": [
            [document, [row.judgements.get(view) for view in views]] for document, row in documents.items()
        ],
        "rankings": [
            {
                "documents": [places[row.document] for row in ranking],
                "ranks": [[row.ranks.get(view) for row in ranking] for view in views],
                "scores": [[_short(row.scores.get(view)) for row in ranking] for view in views],
            }
            for ranking in rankings
        ],
    }


def _asked(topic: str, views: Sequence[str], texts: Texts) -> list[list[str] | None]:
    """Query and instruction under each view; None where the topic is not asked so, or its texts are missing."""
    held = texts.benchmark.topic(topic).views if texts.benchmark else {}
    return [
        [cut(held[view].query, _INSTRUCTION), cut(held[view].instruction, _INSTRUCTION)]
        if view in held
        else None
        for view in views
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _short(score: float | None) -> float | None:
    return None if score is None else float(f"{score:.5g}")
