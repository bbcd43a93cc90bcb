"""Has a candidate lost what its baseline had? The answer as data; sentences come last.

A rule fails only when the loss is larger than tolerated *and* a test says that this is no accident of the
topics: a one-sided paired permutation test of "loss minus tolerated loss", corrected by Holm over all rules.
A larger loss that could be an accident is undecided: a warning, with the topics that it would take.

Where a policy demands ``proven-no-loss``, the burden is reversed: a rule passes only if the test shows that the
loss is smaller than tolerated, and everything else fails. All rules have to be shown then, which needs no
correction (Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ifir_eval.comparison.compare import incomparable
from ifir_eval.comparison.policy import PROVEN_NO_LOSS, Policy
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.column import Column, columns_of
from ifir_eval.records.record import Record, TopicValues
from ifir_eval.statistics.estimate import Estimate, estimates
from ifir_eval.statistics.holm import holm
from ifir_eval.statistics.permutation import sign_flip_ps
from ifir_eval.statistics.power import detectable, topics_needed

_ROUNDING = 1e-12


class Outcome(Enum):
    """What a rule says; the gate says the worst of its rules."""

    PASSED = "passed"
    UNDECIDED = "undecided"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a policy applied to one column, and perhaps to one slice.

    ``limit`` is the tolerated loss, or the floor where ``is_floor``; ``slice`` is the slice's name and value.
    """

    column: Column
    limit: float
    is_floor: bool = False
    slice: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, what was measured for it, and what follows.

    ``shortfall`` is how far the candidate lies below what the rule compares with (the baseline's mean, or
    the floor), positive where it is worse, with its 95% interval over ``n`` topics. ``p`` is that of the test
    that decides, corrected where the demand asks for it. ``sees`` is the smallest true shortfall that would
    fail in four cases of five (80% power), all rules considered, and ``needed`` how many topics it would take
    to decide about the shortfall seen; None where that is no question.
    """

    rule: Rule
    outcome: Outcome
    baseline: float | None
    candidate: float
    shortfall: float
    low: float | None
    high: float | None
    n: int
    p: float
    sees: float | None
    needed: int | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of a gate: its findings in the policy's order."""

    baseline: Record
    candidate: Record
    policy: Policy
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of the rules' outcomes."""
        outcomes = {finding.outcome for finding in self.findings}
        return next(
            outcome for outcome in (Outcome.FAILED, Outcome.UNDECIDED, Outcome.PASSED) if outcome in outcomes
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """A rule and, by topic, how far the candidate falls short."""

    rule: Rule
    shortfalls: NDArray[np.float64]
    baseline: float | None
    candidate: float

    @property
    def tolerated(self) -> float:
        return 0.0 if self.rule.is_floor else self.rule.limit


def judge(baseline: Record, candidate: Record, policy: Policy) -> Judgement:
    """Hold ``candidate`` to ``policy`` against ``baseline``.

    Raises:
        InvalidInputError: if that cannot be verified: records that do not compare, columns or slices that
            they do not have.
    """
    problems = [Problem(reason) for reason in incomparable([baseline, candidate])]
    if problems:
        raise InvalidInputError("gate", problems)
    cases = _cases(baseline, candidate, policy)
    proof = policy.demand == PROVEN_NO_LOSS
    beyond = [_rounded(case.shortfalls - case.tolerated) for case in cases]
    ps = sign_flip_ps([-each if proof else each for each in beyond], one_sided=True)
    means = _estimates(cases)
    tests = _Tests(policy, 1 if proof else len(cases))
    decided = zip(cases, means, ps if proof else holm(ps), strict=True)
    return Judgement(baseline, candidate, policy, tuple(_finding(*each, tests) for each in decided))


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """0.5 - 0.48 is more than 0.02 by 2e-17, and so in every topic; that proves nothing."""
    return np.where(np.abs(values) < _ROUNDING, 0.0, values)


@dataclass(frozen=True, slots=True)
class _Tests:
    """The policy, and how many tests share its error rate."""

    policy: Policy
    shared_by: int

    def outcome(self, beyond: float, p: float) -> Outcome:
        proven = p <= 1 - self.policy.confidence
        if self.policy.demand == PROVEN_NO_LOSS:
            return Outcome.PASSED if proven else Outcome.FAILED
        if beyond < _ROUNDING:
            return Outcome.PASSED
        return Outcome.FAILED if proven else Outcome.UNDECIDED

    @property
    def two_sided(self) -> float:
        """The level of a two-sided test that is as strict as one of these in its one direction."""
        return 2 * (1 - self.policy.confidence) / self.shared_by


def _finding(case: _Case, mean: Estimate, p: float, tests: _Tests) -> Finding:
    beyond = mean.value - case.tolerated
    outcome = tests.outcome(beyond, p)
    proof = tests.policy.demand == PROVEN_NO_LOSS
    unclear = outcome is Outcome.UNDECIDED or (proof and outcome is Outcome.FAILED and beyond < 0)
    least = detectable(case.shortfalls, significance=tests.two_sided)
    return Finding(
        rule=case.rule,
        outcome=outcome,
        baseline=case.baseline,
        candidate=case.candidate,
        shortfall=mean.value,
        low=mean.low,
        high=mean.high,
        n=mean.n,
        p=p,
        sees=None if proof or least is None else case.tolerated + least,
        needed=_more_topics(case.shortfalls, abs(beyond), tests.two_sided) if unclear else None,
    )


def _more_topics(shortfalls: NDArray[np.float64], size: float, significance: float) -> int | None:
    needed = topics_needed(shortfalls, size, significance=significance)
    return None if needed is None else max(needed, len(shortfalls) + 1)


def _estimates(cases: Sequence[_Case]) -> list[Estimate]:
    """The mean shortfall of each case with its interval, all in one go."""
    columns = {
        f"{place}": {f"{topic}": value for topic, value in enumerate(case.shortfalls.tolist())}
        for place, case in enumerate(cases)
    }
    topics = range(max(len(case.shortfalls) for case in cases))
    found = estimates(columns, [f"{topic}" for topic in topics])
    return [found[place] for place in columns]


def _cases(baseline: Record, candidate: Record, policy: Policy) -> list[_Case]:
    """Every rule of the policy on every column and slice that it concerns.

    Raises:
        InvalidInputError: for rules that concern nothing. Of the usual policy, those about a measure that
            neither record has are passed over instead: its benchmark does not carry it.
    """
    cases: list[_Case] = []
    problems: list[Problem] = []
    for line in _lines(candidate, policy):
        found = [case for rule in line.rules if (case := _case(baseline, candidate, rule)) is not None]
        cases += found
        pair = {"baseline": baseline, "candidate": candidate}
        lacking = [who for who, record in pair.items() if not _has(record, line.measure)]
        if not found and not (policy.is_default and len(lacking) == len(pair)):
            who = f"the {lacking[0]} has" if len(lacking) == 1 else "the records have"
            problems.append(
                Problem(
                    f"{who} no {line.what}, which the policy asks for; measure it, or judge by a --policy "
                    "without it"
                )
            )
    if not cases and not problems:
        problems.append(Problem("the records have no measure that the usual policy asks for; write a --policy"))
    if problems:
        raise InvalidInputError("gate", problems)
    return cases


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a policy, and the rules that it makes for a record."""

    measure: str
    rules: Sequence[Rule]
    where: str = ""

    @property
    def what(self) -> str:
        return f"measure {self.measure!r}{self.where}"


def _lines(record: Record, policy: Policy) -> Iterator[_Line]:
    columns = columns_of([record])
    for name, margin in policy.loss.items():
        yield _Line(name, [Rule(column, margin) for column in _named(name, columns, policy.loss)])
    for name, floor in policy.floor.items():
        found = _named(name, columns, policy.floor)
        yield _Line(name, [Rule(column, floor, is_floor=True) for column in found])
    for line in policy.slices:
        existing = {row.slices[line.name] for row in record.topics if line.name in row.slices}
        values = sorted(existing) if line.value is None else [line.value]
        for name, margin in line.loss.items():
            found = _named(name, columns, line.loss)
            rules = [Rule(column, margin, slice=(line.name, value)) for value in values for column in found]
            yield _Line(name, rules, f" in the slice {line.name}: {line.value or 'any'}")


def _has(record: Record, measure: str) -> bool:
    """Whether some topic has a value in the measure's columns, or in the column of this name."""
    return any(measure in {name, name.partition("[")[0]} for row in record.topics for name in row.values)


def _named(name: str, columns: Sequence[Column], rules: Mapping[str, float]) -> list[Column]:
    """The column called ``name``, or those of the measure called so that have no rule of their own."""
    return [c for c in columns if name == c.name or (name == c.base and c.name not in rules)]


def _case(baseline: Record, candidate: Record, rule: Rule) -> _Case | None:
    """None where no topic has the rule's column and slice."""
    name = rule.column.name
    if rule.column.higher_is_better is None:
        raise InvalidInputError("gate", [Problem(f"{name} has no good direction, so that nothing can be lost")])
    upwards = 1.0 if rule.column.higher_is_better else -1.0
    before, after = (_values(record, rule) for record in (baseline, candidate))
    topics = after.keys() if rule.is_floor else before.keys() & after.keys()
    if not topics:
        return None
    ordered = [topic for topic in after if topic in topics]
    new = np.array([after[topic] for topic in ordered])
    old = np.full(len(new), rule.limit) if rule.is_floor else np.array([before[topic] for topic in ordered])
    baseline_mean = None if rule.is_floor else float(old.mean())
    return _Case(rule, upwards * (old - new), baseline_mean, float(new.mean()))


def _values(record: Record, rule: Rule) -> Mapping[str, float]:
    rows: Sequence[TopicValues] = record.topics
    if rule.slice:
        name, value = rule.slice
        rows = [row for row in rows if row.slices.get(name) == value]
    return {row.topic: row.values[rule.column.name] for row in rows if rule.column.name in row.values}
