"""The answer of a study in words: who exceeds whom by how much, and whether that may be chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ifir_eval.comparison.compare import SIGNIFICANCE
from ifir_eval.records.column import Column
from ifir_eval.training.study.cells import BASE, Arm
from ifir_eval.training.study.contrasts import Contrast, contrasts
from ifir_eval.training.study.definition import Pair
from ifir_eval.training.study.results import GENERAL, Question, Results, Value

_LEAST_P = 0.001


@dataclass(frozen=True)
class Findings:
    """Results with the tests of every leading question, computed once for table, words and page."""

    results: Results

    @cached_property
    def contrasts(self) -> Mapping[Question, tuple[Contrast, ...]]:
        """Every pair in every leading question."""
        return {question: contrasts(self.results, question) for question in self.results.leading()}

    def contrast(self, question: Question, old: Arm, new: Arm) -> Contrast | None:
        """The test of this pair, whichever of the two was taken as the older one there."""
        return next((one for one in self.contrasts[question] if {one.old, one.new} == {old, new}), None)


class Answer(NamedTuple):
    """What two arms differ in, and what may be chance; as text it is one sentence."""

    asked: str
    differences: Sequence[str]
    chance: Sequence[str]

    def __str__(self) -> str:
        chance = [f"may be chance: {', '.join(self.chance)}"] if self.chance else []
        return f"{self.asked}: {'; '.join([*self.differences, *chance])}."


def answers(findings: Findings) -> list[Answer]:
    """An answer for each pair that the study asks for, at each budget; the headline's first.

    Without such pairs, each mix is told against the one before it in the file, the first against the base.
    """
    study = findings.results.study
    names = [BASE, *(mix.name for mix in study.mixes)]
    asked = study.compare or tuple(Pair(new, old) for old, new in pairwise(names))
    told = (
        _answer(
            findings,
            f"At {budget}{_of(base, study.bases)}, {pair.new} against {pair.old}",
            old=_arm(base, pair.old, budget),
            new=_arm(base, pair.new, budget),
        )
        for pair in asked
        for base in study.bases
        for budget in map(str, study.budgets)
    )
    return [answer for answer in told if answer.differences or answer.chance]


def _of(base: str, bases: Sequence[str]) -> str:
    return f" of {base}" if len(bases) > 1 else ""


def _arm(base: str, mix: str, budget: str) -> Arm:
    return Arm(base, mix, "" if mix == BASE else budget)


def _answer(findings: Findings, asked: str, *, old: Arm, new: Arm) -> Answer:
    """What ``new`` has over ``old`` in each question that is told."""
    results = findings.results
    differ, chance = [], []
    for question in results.told():
        before, after = (results.value(arm, question) for arm in (old, new))
        contrast = findings.contrast(question, old, new)
        if before is None or after is None or contrast is None:
            continue
        column = question.column
        change = column_change(column, after.estimate.value - before.estimate.value)
        what = column.label if question.benchmark == GENERAL else f"{question.benchmark} {column.label}"
        what = f"{GENERAL} ({what})" if question.benchmark == GENERAL else what
        if _corrected(contrast) > SIGNIFICANCE:
            chance.append(f"{what} {change} ({_shown_ps(contrast)})")
            continue
        unknown = "; the seeds' chance is not known" if contrast.p_seeds is None else ""
        differ.append(
            f"{what} {change}{_relative(column, before, after)}, {column.shown(after.estimate.value)} against "
            f"{column.shown(before.estimate.value)} ({_shown_ps(contrast)}{unknown})"
        )
    return Answer(asked, differ, chance)


def column_change(column: Column, value: float) -> str:
    """A difference in the column's unit, with its sign."""
    return column.shown(value) if column.is_movement else f"{value:+z.3f}"


def _relative(column: Column, before: Value, after: Value) -> str:
    """The relative change of p-MRR where the old value is safely above 0: near it percentages explode."""
    low = before.estimate.low
    if not column.is_movement or low is None or low <= 0:
        return ""
    return f" ({after.estimate.value / before.estimate.value - 1:+.0%})"


def _corrected(contrast: Contrast) -> float:
    """P among the planned pairs, or among all where this is none of them."""
    return contrast.p_holm if contrast.p_planned is None else contrast.p_planned


def _shown_ps(contrast: Contrast) -> str:
    corrected = shown_p(_corrected(contrast)).removeprefix("p = ").removeprefix("p ")
    return f"{shown_p(contrast.p)}, after Holm {corrected}"


def shown_p(p: float) -> str:
    """``p = 0.012``, or ``p < 0.001``."""
    return f"p < {_LEAST_P:g}" if p < _LEAST_P else f"p = {p:.2g}"
