"""The table at the head of a report: retrievers down, the columns that matter across, letters for who wins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ifir_eval.comparison.compare import SIGNIFICANCE, Comparison, compare, incomparable, letter
from ifir_eval.records.column import QUALITY, Column
from ifir_eval.records.record import Estimate
from ifir_eval.reporting.overview import Overview

_BARE = "bare"


class Cell(NamedTuple):
    """A mean in words, the letters of those whom it significantly beats, and the number to sort by."""

    value: str
    interval: str
    beats: str
    number: float | None


class Standing(NamedTuple):
    """One retriever: the mark that stands for it in the table and on the plots, and its cells."""

    mark: str
    name: str
    number: int
    cells: tuple[Cell, ...]


class Standings(NamedTuple):
    """The table. ``unpaired`` says why there are no letters; empty where there are."""

    columns: tuple[Column, ...]
    rows: tuple[Standing, ...]
    tests: str
    unpaired: str


def quality(overview: Overview) -> Column | None:
    """The column of general quality: the first one of retrieval quality, without an instruction if asked so."""
    found = [column for column in overview.columns if column.family == QUALITY]
    return next((column for column in found if column.view == _BARE), next(iter(found), None))


def leading_columns(overview: Overview) -> tuple[Column, ...]:
    """The verdict's column, what concerns no single view, and general quality in one column only."""
    general = quality(overview)
    chosen = [c for c in overview.columns if c.view is None and c.family != QUALITY]
    first = [column for column in (overview.judged, general) if column is not None]
    return tuple(dict.fromkeys([*first, *chosen]))


def standings(overview: Overview) -> Standings:
    """``overview`` as a table, with letters where its records can be compared topic by topic."""
    columns = leading_columns(overview)
    records = [answer.record for answer in overview.answers]
    reasons = list(incomparable(records))
    compared = None if reasons or not columns else compare(records, [column.name for column in columns])
    marks = marks_of(len(records))
    beats = _beats(compared)
    rows = tuple(
        Standing(
            mark,
            answer.name,
            answer.number,
            tuple(
                _cell(column, answer.record.measures.get(column.name), beats.get((place, column.name), ""))
                for column in columns
            ),
        )
        for place, (mark, answer) in enumerate(zip(marks, overview.answers, strict=True))
    )
    told = f"{_tests(compared)} {_noise(overview)}".strip() if compared else ""
    return Standings(columns, rows, told, "; ".join(dict.fromkeys(reasons)))


def marks_of(count: int) -> list[str]:
    """``a``, ``b``, … as `Comparison.letters` counts."""
    return [letter(place) for place in range(count)]


def _beats(compared: Comparison | None) -> Mapping[tuple[int, str], str]:
    if compared is None:
        return {}
    return {
        (place, column.name): compared.beaten(name, column)
        for place, name in enumerate(compared.names)
        for column in compared.columns
    }


def _cell(column: Column, estimate: Estimate | None, beats: str) -> Cell:
    if estimate is None:
        return Cell("–", "", "", None)
    return Cell(column.shown(estimate.value), column.interval(estimate), beats, estimate.value)


def _tests(compared: Comparison) -> str:
    significant = sum(pair.is_significant for pair in compared.pairs)
    return (
        f"{significant} of {len(compared.pairs)} differences are significant at {SIGNIFICANCE:g}: paired "
        "permutation test over topics, Holm over the whole table."
    )


def _noise(overview: Overview) -> str:
    """Whoever is more random beats whoever ignores the instruction, as long as both lie below chance."""
    column = overview.judged
    if column is None or column.stem != "swap-accuracy" or column.chance is None:
        return ""
    found = [answer.record.measures.get(column.name) for answer in overview.answers]
    if sum(one is not None and one.value < column.chance for one in found) < 2:  # noqa: PLR2004 - a pair
        return ""
    return f"Where both lie below chance, a letter in {column.name} tells of noise, not of following."
