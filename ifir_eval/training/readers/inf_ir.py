"""InF-IR's rows (``InF-IR/InF-IR`` on the hub): an item is a query, an instruction and their poisoned forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED
from ifir_eval.benchmarks.reading import Line
from ifir_eval.training.rows import Row, checked

OTHER_QUERY = "other-query"
"""The view that asks the poisoned query under the item's own instruction."""

_FIELDS = (
    "query_positive",
    "instruction_positive",
    "document_positive",
    "query_negative",
    "instruction_negative",
    "hard_negative_document_1",
    "hard_negative_document_2",
)


def read(lines: Iterable[Line], stem: str) -> Iterator[Row]:
    """Three rows for each item (docs/methods.md, section 5): (Q+ I+ -> P+), (Q+ I- -> HN1), (Q- I+ -> HN2).

    The first two answer the same query under instructions that exclude each other's passage.
    """
    for line in lines:
        texts = [line.text(name) for name in _FIELDS]
        if None in texts:
            continue
        query, instruction, positive, other_query, poisoned, second, third = map(str, texts)
        views = (
            (ORIGINAL, query, instruction, positive, (second,), (third,)),
            (REVERSED, query, poisoned, second, (positive,), (third,)),
            (OTHER_QUERY, other_query, instruction, third, (), (positive, second)),
        )
        for view, asked, given, right, broken, wrong in views:
            yield from checked(line, Row(f"{stem}-{line.line}", view, asked, given, right, broken, wrong, stem))
