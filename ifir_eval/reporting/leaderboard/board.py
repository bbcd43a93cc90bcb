"""What the leaderboard shows, before it is a page or Markdown: boards of entries with their ranks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ifir_eval.records.column import Column
from ifir_eval.reporting.leaderboard.facts import Facts
from ifir_eval.reporting.leaderboard.ranks import Rank
from ifir_eval.statistics.estimate import Estimate


class Band(NamedTuple):
    """What a random ranking gets: where noise puts it, and its expectation, None where nobody knows it."""

    low: float
    high: float
    chance: float | None


class Cell(NamedTuple):
    """A figure as it is shown, with its interval where it has one; both empty where there is none."""

    value: str = ""
    interval: str = ""

    @classmethod
    def of(cls, column: Column, estimate: Estimate) -> Cell:
        """``estimate`` in the unit of ``column``."""
        return cls(column.shown(estimate.value), column.interval(estimate))

    def __str__(self) -> str:
        return f"{self.value} {self.interval}".rstrip()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a board. ``cells`` stand under the board's ``headers``; ``address`` leads to the source.

    ``estimate`` is the figure that decides; without an interval where none was published.
    """

    name: str
    notes: tuple[str, ...]
    source: str
    address: str
    estimate: Estimate
    rank: Rank
    cells: tuple[Cell, ...]
    facts: Facts


@dataclass(frozen=True)
class Board:
    """Entries that compare with each other, best first; ``column`` is the one that decides.

    ``is_measured`` tells our own figures from published ones. ``about`` says it in a sentence or two.
    """

    anchor: str
    title: str
    about: str
    column: Column
    is_measured: bool
    headers: tuple[str, ...]
    entries: tuple[Entry, ...] = field(repr=False)
    band: Band | None = None
