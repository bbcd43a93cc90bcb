"""The comparison table of the terminal: measures down, retrievers across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.table import Table
from rich.text import Text

from ifir_eval.records.column import Column
from ifir_eval.records.record import Record
from ifir_eval.reporting.overview import Answered, Overview, overviews
from ifir_eval.reporting.text import visible

_GAP = len(" | ")
_EDGES = 2
_VALUE = len("+0.123")


def comparison_tables(records: Sequence[Record], width: int = 110) -> list[Table]:
    """A table for each benchmark; several where its retrievers do not fit side by side into ``width``.

    Cells hold the mean and its 95% interval, p-MRR and its kin times 100, all else as fractions. Limited
    runs, unanswered queries and warnings stand below the table.
    """
    return [table for overview in overviews(records) for table in _tables(overview, width)]


def _tables(overview: Overview, width: int) -> Iterator[Table]:
    columns = overview.contrasted()
    cells = [[_cell(column, answer) for answer in overview.answers] for column in columns]
    widest = max((len(cell) for row in cells for cell in row), default=0)
    fixed = max((len(column.label) for column in columns), default=0) + len("chance") + 2 * _GAP + _EDGES
    counts = _counts(overview, columns)
    fixed += len(max(counts, key=len)) + _GAP if counts else 0
    across = max(1, (width - fixed) // (widest + _GAP))
    answers = overview.answers
    for start in range(0, len(answers), across):
        shown = slice(start, start + across)
        table = _empty(overview, answers[shown], widest, counts=bool(counts))
        rows = zip(columns, counts or [""] * len(columns), cells, strict=True)
        for _, family in groupby(rows, key=lambda row: row[0].family):
            for column, count, row in family:
                chance = "" if column.chance is None else column.shown(column.chance)
                table.add_row(*map(_text, [column.label, *[count] * bool(counts), chance, *row[shown]]))
            table.add_section()
        table.caption = _caption(overview, answers[shown])
        yield table


def _text(content: str, style: str = "") -> Text:
    """``content`` as it stands: never read as markup, nothing hidden in it."""
    return Text(visible(content), style=style, overflow="fold")


def _cell(column: Column, answer: Answered) -> str:
    estimate = answer.record.measures.get(column.name)
    if estimate is None:
        return f"{'–':>{_VALUE}}"
    return f"{column.shown(estimate.value):>{_VALUE}} {column.interval(estimate)}".rstrip()


def _counts(overview: Overview, columns: Sequence[Column]) -> list[str]:
    """How many topics stand behind each column, or nothing where that is the same everywhere."""
    measures = [answer.record.measures for answer in overview.answers]
    ranges = [{held[column.name].n for held in measures if column.name in held} for column in columns]
    if len(set.union(set(), *ranges)) <= 1:
        return []
    return [f"{min(n)}" if len(n) == 1 else f"{min(n)}–{max(n)}" for n in ranges]


def _empty(overview: Overview, answers: Sequence[Answered], widest: int, *, counts: bool) -> Table:
    benchmark = overview.benchmark
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
        title=_text(
            f"{overview.title} · {benchmark.get('topics') or '?'} topics · primary measure {overview.primary}",
            "bold",
        ),
        title_justify="left",
        caption_justify="left",
        caption_style="",
    )
    table.add_column("mean [95% interval]", no_wrap=True)
    if counts:
        table.add_column("n", justify="right")
    table.add_column("chance", justify="right", style="dim")
    for answer in answers:
        # A name that is too long breaks after its folders rather than anywhere.
        header = _text(answer.name if len(answer.name) <= widest else answer.name.replace("/", "/\n"))
        if not answer.record.complete:
            header.append("\nlimited run", "yellow")
        table.add_column(header, max_width=max(widest, len("limited run")))
    return table


def _caption(overview: Overview, answers: Sequence[Answered]) -> Text | None:
    lines = [f"note: {note}" for note in overview.benchmark.get("notes", ())]
    lines += [f"{answer.name}: {caution}" for answer in answers for caution in answer.cautions()]
    return _text("\n".join(lines), "yellow") if lines else None
