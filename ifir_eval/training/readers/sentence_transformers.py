"""sentence-transformers' training columns: anchor, positive, and any number of negatives.

Its trainer goes by the order of columns; their names here are those of its own data sets and of its
``mine_hard_negatives``: ``anchor`` or ``query``, ``positive``, then ``negative`` or ``negative_1``,
``negative_2`` … An ``instruction`` may stand beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL
from ifir_eval.benchmarks.reading import Line
from ifir_eval.training.rows import MOST_HARD_NEGATIVES, Row, checked, distinct

_NEGATIVE = re.compile(r"negative(?:_(\d+))?")
_OTHERS = frozenset({"anchor", "query", "positive", "instruction"})


def read(lines: Iterable[Line], stem: str) -> Iterator[Row]:
    """A row for each line."""
    for line in lines:
        if unknown := [name for name in line.fields if name not in _OTHERS and not _NEGATIVE.fullmatch(name)]:
            columns = "anchor (or query), positive, negative, negative_1 … and instruction"
            line.report(f"there is no column {', '.join(map(repr, unknown))}; the columns are {columns}")
        query = line.text("anchor" if "anchor" in line.fields else "query")
        positive, instruction = line.text("positive"), line.text("instruction", "")
        negatives = [
            line.text(name, "") for name in sorted(filter(_NEGATIVE.fullmatch, line.fields), key=_place)
        ]
        if query is None or positive is None or instruction is None or None in negatives:
            continue
        yield from checked(
            line,
            Row(
                pair_id=f"{stem}-{line.line}",
                view=ORIGINAL if instruction.strip() else BARE,
                query=query,
                instruction=instruction,
                positive=positive,
                hard_negatives=distinct(filter(None, negatives), MOST_HARD_NEGATIVES),
                source=stem,
            ),
        )


def _place(column: str) -> int:
    return int(column.rpartition("_")[2]) if "_" in column else 0
