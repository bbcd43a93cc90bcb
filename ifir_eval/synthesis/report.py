"""What became of the rows of a job, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ifir_eval.synthesis.asking import Effort
from ifir_eval.synthesis.journal import Outcome
from ifir_eval.training.rows import Row

EXAMPLES = 3
"""Examples of each reason."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens read and written, in any currency; None where nobody said."""

    read: float | None = None
    written: float | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A row that was not kept: what it asked, what was written, and the answer that could not be used."""

    pair_id: str
    query: str
    instruction: str
    written: tuple[str, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the judge agrees with the rows of one view; counts of claims, ``untold`` where it cannot tell."""

    view: str
    claims: int
    holding: int
    positives: int
    positives_agreed: int
    breaking: int
    breaking_agreed: int
    untold: int


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of source rows, unless said otherwise.

    ``read`` splits into ``unusable`` (by reason) and ``asked``; the latter into ``refused`` (by reason) and
    ``written``; and that, where there is a judge, into ``rejected`` (by reason) and ``kept``. ``rows`` are
    the rows that come out. ``cost`` needs both prices and a server that says all its tokens.
    """

    read: int
    unusable: Mapping[str, int]
    asked: int
    refused: Mapping[str, int]
    written: int
    rejected: Mapping[str, int]
    kept: int
    rows: int
    agreement: tuple[Agreement, ...]
    effort: Effort
    judge_effort: Effort
    cost: float | None
    examples: Mapping[str, tuple[Example, ...]]

    @property
    def survival(self) -> float:
        """The share of the written that the judge lets through, 0 to 1."""
        return self.kept / self.written if self.written else 0.0


def reported(
    rows: Sequence[Row], lacks: Mapping[int, str], outcomes: Sequence[Outcome], prices: Prices
) -> Report:
    """Count; ``lacks`` are the reasons against each position, ``outcomes`` those of the others."""
    rejected = [outcome for outcome in outcomes if outcome.reason and outcome.findings]
    refused = [outcome for outcome in outcomes if outcome.reason and not outcome.findings]
    kept = [outcome for outcome in outcomes if not outcome.reason]
    effort = _sum(outcome.effort for outcome in outcomes)
    judge_effort = _sum(finding.effort for outcome in outcomes for finding in outcome.findings)
    return Report(
        read=len(rows),
        unusable=_counted(filter(None, lacks.values())),
        asked=len(outcomes),
        refused=_counted(outcome.reason for outcome in refused),
        written=len(rejected) + len(kept),
        rejected=_counted(outcome.reason for outcome in rejected),
        kept=len(kept),
        rows=sum(len(outcome.rows) for outcome in kept),
        agreement=tuple(_agreement(outcomes)),
        effort=effort,
        judge_effort=judge_effort,
        cost=_cost(_sum([effort, judge_effort]), prices),
        examples=_examples(rows, [*refused, *rejected]),
    )


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    """The most frequent first."""
    return dict(Counter(reasons).most_common())


def _sum(efforts: Iterable[Effort]) -> Effort:
    total = Effort()
    for effort in efforts:
        total.requests += effort.requests
        total.tokens_read += effort.tokens_read
        total.tokens_written += effort.tokens_written
        total.untold += effort.untold
    return total


def _cost(effort: Effort, prices: Prices) -> float | None:
    if prices.read is None or prices.written is None or effort.untold:
        return None
    return (effort.tokens_read * prices.read + effort.tokens_written * prices.written) / 1e6


def _agreement(outcomes: Sequence[Outcome]) -> Iterator[Agreement]:
    findings = [finding for outcome in outcomes for finding in outcome.findings]
    for view in dict.fromkeys(finding.view for finding in findings):
        of_view = [finding for finding in findings if finding.view == view]
        parts = [part for finding in of_view for part in finding.breaking]
        yield Agreement(
            view=view,
            claims=len(of_view),
            holding=sum(finding.holds for finding in of_view),
            positives=len(of_view),
            positives_agreed=sum(finding.positive is True for finding in of_view),
            breaking=len(parts),
            breaking_agreed=parts.count(True),
            untold=sum(finding.positive is None or None in finding.breaking for finding in of_view),
        )


def _examples(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> dict[str, tuple[Example, ...]]:
    by_reason: dict[str, list[Example]] = {}
    for outcome in outcomes:
        some = by_reason.setdefault(outcome.reason, [])
        if len(some) < EXAMPLES:
            row = rows[outcome.position]
            new = tuple(
                f"{written.query}: {written.instruction}" if written.query != row.query else written.instruction
                for written in outcome.written
                if (written.query, written.instruction) != (row.query, row.instruction)
            )
            some.append(Example(row.pair_id, row.query, row.instruction, new, outcome.detail))
    return {reason: tuple(some) for reason, some in by_reason.items()}
