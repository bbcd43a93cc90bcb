"""What a column of a record means and how its values are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ifir_eval.records.record import Estimate, Record

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

    @property
    def sign(self) -> int:
        """-1 where lower is better, so that of two values times it the larger one is better."""
        return -1 if self.higher_is_better is False else 1

    @property
    def times(self) -> int:
        """How often a value is counted where it is shown."""
        return 100 if self.is_movement else 1

    @property
    def digits(self) -> int:
        """Those behind the point where a value is shown."""
        return 1 if self.is_movement else 3

    def shown(self, value: float) -> str:
        """``value`` in the column's unit; with its sign where values can be negative."""
        sign = "+" if self.is_movement or self.low < 0 else ""
        return f"{self.times * value:{sign}z.{self.digits}f}"

    def spread(self, deviation: float) -> str:
        """``±`` a standard deviation in the column's unit."""
        return f"±{self.times * deviation:.{self.digits}f}"

    def interval(self, estimate: Estimate) -> str:
        """``[low, high]`` in the column's unit, empty where there is none."""
        if estimate.low is None or estimate.high is None:
            return ""
        return f"[{self.shown(estimate.low)}, {self.shown(estimate.high)}]"


def column_of(record: Record, name: str) -> Column:
    """The column called ``name``, with what ``record`` tells about its measure."""
    facts: Mapping[str, Mapping[str, Any]] = record.benchmark.get("measure_facts", {})
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


def columns_of(records: Sequence[Record]) -> tuple[Column, ...]:
    """The columns of ``records`` of one benchmark in reading order, the primary measure's family first."""
    names: dict[str, Column] = {}
    for record in records:
        for name in record.measures:
            names.setdefault(name, column_of(record, name))
    primary = next((names.get(str(record.benchmark["primary"])) for record in records), None)
    families = list(FAMILIES)

    def reading_order(column: Column) -> tuple[bool, int, bool, int]:
        stems = FAMILIES[column.family]
        place = stems.index(column.stem) if column.stem in stems else len(stems)
        leads = primary is not None and column.family == primary.family
        return (not leads, families.index(column.family), column is not primary, place)

    return tuple(sorted(names.values(), key=reading_order))


def contrasted(columns: Sequence[Column], benchmark: Mapping[str, Any]) -> tuple[Column, ...]:
    """``columns`` without those of views that stand in no contrast; all where there are no contrasts."""
    views = {view for contrast in benchmark.get("contrasts", ()) for view in contrast}
    return tuple(
        column
        for column in columns
        if not views or column.view is None or column.view in views or column.name == benchmark["primary"]
    )
