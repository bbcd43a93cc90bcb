"""A comparison as text: for the terminal, Markdown, CSV, LaTeX and JSON.

Values stand in the unit of the tables (p-MRR and its kin times 100) everywhere but in CSV and JSON, which hold
full fractions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ifir_eval.comparison.compare import SIGNIFICANCE, Compared, Comparison
from ifir_eval.comparison.paired import slice_differences
from ifir_eval.records.record import Record
from ifir_eval.reporting.text import visible

_HEAD = (
    "measure",
    "of",
    "against",
    "value",
    "other",
    "difference",
    "95% interval",
    "p (Holm)",
    "w/t/l",
    "sees",
)
_MOVED = 10
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_LATEX = str.maketrans(
    {
        **{char: f"\\{char}" for char in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "×": r"$\times$",
        "–": "--",
        "−": "$-$",
    }
)


def as_table(comparison: Comparison) -> list[Table]:
    """For the terminal: a table for each pair, then the slices and the topics that moved most."""
    tables = list(_pairs(comparison))
    tables[-1].caption = Text(_legend(comparison))
    return [*tables, *_slices(comparison), *_moved(comparison)]


def _pairs(comparison: Comparison) -> Iterator[Table]:
    cells = list(zip(comparison.pairs, _cells(comparison), strict=True))
    for old, new in dict.fromkeys((pair.difference.old, pair.difference.new) for pair in comparison.pairs):
        head = ("measure", new, old, *_HEAD[5:])
        table = _empty(f"{_title(comparison)}: {new} less {old}", head)
        for pair, (label, _, _, *rest) in cells:
            if (pair.difference.old, pair.difference.new) == (old, new):
                table.add_row(*(Text(visible(cell), no_wrap=True) for cell in (label, *rest)))
        yield table


def as_markdown(comparison: Comparison) -> str:
    """A heading, a table of means with letters, one of differences, and the legend."""
    escape = _escaper({"|": "\\|", "\n": " ", "\r": " ", "<": "&lt;", "`": "\\`"})
    lettered = [
        [column.label, *(_lettered(comparison, place, column) for place in range(len(comparison.names)))]
        for column in comparison.columns
    ]
    names = [f"{letter} {name}" for name, letter in comparison.letters.items()]
    tables = [_markdown(["measure", *names], lettered, escape), _markdown(_HEAD, _cells(comparison), escape)]
    return "\n\n".join([f"## {escape(_title(comparison))}", *tables, escape(_legend(comparison))]) + "\n"


def as_latex(comparison: Comparison) -> str:
    """A table of means with letters as booktabs wants it; needs the package booktabs and nothing else."""
    rows = [
        [column.label, *(_lettered(comparison, place, column) for place in range(len(comparison.names)))]
        for column in comparison.columns
    ]
    head = ["measure", *(f"{letter} {name}" for name, letter in comparison.letters.items())]
    lines = [r"\begin{tabular}{l" + "r" * len(comparison.names) + "}", r"\toprule"]
    lines += [" & ".join(cell.translate(_LATEX) for cell in row) + r" \\" for row in [head]]
    lines += [r"\midrule", *(" & ".join(cell.translate(_LATEX) for cell in row) + r" \\" for row in rows)]
    legend = _legend(comparison).replace("\n", "\n% ")
    return (
        "\n".join([f"% {_title(comparison)}", f"% {legend}", *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"
    )


def as_csv(comparison: Comparison) -> str:
    """One line a pair and column; texts that a spreadsheet would take for a formula begin with ``'``."""
    out = io.StringIO()
    rows = [_fields(comparison, pair) for pair in comparison.pairs]
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["column"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _inert(cell) if isinstance(cell, str) else cell for name, cell in row.items()})
    return out.getvalue()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Everything, unrounded: pairs with slices and the differences of every topic."""
    records = dict(zip(comparison.names, comparison.records, strict=True))
    return {
        "benchmark": {
            key: comparison.benchmark.get(key) for key in ("name", "version", "content_hash", "topics")
        },
        "retrievers": [
            {"name": name, "letter": comparison.letters[name], "spec": record.retriever["spec"]}
            for name, record in records.items()
        ],
        "pairs": [
            {
                **_fields(comparison, pair),
                "slices": _json_slices(pair, records),
                "topics": dict(pair.difference.topics),
            }
            for pair in comparison.pairs
        ],
    }


def _title(comparison: Comparison) -> str:
    benchmark = comparison.benchmark
    return f"{benchmark['name']} · {benchmark['topics']} topics"


def _legend(comparison: Comparison) -> str:
    significant = sum(pair.is_significant for pair in comparison.pairs)
    return (
        f"{significant} of {len(comparison.pairs)} differences are significant at {SIGNIFICANCE:g} (*): paired "
        "permutation test over topics, Holm over all of them. w/t/l: topics won, tied, lost. sees: the least "
        "true difference that so many topics show at 80% power. Letters name whom a value significantly beats."
    )


def _fields(comparison: Comparison, pair: Compared) -> dict[str, str | float | int | None]:
    one = pair.difference
    means = {
        name: record.measures[one.column.name].value
        for name, record in zip(comparison.names, comparison.records, strict=True)
        if name in {one.old, one.new}
    }
    return {
        "column": one.column.name,
        "old": one.old,
        "new": one.new,
        "old_value": means[one.old],
        "new_value": means[one.new],
        "difference": one.estimate.value,
        "low": one.estimate.low,
        "high": one.estimate.high,
        "n": one.estimate.n,
        "p": one.p,
        "p_holm": pair.p_holm,
        "wins": one.wins,
        "ties": one.ties,
        "losses": one.losses,
        "detectable": one.detectable,
    }


def _cells(comparison: Comparison) -> Iterator[list[str]]:
    for pair in comparison.pairs:
        one, fields = pair.difference, _fields(comparison, pair)
        column = one.column
        sees = "–" if one.detectable is None else column.shown(one.detectable).lstrip("+")
        yield [
            column.label,
            one.new,
            one.old,
            column.shown(float(fields["new_value"] or 0)),
            column.shown(float(fields["old_value"] or 0)),
            _signed(column.shown(one.estimate.value)) + ("*" if pair.is_significant else ""),
            column.interval(one.estimate),
            f"{pair.p_holm:.4f}",
            f"{one.wins}/{one.ties}/{one.losses}",
            sees,
        ]


def _signed(number: str) -> str:
    return number if number[0] in "+-" else f"+{number}"


def _lettered(comparison: Comparison, place: int, column: Any) -> str:
    estimate = comparison.records[place].measures.get(column.name)
    if estimate is None:
        return "–"
    beaten = comparison.beaten(comparison.names[place], column)
    return f"{column.shown(estimate.value)} {column.interval(estimate)} {beaten}".strip()


def _judged(comparison: Comparison) -> list[Compared]:
    """The pairs in the first column, which is of the primary measure's family."""
    return [pair for pair in comparison.pairs if pair.difference.column == comparison.columns[0]]


def _slices(comparison: Comparison) -> Iterator[Table]:
    records = dict(zip(comparison.names, comparison.records, strict=True))
    for pair in _judged(comparison):
        one = pair.difference
        title = f"{one.column.label} by slice: {one.new} less {one.old} (not corrected, to look at)"
        table = _empty(title, ("slice", "n", "difference", "95% interval"))
        for name, values in slice_differences(one.column, records[one.old], records[one.new]).items():
            for value, estimate in values.items():
                difference = _signed(one.column.shown(estimate.value))
                cells = (f"{name}: {value}", f"{estimate.n}", difference, one.column.interval(estimate))
                table.add_row(*(Text(visible(cell)) for cell in cells))
        if table.row_count:
            yield table


def _moved(comparison: Comparison) -> Iterator[Table]:
    for pair in _judged(comparison):
        one = pair.difference
        moved = sorted(one.topics.items(), key=lambda item: (-abs(item[1]), item[0]))
        if shown := [(topic, change) for topic, change in moved[:_MOVED] if change]:
            title = f"{one.column.label}: the topics that moved most, {one.new} less {one.old}"
            table = _empty(title, ("topic", "difference"))
            for topic, change in shown:
                table.add_row(Text(visible(topic)), Text(_signed(one.column.shown(change))))
            yield table


def _json_slices(pair: Compared, records: Mapping[str, Record]) -> dict[str, dict[str, Any]]:
    one = pair.difference
    found = slice_differences(one.column, records[one.old], records[one.new])
    return {
        name: {value: estimate._asdict() for value, estimate in values.items()}
        for name, values in found.items()
    }


def _empty(title: str, head: Sequence[str]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
        title=Text(visible(title), style="bold"),
        title_justify="left",
        caption_justify="left",
        caption_style="",
    )
    for place, name in enumerate(head):
        table.add_column(Text(visible(name)), justify="left" if place == 0 else "right")
    return table


def _markdown(head: Sequence[str], rows: Any, escape: Callable[[str], str]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(escape, line)) + " |" for line in lines)


def _escaper(replacements: Mapping[str, str]) -> Callable[[str], str]:
    table = str.maketrans(dict(replacements))
    return lambda text: visible(text).translate(table)


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
