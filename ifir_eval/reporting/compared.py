"""A comparison as text: for the terminal, Markdown, CSV, LaTeX and JSON.

Values stand in the unit of the tables (p-MRR and its kin times 100) everywhere but in CSV and JSON, which hold
full fractions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ifir_eval.comparison.compare import Compared, Comparison
from ifir_eval.reporting.compared_rows import (
    Versus,
    cautions,
    legend,
    mean_of,
    means,
    slice_rows,
    title,
    versus,
)
from ifir_eval.reporting.text import marked_down, visible

_HEAD = ("difference", "95% interval", "p (Holm)", "w/t/l", "sees")
_SLICED = ("slice", "n", "difference", "95% interval")
_FIELDS = (
    *("column", "old", "new", "old_value", "new_value", "difference", "low", "high", "n", "p", "p_holm"),
    *("wins", "ties", "losses", "detectable"),
)
#: What makes a spreadsheet take a cell for a formula, the wide forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LATEX = str.maketrans(
    {
        **{char: f"\\{char}" for char in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "×": r"$\times$",
        "–": "--",
        "·": r"$\cdot$",
        "⟨": r"$\langle$",
        "⟩": r"$\rangle$",
        "\n": " ",
        "\t": " ",
    }
)


def as_table(comparison: Comparison) -> list[Table]:
    """For the terminal: a table for each pair, then the slices and the topics that moved most."""
    pairs = list(versus(comparison))
    tables = [_pair_table(comparison, each) for each in pairs]
    told = [legend(comparison), *cautions(comparison)]
    tables[-1].caption = Text(visible("\n".join(told)))
    return [*tables, *_details(pairs)]


def as_markdown(comparison: Comparison) -> str:
    """A table of means with letters, then for each pair its differences, slices and topics that moved most."""
    parts = [
        f"## {marked_down(title(comparison))}",
        _markdown(_mean_head(comparison), _mean_rows(comparison)),
        *(marked_down(told) for told in (legend(comparison), *cautions(comparison))),
    ]
    for pair in versus(comparison):
        parts.append(f"### {marked_down(f'{pair.new} less {pair.old}')}")
        parts.append(_markdown(_pair_head(pair), _pair_rows(pair)))
        if pair.slices:
            parts += [marked_down(_slice_title(pair)), _markdown(_SLICED, _slice_cells(pair))]
        if pair.moved:
            parts += [marked_down(_moved_title(pair)), _markdown(_moved_head(pair), pair.moved)]
    return "\n\n".join(parts) + "\n"


def as_latex(comparison: Comparison) -> str:
    """Means with letters, then the differences of each pair, in tables for the package booktabs."""
    told = [title(comparison), legend(comparison), *cautions(comparison)]
    lines = [f"% {' '.join(visible(each).split())}" for each in told]
    lines.append(_tabular(_mean_head(comparison), _mean_rows(comparison)))
    for pair in versus(comparison):
        lines += [
            f"% {' '.join(visible(f'{pair.new} less {pair.old}').split())}",
            _tabular(_pair_head(pair), _pair_rows(pair)),
        ]
    return "\n".join(lines) + "\n"


def as_csv(comparisons: Iterable[Comparison]) -> str:
    """One line a benchmark, pair and column; what a spreadsheet would take for a formula begins with ``'``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("benchmark", *_FIELDS))
    for comparison in comparisons:
        for pair in comparison.pairs:
            cells = (comparison.benchmark["name"], *_fields(comparison, pair).values())
            writer.writerow([_inert(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything, unrounded: pairs with slices and the differences of every topic."""
    named = zip(comparison.names, comparison.records, strict=True)
    return {
        "benchmark": {
            key: comparison.benchmark.get(key) for key in ("name", "version", "content_hash", "topics")
        },
        "retrievers": [
            {"name": name, "letter": comparison.letters[name], "spec": record.retriever["spec"]}
            for name, record in named
        ],
        "cautions": cautions(comparison),
        "pairs": [
            {
                **_fields(comparison, pair),
                "significant": pair.is_significant,
                "slices": _json_slices(comparison, pair),
                "topics": dict(pair.difference.topics),
            }
            for pair in comparison.pairs
        ],
    }


def _fields(comparison: Comparison, pair: Compared) -> dict[str, str | float | int | None]:
    one = pair.difference
    cells = (
        *(one.column.name, one.old, one.new),
        *(mean_of(comparison, name, one.column) for name in (one.old, one.new)),
        *one.estimate,
        *(one.p, pair.p_holm, one.wins, one.ties, one.losses, one.detectable),
    )
    return dict(zip(_FIELDS, cells, strict=True))


def _json_slices(comparison: Comparison, pair: Compared) -> dict[str, dict[str, Any]]:
    slices: dict[str, dict[str, Any]] = {}
    for each in slice_rows(comparison, pair.difference):
        slices.setdefault(each.name, {})[each.value] = each.estimate._asdict()
    return slices


def _mean_head(comparison: Comparison) -> list[str]:
    return ["measure", *(f"{letter} {name}" for name, letter in comparison.letters.items())]


def _mean_rows(comparison: Comparison) -> Iterator[list[str]]:
    for line in means(comparison):
        yield [line.column.label, *(" ".join(filter(None, cell)) for cell in line.cells)]


def _pair_head(pair: Versus) -> list[str]:
    return ["measure", pair.new, pair.old, *_HEAD]


def _pair_rows(pair: Versus) -> Iterator[list[str]]:
    for row in pair.rows:
        yield [row.one.column.label, *row[1:]]


def _slice_title(pair: Versus) -> str:
    label = pair.rows[0].one.column.label
    return f"{label} by slice: {pair.new} less {pair.old} (not corrected, to look at)"


def _slice_cells(pair: Versus) -> Iterator[list[str]]:
    for sliced, change, interval in pair.slices:
        yield [f"{sliced.name}: {sliced.value}", f"{sliced.estimate.n}", change, interval]


def _moved_title(pair: Versus) -> str:
    return f"{pair.rows[0].one.column.label}: the topics that moved most, {pair.new} less {pair.old}"


def _moved_head(pair: Versus) -> list[str]:
    return ["topic", "slices", pair.new, pair.old, "difference"]


def _pair_table(comparison: Comparison, pair: Versus) -> Table:
    table = _empty(f"{title(comparison)}: {pair.new} less {pair.old}", _pair_head(pair))
    for cells in _pair_rows(pair):
        table.add_row(*(Text(visible(cell), no_wrap=True) for cell in cells))
    return table


def _details(pairs: Iterable[Versus]) -> Iterator[Table]:
    for pair in pairs:
        blocks = (
            (_slice_title(pair), _SLICED, list(_slice_cells(pair))),
            (_moved_title(pair), _moved_head(pair), list(pair.moved)),
        )
        for heading, head, rows in blocks:
            table = _empty(heading, head)
            for cells in rows:
                table.add_row(*(Text(visible(cell)) for cell in cells))
            if rows:
                yield table


def _empty(heading: str, head: Sequence[str]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
        title=Text(visible(heading), style="bold"),
        title_justify="left",
        caption_justify="left",
        caption_style="",
    )
    for place, name in enumerate(head):
        table.add_column(Text(visible(name)), justify="left" if place == 0 else "right")
    return table


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(marked_down, line)) + " |" for line in lines)


def _tabular(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [[_latex(cell) for cell in head], *([_latex(row[0]), *map(_number, row[1:])] for row in rows)]
    first, *rest = (" & ".join(line) + r" \\" for line in lines)
    begin = r"\begin{tabular}{l" + "r" * (len(head) - 1) + "}"
    return "\n".join([begin, r"\toprule", first, r"\midrule", *rest, r"\bottomrule", r"\end{tabular}"])


def _latex(text: str) -> str:
    return visible(text).translate(_LATEX)


def _number(text: str) -> str:
    """A cell of figures, whose hyphens are minus signs."""
    return visible(text).translate({**_LATEX, ord("-"): "$-$"})


def _inert(text: str) -> str:
    return f"'{visible(text)}" if text.startswith(_FORMULA) else visible(text)
