"""What the figures of one benchmark say in plain words, and what they do not settle.

The intervals are each retriever's own. Two that do not overlap settle an order; two that do leave it
open, since only a paired test over topics could still tell the retrievers apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from ifir_eval.records.record import Estimate
from ifir_eval.reporting.overview import FAMILIES, FOLLOWING, Answered, Column, Overview
from ifir_eval.reporting.text import listed


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence or two to remember, and the details behind them."""

    headline: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A retriever's place in the judged column, turned so that more is better."""

    name: str
    estimate: Estimate
    worst: float
    best: float


def verdict(overview: Overview) -> Verdict:
    """The verdict over ``overview``'s retrievers; limited runs take no part in it."""
    column = overview.judged
    judged = [answer for answer in overview.answers if answer.record.complete]
    if column is None:
        headline = "No verdict: no record holds the measure that this benchmark is judged by."
    elif not judged:
        headline = "No verdict: only limited runs, which compare with nothing."
    else:
        headline = _headline(column, _standings(column, judged))
    details = [sentence for answer in overview.answers if (sentence := _about(overview, answer))]
    left_out = [answer.name for answer in overview.answers if not answer.record.complete]
    if judged and left_out:
        details.append(f"Left out of the verdict as limited: {listed(left_out)}.")
    return Verdict(headline, tuple(details))


def _standings(column: Column, answers: list[Answered]) -> list[_Standing]:
    """Best first; a retriever without an interval may stand anywhere."""
    sign = -1 if column.higher_is_better is False else 1
    standings = []
    for answer in answers:
        if estimate := answer.record.measures.get(column.name):
            ends = (-float("inf"), float("inf"))
            if estimate.low is not None and estimate.high is not None:
                ends = (
                    min(sign * estimate.low, sign * estimate.high),
                    max(sign * estimate.low, sign * estimate.high),
                )
            standings.append(_Standing(answer.name, estimate, *ends))
    return sorted(standings, key=lambda standing: -sign * standing.estimate.value)


def _headline(column: Column, standings: list[_Standing]) -> str:
    if not standings:
        return f"No verdict: {column.label} was not measured in a whole run."
    first, *others = standings
    interval = _unbroken(column.interval(first.estimate))
    figures = f"{column.label} {column.shown(first.estimate.value)} {interval}".rstrip()
    open_to = [other.name for other in others if other.best >= first.worst]
    if column.higher_is_better is None or not others:
        order = f"{first.name} has {figures}."
    elif open_to:
        but = "its interval overlaps with that of" if interval else "no interval tells it from"
        order = f"The order is not settled: {first.name} stands first ({figures}), but {but} {listed(open_to)}."
    else:
        does = "follows instructions best" if column.stem in FAMILIES[FOLLOWING] else "ranks best"
        order = f"{first.name} {does}: {figures}; no other interval reaches its own."
    return " ".join([order, *_against_chance(column, standings)])


def _against_chance(column: Column, standings: list[_Standing]) -> list[str]:
    if column.chance is None or column.higher_is_better is None:
        return []
    level = column.chance if column.higher_is_better else -column.chance
    chance = f"chance ({column.shown(column.chance)})"
    beating = [standing.name for standing in standings if standing.worst > level]
    losing = [standing.name for standing in standings if standing.best < level]
    if len(beating) == len(standings):
        return [f"{'It is' if len(standings) == 1 else 'All are'} better than {chance}."]
    if beating:
        return [
            f"Only {listed(beating)} {'is' if len(beating) == 1 else 'are'} shown to be better than {chance}."
        ]
    if len(losing) == len(standings):
        return [f"{'It is' if len(standings) == 1 else 'All are'} worse than {chance}."]
    return [f"{'It is not' if len(standings) == 1 else 'None is'} shown to be better than {chance}."]


def _unbroken(interval: str) -> str:
    return interval.replace(" ", "\N{NO-BREAK SPACE}")


def _about(overview: Overview, answer: Answered) -> str:
    columns = {column.name: column for column in overview.columns}
    measures = answer.record.measures
    facts = []
    if lock := measures.get("topic-lock"):
        facts.append(
            f"in {lock.value:.0%} of pairs the same document wins whichever way the instruction points"
        )
    if net := measures.get("p-MRR-net"):
        parts = [name for name in ("p-MRR", "p-MRR-control", "p-MRR-net") if name in measures]
        figures = ", ".join(f"{name} {columns[name].shown(measures[name].value)}" for name in parts)
        interval = _unbroken(columns["p-MRR-net"].interval(net))
        facts.append(f"{figures} {interval} (×100): {_moved(net)}")
    return f"{answer.name}: {'; '.join(facts)}." if facts else ""


def _moved(net: Estimate) -> str:
    if net.low is None or net.high is None:
        return "nothing is settled by one topic"
    if net.low > 0:
        return "the documents that the instruction concerns moved the right way, beyond those it leaves alone"
    if net.high < 0:
        return "the documents that the instruction concerns moved less than the others, or the wrong way"
    return "the documents that the instruction concerns are not shown to move otherwise than the rest"
