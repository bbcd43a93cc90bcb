"""Records laid side by side: by benchmark, with named retrievers and columns in the order to read them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ifir_eval.records.record import Estimate, Record
from ifir_eval.reporting.names import display_names
from ifir_eval.reporting.text import listed

QUALITY = "Retrieval quality"
#: What each group of measures tells, with the measures in reading order; p-MRR stands beside its control.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "Following the instruction": (
        *("swap-accuracy", "pairwise-accuracy", "topic-lock", "follow-rate", "right-rank", "violations"),
        *("SICR", "SICR-released", "swap-margin", "IRS", "WISE", "WISE-released"),
    ),
    "Movement beside its control": ("p-MRR", "p-MRR-control", "p-MRR-net"),
    QUALITY: ("nDCG", "MAP", "MRR", "recall", "robustness"),
    "Drift where nothing should change": ("paraphrase-drift", "placebo-drift"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of records: a measure, perhaps of one view, with what is known about it.

    ``low`` and ``high`` bound its values, infinite where nothing does; ``chance`` is what a random
    ranking gets; ``higher_is_better`` is None where no direction is good.
    """

    name: str
    summary: str = ""
    low: float = -math.inf
    high: float = math.inf
    chance: float | None = None
    higher_is_better: bool | None = None

    @property
    def base(self) -> str:
        """The measure's name without the view: ``nDCG@10`` of ``nDCG@10[original]``."""
        return self.name.partition("[")[0]

    @property
    def view(self) -> str | None:
        """The view that the column belongs to, or None where it concerns the whole topic."""
        _, bracket, view = self.name.partition("[")
        return view.removesuffix("]") if bracket else None

    @property
    def stem(self) -> str:
        """The measure's name without view and cutoff: ``nDCG`` of ``nDCG@10[original]``."""
        return self.base.partition("@")[0]

    @property
    def family(self) -> str:
        """The title of its group of measures; one that is in none counts as quality."""
        return next((title for title, stems in FAMILIES.items() if self.stem in stems), QUALITY)

    @property
    def label(self) -> str:
        """Its name with the unit in which `shown` writes it, if that is not a fraction."""
        return f"{self.name} ×100" if self.is_movement else self.name

    @property
    def is_movement(self) -> bool:
        """Whether it is p-MRR or one of its kin, which all papers print times 100."""
        return self.stem.startswith("p-MRR")

    def shown(self, value: float) -> str:
        """``value`` in the column's unit; with its sign where values can be negative."""
        if self.is_movement:
            return f"{100 * value:+z.1f}"
        return f"{value:z.3f}" if self.low >= 0 else f"{value:+z.3f}"

    def interval(self, estimate: Estimate) -> str:
        """``[low, high]`` in the column's unit, empty where there is none."""
        if estimate.low is None or estimate.high is None:
            return ""
        return f"[{self.shown(estimate.low)}, {self.shown(estimate.high)}]"


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
        views = {view for contrast in self.benchmark.get("contrasts", ()) for view in contrast}
        return tuple(
            column
            for column in self.columns
            if not views or column.view is None or column.view in views or column.name == self.primary
        )


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
            columns=_columns([answer.record for answer in group]),
        )
        for (name, version, content_hash), group in groups.items()
    ]


def _columns(records: Sequence[Record]) -> tuple[Column, ...]:
    names: dict[str, Column] = {}
    for record in records:
        for name in record.measures:
            names.setdefault(name, _column(name, record.benchmark.get("measure_facts", {})))
    primary = next((names.get(str(record.benchmark["primary"])) for record in records), None)
    families = list(FAMILIES)

    def reading_order(column: Column) -> tuple[bool, int, bool, int]:
        stems = FAMILIES[column.family]
        place = stems.index(column.stem) if column.stem in stems else len(stems)
        leads = primary is not None and column.family == primary.family
        return (not leads, families.index(column.family), column is not primary, place)

    return tuple(sorted(names.values(), key=reading_order))


def _column(name: str, facts: Mapping[str, Mapping[str, Any]]) -> Column:
    known = facts.get(name.partition("[")[0], {})
    low, high = (known.get(side) for side in ("low", "high"))
    return Column(
        name=name,
        summary=str(known.get("summary", "")),
        low=-math.inf if low is None else float(low),
        high=math.inf if high is None else float(high),
        chance=known.get("chance"),
        higher_is_better=known.get("higher_is_better"),
    )
