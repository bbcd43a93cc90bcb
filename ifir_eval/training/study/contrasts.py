"""Each pair of mixes at each budget: is the one better than the other?

p is the larger of two, so that a difference counts only if both kinds of chance are excluded (an
intersection-union test, which keeps its level: Berger, Technometrics 24, 1982).

Over topics: the paired permutation test on values that were averaged over seeds. Over topics and seeds:
training is random as well, and the mean difference has the variance s_topics^2 / n_topics + s_new^2 / n_new +
s_old^2 / n_old, where s_new and s_old are the standard deviations of the seeds' means; divided by its root,
it is taken as Student's t with Satterthwaite's degrees of freedom (crossed random effects, as in Clark, "The
language-as-fixed-effect fallacy", 1973; the interaction is counted in each term, which errs on the safe
side). The base model was not trained and adds no variance. An arm of one seed tells nothing of its own
chance: then only the first p is known, and the page says so.

Holm's correction goes over all pairs at all budgets of one question: each question is a table of its own. The
pairs that the study names beforehand (``compare``) are planned comparisons, and corrected among themselves as
well: they are told in words, while the table searches all pairs.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

from ifir_eval.comparison.compare import SIGNIFICANCE
from ifir_eval.comparison.paired import Difference, Named, Pair, differences
from ifir_eval.statistics.holm import holm
from ifir_eval.training.study.cells import Arm
from ifir_eval.training.study.results import Question, Results, is_base


@dataclass(frozen=True, slots=True)
class Contrast:
    """``new`` against ``old``, two arms of one base at one budget (or the base itself), in one question.

    ``p_topics`` leaves the seeds' chance out, ``p_seeds`` counts it in and is None where an arm has one seed
    only; ``p`` is the larger one, ``p_holm`` that corrected over all pairs, ``p_planned`` over those which the
    study names, None for the others.
    """

    question: Question
    old: Arm
    new: Arm
    difference: Difference
    p_topics: float
    p_seeds: float | None
    p_holm: float
    p_planned: float | None = None

    @property
    def p(self) -> float:
        """Before the correction."""
        return max(self.p_topics, self.p_seeds or 0.0)

    @property
    def is_significant(self) -> bool:
        """Whether the question's whole table may call it a difference."""
        return self.p_holm <= SIGNIFICANCE

    @property
    def budget(self) -> str:
        """At which the two were trained."""
        return self.new.budget or self.old.budget


def contrasts(results: Results, question: Question) -> tuple[Contrast, ...]:
    """Every pair in ``question``: of the base and the mixes at each budget, the earlier one as ``old``."""
    name = question.column.name
    pairs = [
        (old, new)
        for base in results.study.bases
        for budget in map(str, results.study.budgets)
        for old, new in combinations(_at(results, question, base, budget), 2)
    ]
    records = {arm: Named(arm.mix, results.averaged[arm, question.benchmark].record) for arm in results.arms}
    found = differences([Pair(question.column, records[old], records[new]) for old, new in pairs])
    raw = []
    for (old, new), one in zip(pairs, found, strict=True):
        seeds = [
            results.averaged[arm, question.benchmark].value(name) for arm in (old, new) if not is_base(arm)
        ]
        p_seeds = _p_seeds(one, [value.seeds for value in seeds if value])
        raw.append(Contrast(question, old, new, one, one.p, p_seeds, p_holm=1.0))
    planned = [one for one in raw if _is_planned(results, one)]
    p_planned = {(one.old, one.new): p for one, p in zip(planned, _holm(planned), strict=True)}
    return tuple(
        replace(one, p_holm=p, p_planned=p_planned.get((one.old, one.new)))
        for one, p in zip(raw, _holm(raw), strict=True)
    )


def _holm(found: Sequence[Contrast]) -> list[float]:
    return holm([one.p for one in found])


def _is_planned(results: Results, one: Contrast) -> bool:
    return any({*pair} == {one.old.mix, one.new.mix} for pair in results.study.compare)


def _at(results: Results, question: Question, base: str, budget: str) -> list[Arm]:
    """The base and its mixes at ``budget``, as far as they have an answer."""
    return [
        arm
        for arm in results.arms
        if arm.base == base and (is_base(arm) or arm.budget == budget) and results.value(arm, question)
    ]


class _Term(NamedTuple):
    """A part of the variance of a mean, and its degrees of freedom."""

    variance: float
    freedom: int


def _p_seeds(difference: Difference, seeds: Sequence[Sequence[float]]) -> float | None:
    """P of a mean difference by the chance of topics and of the arms' seeds; None where an arm has one seed."""
    samples = [list(difference.topics.values()), *seeds]
    if any(len(values) == 1 for values in samples):
        return None
    terms = [_Term(statistics.variance(values) / len(values), len(values) - 1) for values in samples]
    return _two_sided(difference.estimate.value, terms)


def _two_sided(mean: float, terms: Sequence[_Term]) -> float:
    """P of ``mean`` against 0 by Student's t with Satterthwaite's degrees of freedom."""
    from scipy.stats import t  # noqa: PLC0415 - slow to import

    variance = sum(term.variance for term in terms)
    if variance == 0:
        return float(mean == 0)
    freedom = variance**2 / sum(term.variance**2 / term.freedom for term in terms)
    return float(2 * t.sf(abs(mean) / math.sqrt(variance), freedom))
