"""What a gate tolerates: a small TOML file, or a table of a project's own file.

::

    confidence = 0.95            # of every statement; default
    demand = "no-proven-loss"    # default; or "proven-no-loss": a loss within the margin has to be shown

    [loss]                       # by how much a column may get worse; a measure's name stands for those of its
    "swap-accuracy" = 0.02       # columns that are not named themselves
    "p-MRR" = 0.01
    "nDCG@10" = 0.005
    "placebo-drift" = 0.05       # lower is better: a rise is the loss

    [floor]                      # what it must not be below, whatever the baseline was
    "swap-accuracy" = 0.25

    [[slice]]                    # likewise for each value of a slice, or for one
    name = "constraint"
    value = "exclusion"
    loss = { "swap-accuracy" = 0.05 }
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ifir_eval.errors import InvalidInputError, Problem

NO_PROVEN_LOSS, PROVEN_NO_LOSS = "no-proven-loss", "proven-no-loss"
DEMANDS = (NO_PROVEN_LOSS, PROVEN_NO_LOSS)
_USUAL = {
    "swap-accuracy": 0.02,
    "p-MRR": 0.01,
    "nDCG@10": 0.005,
    "paraphrase-drift": 0.05,
    "placebo-drift": 0.05,
}
_TABLES = {"ifir-eval.toml": ("gate",), "pyproject.toml": ("tool", "ifir-eval", "gate")}
"""Where the files of a project hold a policy; a file of any other name is one."""
_KEYS = {"confidence", "demand", "loss", "floor", "slice"}
_SLICE_KEYS = {"name", "value", "loss"}


@dataclass(frozen=True, slots=True)
class SliceRule:
    """Tolerated losses within a slice; ``value`` is None where every value of it is meant."""

    name: str
    value: str | None
    loss: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Policy:
    """Tolerated losses and floors by column or measure, as fractions of the measure's own scale.

    The usual margins bound the drifts as well: noise raises swap accuracy towards a random ranking's 0.25 where
    a retriever has less, and only its rankings' drift gives it away.
    """

    loss: Mapping[str, float] = field(default_factory=lambda: dict(_USUAL))
    floor: Mapping[str, float] = field(default_factory=dict)
    slices: tuple[SliceRule, ...] = ()
    confidence: float = 0.95
    demand: str = NO_PROVEN_LOSS
    is_default: bool = False
    """Nobody wrote it: a measure that the benchmark does not carry is then no mistake."""


def policy_of(file: Path | None, folder: Path) -> Policy:
    """The policy in ``file``; without one, that of the project in ``folder``, else the usual margins.

    Raises:
        InvalidInputError: with everything that is wrong with it, or if a file of the project cannot be read.
    """
    found = file or in_project(folder)
    return Policy(is_default=True) if found is None else read_policy(found)


def in_project(folder: Path) -> Path | None:
    """The project file of ``folder`` that holds a policy, None if none does; ifir-eval.toml goes first.

    Raises:
        InvalidInputError: if one of them cannot be read, for nobody knows what it tolerates.
    """
    files = (folder / name for name in _TABLES)
    return next((file for file in files if file.exists() and _table(file) is not None), None)


def _table(file: Path) -> dict[str, Any] | None:
    """The policy as it stands in ``file``, in a table of it where that is a project's own; None without one."""
    try:
        # With the mark that editors on Windows put before everything.
        found: Any = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InvalidInputError("gate policy", [Problem(f"cannot be read: {error}", str(file))]) from error
    path = ""
    for key in _TABLES.get(file.name, ()):
        path = f"{path}.{key}".lstrip(".")
        found = found.get(key)
        if found is None:
            return None
        if not isinstance(found, dict):
            raise InvalidInputError("gate policy", [Problem(f"{path} is no table", str(file))])
    table: dict[str, Any] = found
    return table


def read_policy(file: Path) -> Policy:
    """The policy in ``file``: a file of its own, or ``gate`` in ifir-eval.toml or [tool.ifir-eval].

    Raises:
        InvalidInputError: with everything that is wrong with it.
    """
    table = _table(file) or {}
    if problems := [Problem(text, str(file)) for text in _mistakes(table)]:
        raise InvalidInputError("gate policy", problems)
    slices = (SliceRule(rule["name"], rule.get("value"), rule["loss"]) for rule in table.get("slice", ()))
    return Policy(
        loss=table.get("loss", {}),
        floor=table.get("floor", {}),
        slices=tuple(slices),
        confidence=table.get("confidence", 0.95),
        demand=table.get("demand", NO_PROVEN_LOSS),
    )


def _mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(table.keys() - _KEYS):
        yield f"there is no setting {key!r}; existing: {', '.join(sorted(_KEYS))}"
    confidence = table.get("confidence", 0.95)
    if not (_is_number(confidence) and 0.5 < confidence < 1):  # noqa: PLR2004 - below, the toss of a coin
        yield f"confidence is {confidence!r}, but must lie between 0.5 and 1"
    if table.get("demand", NO_PROVEN_LOSS) not in DEMANDS:
        yield f"demand is {table['demand']!r}, but must be one of {', '.join(DEMANDS)}"
    yield from _wrong_margins("loss", table.get("loss", {}), least=0.0)
    yield from _wrong_margins("floor", table.get("floor", {}), least=-math.inf)
    rules = table.get("slice", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        yield from _wrong_slice(rule)
    if table.get("demand") == PROVEN_NO_LOSS:
        yield from (f"a loss of 0 in {name!r} can never be proven; tolerate a little" for name in _zeros(table))
    if not any(table.get(key) for key in ("loss", "floor", "slice")):
        yield "it has no rule: write a [loss], a [floor] or a [[slice]]"


def _wrong_slice(rule: object) -> Iterator[str]:
    if not (isinstance(rule, dict) and isinstance(rule.get("name"), str) and rule.get("loss")):
        yield f"a [[slice]] needs a name and a loss, this has not: {rule!r}"
        return
    for key in sorted(rule.keys() - _SLICE_KEYS):
        yield f"a [[slice]] has no setting {key!r}; existing: {', '.join(sorted(_SLICE_KEYS))}"
    if not isinstance(rule.get("value", ""), str):
        yield f"the value of slice {rule['name']} is {rule['value']!r}, but must be a text"
    yield from _wrong_margins(f"loss of slice {rule['name']}", rule["loss"], least=0.0)


def _zeros(table: Mapping[str, Any]) -> list[str]:
    slices = table.get("slice", [])
    rules = [table, *(slices if isinstance(slices, list) else [])]
    losses = [rule["loss"] for rule in rules if isinstance(rule, dict) and isinstance(rule.get("loss"), dict)]
    return [name for loss in losses for name, margin in loss.items() if margin == 0]


def _wrong_margins(what: str, table: object, least: float) -> Iterator[str]:
    if not isinstance(table, dict):
        yield f"{what} must be a table of columns with numbers"
        return
    for name, margin in table.items():
        if not (_is_number(margin) and margin >= least and math.isfinite(margin)):
            yield f"{what} of {name!r} is {margin!r}, but must be a number" + (
                " of at least 0" if least == 0 else ""
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
