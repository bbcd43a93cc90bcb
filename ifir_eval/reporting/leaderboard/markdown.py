"""The leaderboard as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ifir_eval.reporting.leaderboard.board import Board, Cell, Entry
from ifir_eval.reporting.leaderboard.facts import UNKNOWN
from ifir_eval.reporting.text import visible

HEAD = """# Leaderboard

Made by `ifir-eval leaderboard build`; [the page](index.html) has the same figures with filters and a plot.
Ranks are intervals: whom the evidence does not tell apart share them. Published figures are somebody else's,
measured ones are this project's, and the Scores of two scorings never stand in one column.
"""
_ESCAPED = str.maketrans({"<": "&lt;", **{sign: f"\\{sign}" for sign in "\\|[]`*_"}})


def as_markdown(boards: Sequence[Board]) -> str:
    """All ``boards``, a section each."""
    return "\n".join([HEAD, *map(_section, boards)])


def _section(board: Board) -> str:
    header = ["rank", "retriever", board.column.label, *board.headers]
    header += ["parameters", "type", "released", "licence", "source"]
    rule = ["---", "---", *["---:"] * (len(board.headers) + 2), "---", "---", "---", "---"]
    lines = [[*map(_cell, header)], rule, *([*_line(board, entry)] for entry in board.entries)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    origin = "measured" if board.is_measured else "published"
    return f"## {_cell(board.title)}, {origin}\n\n{_cell(board.about)}\n\n{table}"


def _line(board: Board, entry: Entry) -> Iterator[str]:
    facts = entry.facts
    yield str(entry.rank)
    yield _cell(f"{entry.name} ({'; '.join(entry.notes)})" if entry.notes else entry.name)
    yield str(Cell.of(board.column, entry.estimate))
    yield from map(str, entry.cells)
    yield from map(_cell, (facts.shown_size, facts.type or UNKNOWN, facts.year, facts.shown_licence))
    yield f"[{_cell(entry.source)}]({entry.address})"


def _cell(text: str) -> str:
    """``text`` on one line, with nothing in it that Markdown would read as markup of its own."""
    return " ".join(visible(text).split()).translate(_ESCAPED)
