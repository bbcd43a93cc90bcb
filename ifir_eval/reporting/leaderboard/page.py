"""The leaderboard's page: one HTML file that asks nothing of the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ifir_eval.files import write_atomically
from ifir_eval.reporting.leaderboard.board import Board, Cell, Entry
from ifir_eval.reporting.leaderboard.facts import MODELS, SIZES, UNKNOWN, read_facts
from ifir_eval.reporting.leaderboard.markdown import as_markdown
from ifir_eval.reporting.leaderboard.measured import measured_boards
from ifir_eval.reporting.leaderboard.published import (
    APART,
    NOISE,
    NULL_SPREAD,
    SPREAD,
    disagreement,
    published_board,
    read_figures,
)
from ifir_eval.reporting.leaderboard.scatter import HUES, Axis, axis, panels
from ifir_eval.reporting.page import digest, templates

PAGE, TABLE = "index.html", "leaderboard.md"
_STEP = 0.05


class _Row(NamedTuple):
    """An entry with its figure in words, and where it is drawn, in per cent of the width."""

    anchor: str
    entry: Entry
    shown: Cell
    at: float
    low: float
    high: float


class _Table(NamedTuple):
    board: Board
    axis: Axis
    rows: list[_Row]


class _Filter(NamedTuple):
    name: str
    label: str
    values: list[str]


def write_leaderboard(folder: Path) -> list[Path]:
    """Build the leaderboard in ``folder`` from what lies there; returns the files written.

    Raises:
        InvalidInputError: for figures or records that cannot stand on it.
    """
    made = rendered(folder)
    for name, text in made.items():
        write_atomically(folder / name, text.encode())
    return [folder / name for name in made]


def rendered(folder: Path) -> dict[str, str]:
    """The leaderboard in ``folder`` by name of file: a self-contained HTML document, and Markdown.

    Everything from outside is escaped. The content security policy admits the page's own style sheet and
    script, by their hashes, and nothing else; without the script the page lacks filters and sorting.
    """
    figures, known = read_figures(folder), read_facts(folder / MODELS)
    published = published_board(figures, known)
    boards = [*measured_boards(folder, known), published]
    tables = [_table(board) for board in boards]
    anchors = {row.entry.name: row.anchor for row in tables[-1].rows}
    loaded = templates()
    style, script = (loaded.get_template(f"leaderboard.{kind}").render() for kind in ("css", "js"))
    page = loaded.get_template("leaderboard.html.j2").render(
        style_hash=digest(style),
        script_hash=digest(script),
        tables=tables,
        filters=list(_filters(boards)),
        panels=list(panels(figures, known, anchors)),
        hues=HUES,
        noise=f"{100 * NOISE:.1f}",
        apart=f"{100 * APART:.1f}",
        spread=f"{100 * SPREAD:.1f}",
        spreads=[f"{100 * spread:.1f}" for spread in NULL_SPREAD.values()],
        disagreement=f"{100 * disagreement(figures):.1f}",
        figures=len(figures),
        above=sum(figure.p_mrr > NOISE for figure in figures),
        below=sum(figure.p_mrr < -NOISE for figure in figures),
    )
    return {PAGE: page, TABLE: as_markdown(boards)}


def _table(board: Board) -> _Table:
    column = board.column
    estimates = [entry.estimate for entry in board.entries]
    is_share = column.low >= 0 and column.high <= 1
    ends = [end for estimate in estimates for end in estimate[:3] if end is not None]
    drawn = Axis(0.0, 1.0) if is_share else axis([*ends, *(board.band or ())[:2]], _STEP)
    rows = []
    for place, entry in enumerate(board.entries, 1):
        value, low, high, _ = entry.estimate
        rows.append(
            _Row(
                anchor=f"{board.anchor}-{place}",
                entry=entry,
                shown=Cell.of(column, entry.estimate),
                at=drawn.at(value),
                low=drawn.at(value if low is None else low),
                high=drawn.at(value if high is None else high),
            )
        )
    return _Table(board, drawn, rows)


def _filters(boards: Sequence[Board]) -> Iterator[_Filter]:
    facts = [entry.facts for board in boards for entry in board.entries]
    sizes = {one.size for one in facts}
    yield _Filter("size", "Parameters", [size for size in (*SIZES, UNKNOWN) if size in sizes])
    yield _Filter("type", "Type", sorted({one.type or UNKNOWN for one in facts}))
    yield _Filter("year", "Released", sorted({one.year for one in facts}, reverse=True))
