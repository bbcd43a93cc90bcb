"""Has a candidate lost what its baseline had? The answer as data; sentences come last.

A rule fails only when the loss is larger than tolerated *and* a test says that this is no accident of the
topics: a one-sided paired permutation test of "loss minus tolerated loss", corrected by Holm over all rules.
A larger loss that could be an accident is undecided: a warning, with the topics that it would take. Where a
policy demands ``proven-no-loss``, the burden is reversed: a rule passes only if the test shows that the loss
is smaller than tolerated.
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
from ifir_eval.statistics.bootstrap import intervals
from ifir_eval.statistics.holm import holm
from ifir_eval.statistics.permutation import sign_flip_p
from ifir_eval.statistics.power import detectable, topics_needed


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
    the floor), positive where it is worse, with its 95% interval over ``n`` topics. ``p`` is the corrected p
    of the test that decides. ``sees`` is the smallest true loss that these topics would show at 80% power,
    and ``needed`` how many it would take to decide about the shortfall seen; None where that is no question.
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
    sign = -1 if policy.demand == PROVEN_NO_LOSS else 1
    tests = [sign_flip_p(sign * (case.shortfalls - case.tolerated), one_sided=True) for case in cases]
    corrected = holm(tests)
    findings = (_finding(case, p, policy) for case, p in zip(cases, corrected, strict=True))
    return Judgement(baseline, candidate, policy, tuple(findings))


def _finding(case: _Case, p: float, policy: Policy) -> Finding:
    significance = 1 - policy.confidence
    shortfall = float(case.shortfalls.mean())
    beyond = shortfall - case.tolerated
    proven = p <= significance
    if policy.demand == PROVEN_NO_LOSS:
        outcome = Outcome.PASSED if proven else Outcome.FAILED if beyond > 0 else Outcome.UNDECIDED
    else:
        outcome = Outcome.PASSED if beyond <= 0 else Outcome.FAILED if proven else Outcome.UNDECIDED
    low, high = (float(end[0]) for end in intervals(case.shortfalls[:, None]))
    undecided = outcome is Outcome.UNDECIDED
    return Finding(
        rule=case.rule,
        outcome=outcome,
        baseline=case.baseline,
        candidate=case.candidate,
        shortfall=shortfall,
        low=None if np.isnan(low) else low,
        high=None if np.isnan(high) else high,
        n=len(case.shortfalls),
        p=p,
        sees=detectable(case.shortfalls),
        needed=topics_needed(case.shortfalls, abs(beyond)) if undecided else None,
    )


def _cases(baseline: Record, candidate: Record, policy: Policy) -> list[_Case]:
    """Every rule of the policy on every column and slice that it concerns.

    Raises:
        InvalidInputError: for rules that concern nothing.
    """
    cases: list[_Case] = []
    problems: list[Problem] = []
    for name, rules in _rules(candidate, policy):
        found = [case for rule in rules if (case := _case(baseline, candidate, rule)) is not None]
        cases += found
        if not found and not policy.is_default:
            problems.append(Problem(f"the records have no {name}, which the policy asks for"))
    if not cases and not problems:
        problems.append(Problem("the records have no measure that the usual policy asks for; write a --policy"))
    if problems:
        raise InvalidInputError("gate", problems)
    return cases


def _rules(record: Record, policy: Policy) -> Iterator[tuple[str, list[Rule]]]:
    """What each line of the policy is called, and the rules that it makes for ``record``."""
    columns = columns_of([record])

    def named(name: str) -> list[Column]:
        return [column for column in columns if name in {column.name, column.base}]

    for name, margin in policy.loss.items():
        yield f"measure {name!r}", [Rule(column, margin) for column in named(name)]
    for name, floor in policy.floor.items():
        yield f"measure {name!r}", [Rule(column, floor, is_floor=True) for column in named(name)]
    for line in policy.slices:
        existing = {row.slices[line.name] for row in record.topics if line.name in row.slices}
        values = sorted(existing) if line.value is None else [line.value]
        for name, margin in line.loss.items():
            rules = [Rule(c, margin, slice=(line.name, value)) for value in values for c in named(name)]
            yield f"measure {name!r} in the slice {line.name}: {line.value or 'any'}", rules


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
