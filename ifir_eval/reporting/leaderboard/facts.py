"""What is known about a model besides its figures, where a source states it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ifir_eval.reporting.leaderboard.reading import reading

MODELS = "models.csv"
FIELDS = ("model", "parameters", "released", "licence", "type", "weights")
"""The columns of ``models.csv``."""
SIZES = {"up to 0.2 B": 0.2e9, "0.2 to 1 B": 1e9, "1 to 5 B": 5e9, "over 5 B": float("inf")}
"""Classes of size by their largest number of parameters."""
UNKNOWN = "unknown"
_BILLION, _MILLION = 1_000_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """Parameters, date of release (ISO), licence, kind of model, and ``open`` or ``closed`` weights.

    What no source states is None or empty.
    """

    parameters: int | None = None
    released: str = ""
    licence: str = ""
    type: str = ""
    weights: str = ""

    @property
    def size(self) -> str:
        """The class of size, one of `SIZES` or `UNKNOWN`."""
        if self.parameters is None:
            return UNKNOWN
        return next(name for name, most in SIZES.items() if self.parameters <= most)

    @property
    def year(self) -> str:
        """Of release, or `UNKNOWN`."""
        return self.released[:4] or UNKNOWN

    @property
    def shown_size(self) -> str:
        """Parameters as people write them: 7.1 B, 33 M, none; `UNKNOWN` where they are."""
        if not self.parameters:
            return UNKNOWN if self.parameters is None else "none"
        if self.parameters < _BILLION:
            return f"{self.parameters / _MILLION:.0f} M"
        return f"{self.parameters / _BILLION:.1f} B"

    @property
    def shown_licence(self) -> str:
        """The licence's name, or that it is one of its own, or that nobody can have the weights."""
        if "://" in self.licence:
            return "its own"
        return self.licence or ("closed weights" if self.weights == "closed" else UNKNOWN)


NOTHING = Facts()
"""All unknown."""


def read_facts(file: Path) -> Mapping[str, Facts]:
    """The facts in ``file`` (CSV, the columns of `FIELDS`) by model.

    Raises:
        InvalidInputError: if it cannot be read.
    """
    with reading(file), file.open(encoding="utf-8", newline="") as lines:
        return {
            row["model"]: Facts(
                int(row["parameters"]) if row["parameters"] else None,
                row["released"],
                row["licence"],
                row["type"],
                row["weights"],
            )
            for row in csv.DictReader(lines)
        }
