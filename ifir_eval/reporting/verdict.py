"""What the figures of one benchmark say in plain words, and what they do not settle.

Nobody is ranked before they are shown to follow. Swap accuracy rises with noise: a ranking that ignores
the instruction gets 0, a random one 0.25, so that below chance a higher value is no better. The intervals
are each retriever's own. Two that do not overlap settle an order; two that do leave it open, since only a
paired test over topics could still tell the retrievers apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from ifir_eval.records.column import QUALITY, Column
from ifir_eval.records.record import Estimate
from ifir_eval.reporting.overview import Answered, Overview
from ifir_eval.reporting.text import listed

ENOUGH = 20
"""Topics below which no verdict rests on an interval.

In simulations, 95% BCa intervals held the mean of normal values (of yes-or-no values of mean 0.1) in 93%
(87%) of cases at 20 topics, 92% (76%) at 14, 84% (41%) at 5.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence or two to remember, and the details behind them."""

    headline: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A retriever's place in the judged column, its interval turned so that more is better."""

    name: str
    estimate: Estimate
    worst: float
    best: float


def verdict(overview: Overview) -> Verdict:
    """The verdict over ``overview``'s retrievers, without those whose figures cannot carry one."""
    details = [sentence for answer in overview.answers if (sentence := _about(overview, answer))]
    column = overview.judged
    if column is None:
        return Verdict(f"No verdict: {_nothing_to_judge(overview)}.", tuple(details))
    if column.higher_is_better is None or (_level(column) is None and column.family != QUALITY):
        unknown = f"what {column.label} a ranking gets that ignores the instruction is not known"
        return Verdict(f"No verdict: {unknown}.", tuple(details))
    reasons = {answer.name: _unfit(column, answer) for answer in overview.answers}
    standings = _standings(column, [answer for answer in overview.answers if not reasons[answer.name]])
    if not standings:
        headline = f"No verdict on {column.label}: {'; '.join(dict.fromkeys(reasons.values()))}."
        return Verdict(headline, tuple(details))
    if left_out := [f"{name} ({reason})" for name, reason in reasons.items() if reason]:
        details.append(f"Left out of the verdict: {listed(left_out)}.")
    return Verdict(_headline(overview, column, standings), tuple(details))


def _nothing_to_judge(overview: Overview) -> str:
    if any(column.name == overview.primary for column in overview.columns):
        return (
            f"{overview.primary} alone rewards any damage to the second ranking, and p-MRR-net was not measured"
        )
    return "no record holds the measure that this benchmark is judged by"


def _unfit(column: Column, answer: Answered) -> str:
    """Why ``answer`` can take no part in the verdict; empty if it can."""
    estimate = answer.record.measures.get(column.name)
    if not answer.record.complete:
        return "a limited run compares with nothing"
    if answer.record.missing_queries:
        return "some queries were not answered"
    if estimate is None:
        return "not measured"
    if 0 < estimate.n < ENOUGH:
        return _too_few(estimate)
    return "" if estimate.low is not None else "without an interval nothing is settled"


def _level(column: Column) -> float | None:
    """What a ranking gets that never read the instruction: chance, and 0 where values have a sign.

    None where that is not known. Right-rank is one: it looks at a single view, in which a ranking may
    prefer the relevant documents for reasons of its own.
    """
    if column.chance is not None and column.stem != "right-rank":
        return column.chance
    return 0.0 if column.low < 0 else None


def _standings(column: Column, answers: list[Answered]) -> list[_Standing]:
    """Best first."""
    sign = column.sign
    standings = []
    for answer in answers:
        estimate = answer.record.measures[column.name]
        if estimate.low is not None and estimate.high is not None:
            worst, best = sorted((sign * estimate.low, sign * estimate.high))
            standings.append(_Standing(answer.name, estimate, worst, best))
    return sorted(standings, key=lambda standing: -sign * standing.estimate.value)


def _headline(overview: Overview, column: Column, standings: list[_Standing]) -> str:
    level = _level(column)
    if level is None:
        return _order(column, standings, standings, does="ranks best")
    shown = [standing for standing in standings if standing.worst > column.sign * level]
    against = f"against {column.shown(level)} {'for ignoring it' if column.chance is None else 'by chance'}"
    if not shown:
        return " ".join([_none_shown(column, standings, against), *_locked(overview, standings)])
    if len(shown) == 1:
        (one,) = shown
        who = one.name if len(standings) == 1 else f"Of {len(standings)}, only {one.name}"
        return f"{who} is shown to follow the instruction: {_figures(column, one)}, {against}."
    order = _order(column, shown, standings, does="follows the instruction best")
    follow = "All" if len(shown) == len(standings) else f"Only {listed([one.name for one in shown])}"
    return f"{order} {follow} are shown to follow it, {against}."


def _order(column: Column, ranked: list[_Standing], standings: list[_Standing], *, does: str) -> str:
    """Who is first of ``ranked``, if the interval of no other of ``standings`` reaches the first one's."""
    first = ranked[0]
    figures = _figures(column, first)
    open_to = [other.name for other in standings if other is not first and other.best >= first.worst]
    if len(standings) == 1:
        return f"{first.name} has {figures}."
    if open_to:
        but = f"its interval overlaps with that of {listed(open_to)}"
        return f"The order is not settled: {first.name} stands first ({figures}), but {but}."
    return f"{first.name} {does}: {figures}; no other interval reaches its own."


def _none_shown(column: Column, standings: list[_Standing], against: str) -> str:
    figures = f"{_figures(column, standings[0])}, {against}"
    if len(standings) == 1:
        return f"{standings[0].name} is not shown to follow the instruction: {figures}."
    extreme = "highest" if column.sign > 0 else "lowest"
    return f"None is shown to follow the instruction: the {extreme} of {len(standings)} is {figures}."


def _locked(overview: Overview, standings: list[_Standing]) -> list[str]:
    """How many of ``standings`` are shown to prefer the same documents whatever the instruction says."""
    chance = next((column.chance for column in overview.columns if column.name == "topic-lock"), None)
    if chance is None:
        return []
    names = {standing.name for standing in standings}
    locks = {
        answer.name: lock.low or 0.0
        for answer in overview.answers
        if answer.name in names and (lock := answer.record.measures.get("topic-lock"))
    }
    locked = [name for name, low in locks.items() if low > chance]
    told = "The same documents win whichever way the instruction points (topic-lock above chance)"
    return [f"{told} for {len(locked)} of {len(locks)}: {listed(locked)}."] if locked else []


def _figures(column: Column, standing: _Standing) -> str:
    estimate = standing.estimate
    interval = _unbroken(column.interval(estimate))
    return f"{column.label} {column.shown(estimate.value)} {interval} ({_count(estimate)})"


def _count(estimate: Estimate) -> str:
    return _unbroken(f"n = {estimate.n}")


def _too_few(estimate: Estimate) -> str:
    return f"too few topics, {_count(estimate)}, to settle anything"


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _about(overview: Overview, answer: Answered) -> str:
    measures = answer.record.measures
    facts = []
    if lock := measures.get("topic-lock"):
        facts.append(
            f"in {lock.value:.0%} of pairs the same document wins whichever way the instruction points"
        )
    facts.extend(_followed(overview, answer))
    if net := measures.get("p-MRR-net"):
        facts.append(f"{_movement(overview, answer)}: {_moved(net)}")
    return f"{answer.name}: {'; '.join(facts)}." if facts else ""


def _followed(overview: Overview, answer: Answered) -> list[str]:
    """Whether views prefer the right document more or less often than by chance; noise moves it nowhere."""
    column = next((column for column in overview.columns if column.name == "follow-rate"), None)
    rate = answer.record.measures.get("follow-rate")
    if column is None or column.chance is None or rate is None or rate.n < ENOUGH:
        return []
    if rate.low is None or rate.high is None or rate.low <= column.chance <= rate.high:
        return []
    more = "more" if rate.low > column.chance else "less"
    figures = _unbroken(f"{column.shown(rate.value)} {column.interval(rate)}")
    return [f"its views prefer the right document {more} often than by chance: follow-rate {figures}"]


def _movement(overview: Overview, answer: Answered) -> str:
    """p-MRR, control and net; with its number of topics each, where these differ."""
    found = [
        (column, estimate)
        for column in overview.columns
        if column.is_movement and (estimate := answer.record.measures.get(column.name))
    ]
    differ = len({estimate.n for _, estimate in found}) > 1
    figures = []
    for column, estimate in found:
        interval = f" {_unbroken(column.interval(estimate))}" if column.stem == "p-MRR-net" else ""
        count = f" ({_count(estimate)})" if differ else ""
        figures.append(f"{column.name} {column.shown(estimate.value)}{interval}{count}")
    return f"{', '.join(figures)} (×100)"


def _moved(net: Estimate) -> str:
    """What p-MRR-net says about the very topics that it rests on."""
    if net.n < ENOUGH or net.low is None or net.high is None:
        return _too_few(net)
    told = "where both can be told, the documents that the instruction concerns"
    if net.low > 0:
        return f"{told} moved further the right way than those that it leaves alone fell"
    if net.high < 0:
        return f"{told} moved less far the right way than those that it leaves alone fell"
    return f"{told} are not shown to move otherwise than those that it leaves alone"
