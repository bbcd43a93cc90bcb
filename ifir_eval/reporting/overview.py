"""Records laid side by side: by benchmark, with named retrievers and columns in the order to read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ifir_eval.records.column import Column, columns_of, contrasted
from ifir_eval.records.names import display_names
from ifir_eval.records.record import Record
from ifir_eval.reporting.text import listed


@dataclass(frozen=True, slots=True)
class Answered:
    """One retriever's record under its display name; ``number`` tells retrievers apart on a whole page."""

    name: str
    number: int
    record: Record

    def cautions(self) -> list[str]:
        """Sentences without which the figures would mislead."""
        cautions = []
        if not self.record.complete:
            topics = self.record.benchmark.get("topics", len(self.record.topics))
            cautions.append(f"limited run ({topics} topics): not comparable with anything")
        if missing := list(self.record.missing_queries):
            queries = "query was" if len(missing) == 1 else "queries were"
            counted = "counted as failures, in measures with a sign (p-MRR, WISE, IRS, ...) as 0"
            cautions.append(f"{len(missing)} {queries} not answered and {counted}: {listed(missing)}")
        notes = self.record.benchmark.get("notes", ())  # told once, about the benchmark
        return [*cautions, *(warning for warning in self.record.warnings if warning not in notes)]


@dataclass(frozen=True)
class Overview:
    """One benchmark and everyone who answered it, with the columns in reading order."""

    title: str
    benchmark: Mapping[str, Any]
    answers: tuple[Answered, ...]
    columns: tuple[Column, ...]

    @property
    def primary(self) -> str:
        """The name of the column that the benchmark is judged by."""
        return str(self.benchmark["primary"])

    @property
    def judged(self) -> Column | None:
        """The column of the verdict: swap accuracy where there is one, else the primary one.

        p-MRR rewards any damage to the second ranking where documents only lose relevance, so that
        p-MRR-net stands in for it. (Where some gain as well, swap accuracy can be told.)
        """
        named = {column.name: column for column in self.columns}
        if column := named.get("swap-accuracy"):
            return column
        column = named.get(self.primary)
        return named.get("p-MRR-net") if column and column.is_movement else column

    def contrasted(self) -> tuple[Column, ...]:
        """The columns without those of views that stand in no contrast; all where there are no contrasts."""
        return contrasted(self.columns, self.benchmark)


def overviews(records: Sequence[Record]) -> list[Overview]:
    """``records`` by benchmark, in order of first appearance. Different contents are different benchmarks."""
    names = display_names(records)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    groups: dict[tuple[str, ...], list[Answered]] = {}
    for name, record in zip(names, records, strict=True):
        key = tuple(str(record.benchmark[part]) for part in ("name", "version", "content_hash"))
        group = groups.setdefault(key, [])
        earlier = sum(answer.number == numbers[name] for answer in group)
        group.append(Answered(f"{name}, run {earlier + 1}" if earlier else name, numbers[name], record))
    repeated = Counter(key[0] for key in groups)
    return [
        Overview(
            title=name if repeated[name] == 1 else f"{name} {version} ({content_hash[:8]})",
            benchmark=group[0].record.benchmark,
            answers=tuple(group),
            columns=columns_of([answer.record for answer in group]),
        )
        for (name, version, content_hash), group in groups.items()
    ]
