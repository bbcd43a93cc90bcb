"""Drawing a mix: the same rows for the same files, seed and budget.

Every source is gone through in an order of its own that the seed draws, topic by topic, pair by pair, so that a
larger budget takes what a smaller one takes, and an arm of reversals the first of the pairs that the arm of
originals takes: half of its topics.
The source furthest behind its weight gives the next pair; one that is exhausted, or at its cap, leaves its rest
to the others of its part. Pairs that leak or repeat a row drawn before are passed over, and counted.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import groupby, islice
from pathlib import Path

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, REVERSED, Benchmark
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.progress import Progress, silent
from ifir_eval.training.mixes.budget import Budget, TokenCount, tokens_of, words
from ifir_eval.training.mixes.controls import Pair, bare_twin, negated, swapped
from ifir_eval.training.mixes.leakage import Screen
from ifir_eval.training.mixes.mix import Mix, Part
from ifir_eval.training.rows import Row, topics_of
from ifir_eval.training.sources import read_sources

_LOOKED_AT = 256
"""Pairs that are screened at a time."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rows of a mix, and what was passed over while they were drawn.

    ``tokens`` are counted as `Budget` says; ``sources`` and ``views`` are numbers of rows by name. Of the
    pairs looked at, ``duplicates`` repeat a row of another one, and ``leaked`` ones hold a text of the
    benchmark named.
    """

    rows: tuple[Row, ...]
    tokens: int
    sources: Mapping[str, int]
    views: Mapping[str, int]
    duplicates: int
    leaked: Mapping[str, int]

    def summary(self) -> str:
        """All of it in one line."""
        counts = (
            ", ".join(f"{name} {number:,}" for name, number in sorted(numbers.items())) or "none"
            for numbers in (self.sources, self.views, self.leaked)
        )
        sources, views, leaked = counts
        return (
            f"{len(self.rows):,} rows, {self.tokens:,} tokens; sources: {sources}; views: {views}; "
            f"pairs passed over: {self.duplicates:,} duplicates, leaked to {leaked}"
        )


def draw(
    mix: Mix,
    budget: Budget,
    data: Path | None,
    benchmarks: Sequence[Benchmark] | Screen,
    *,
    count: TokenCount = words,
    progress: Progress = silent,
) -> Drawn:
    """The rows of ``mix`` that ``budget`` buys: never more, and less by no more than a pair in each part.

    ``data`` holds local copies of published data, as for benchmarks. ``benchmarks`` are those that will judge;
    whoever draws often builds their `Screen` once. ``count`` is the base model's tokenizer, where there is one.

    Raises:
        UnknownNameError: naming every source that does not exist.
        InvalidInputError: listing the problems of the sources, or the parts for which the budget is too large.
    """
    screen = benchmarks if isinstance(benchmarks, Screen) else Screen(benchmarks)
    rows = read_sources(mix.sources, mix.folder, data, progress)
    return _Drawing(mix, budget, count, screen, rows).drawn()


class _Drawing:
    """One drawing, with what it has taken and passed over so far."""

    def __init__(
        self, mix: Mix, budget: Budget, count: TokenCount, screen: Screen, rows: Mapping[str, Sequence[Row]]
    ) -> None:
        self._mix, self._budget, self._count, self._screen, self._rows = mix, budget, count, screen, rows
        self._taken: set[str] = set()
        self._said: set[tuple[str, ...]] = set()
        self._leaked: Counter[str] = Counter()
        self._duplicates = 0
        self._short: list[Problem] = []

    def drawn(self) -> Drawn:
        """The rows of all parts."""
        rows: list[Row] = []
        share, left = 0.0, 0
        for part in self._mix.parts:
            # What no pair of the part before fitted into goes to this one.
            target = (
                round((share + part.share) * self._budget.amount) - round(share * self._budget.amount) + left
            )
            pairs, left = self._part(part, target)
            rows += [row for pair in pairs for row in pair]
            share += part.share
        if self._short:
            raise InvalidInputError(f"the budget of {self._budget} for the mix {self._mix.name!r}", self._short)
        return Drawn(
            rows=tuple(rows),
            tokens=tokens_of(rows, self._count),
            sources=Counter(row.source for row in rows),
            views=Counter(row.view for row in rows),
            duplicates=self._duplicates,
            leaked=self._leaked,
        )

    def _part(self, part: Part, target: int) -> tuple[list[Pair], int]:
        """The pairs of a part, and what they leave of ``target``; nothing if its data are used up."""
        pairs: list[Pair] = []
        spent: dict[str, int] = dict.fromkeys(part.sources, 0)
        given: Counter[str] = Counter()
        supplies = {source: self._supply(source, part) for source in part.sources}
        is_full = False
        while supplies:
            source = min(supplies, key=lambda name: spent[name] / part.sources[name])
            pair = next(supplies[source], None)
            if pair is None or given[source] + len(pair) > part.caps.get(source, given[source] + len(pair)):
                del supplies[source]
            elif (cost := self._budget.cost(pair, self._count)) > target - sum(spent.values()):
                is_full = True
                del supplies[source]
            else:
                self._take(pair)
                pairs.append(pair)
                given[source] += len(pair)
                spent[source] += cost
        if not is_full and sum(spent.values()) < target:
            self._short.append(self._shortage(part, sum(spent.values()), target))
            return pairs, 0
        if self._mix.control == "swap-instruct" and any(row.instruction for pair in pairs for row in pair):
            pairs = swapped(pairs, [pair[0].source for pair in pairs])
        return pairs, target - sum(spent.values())

    def _shortage(self, part: Part, has: int, target: int) -> Problem:
        most = int(has / part.share)
        unit = self._budget.unit
        return Problem(
            f"the part of {', '.join(part.sources)} ({', '.join(part.views)}) has {has:,} of {target:,} "
            f"{unit}; lower the budget to {most:,} {unit} or add sources"
        )

    def _take(self, pair: Pair) -> None:
        self._taken.add(pair[0].pair_id)
        self._said.update(map(_said, pair))

    def _supply(self, source: str, part: Part) -> Iterator[Pair]:
        """The pairs of ``source`` that may be taken, in the order that the seed draws."""
        rows = self._rows[source]
        topics = dict(zip([row.pair_id for row in rows], topics_of(rows), strict=True))
        candidates = [
            pair for views in _by_pair(rows) if (pair := _pair(views, part, self._mix)) and _fits(pair, part)
        ]
        candidates.sort(key=lambda pair: tuple(map(self._lot, (topics[pair[0].pair_id], pair[0].pair_id))))
        of_topic = groupby(candidates, key=lambda pair: topics[pair[0].pair_id])
        candidates = [pair for _, pairs in of_topic for pair in islice(pairs, part.pairs)]
        for start in range(0, len(candidates), _LOOKED_AT):
            looked_at = candidates[start : start + _LOOKED_AT]
            for pair, benchmark in zip(looked_at, self._leaks(looked_at), strict=True):
                if benchmark:
                    self._leaked[benchmark] += 1
                elif self._said.intersection(map(_said, pair)):
                    self._duplicates += pair[0].pair_id not in self._taken  # which another part has taken
                elif pair[0].pair_id not in self._taken:
                    yield pair

    def _lot(self, name: str) -> bytes:
        """The place that the seed draws for ``name``."""
        return blake2b(f"{self._mix.seed} {name}".encode()).digest()

    def _leaks(self, pairs: Sequence[Pair]) -> list[str]:
        """For each pair the benchmark that holds one of its texts; empty where none does."""
        texts = list(dict.fromkeys(text for pair in pairs for row in pair for text in _shown(row)))
        leaks = dict(zip(texts, self._screen.leaks(texts), strict=True))
        found = ([leak for row in pair for text in _shown(row) if (leak := leaks[text])] for pair in pairs)
        return [some[0].benchmark if some else "" for some in found]


def _by_pair(rows: Sequence[Row]) -> Iterator[Mapping[str, Row]]:
    """The rows of each pair by view."""
    pairs: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        pairs[row.pair_id][row.view] = row
    yield from pairs.values()


def _pair(rows: Mapping[str, Row], part: Part, mix: Mix) -> Pair | None:
    """The rows of one pair under the views of ``part``; None if it lacks a view, or a row negatives.

    What is bare can be had from any original: it is the same row without the instruction. What a twin has as
    its positive is the first of the instruction negatives, so that the views of a pair share their passages.
    """
    found = {**({BARE: bare_twin(rows[ORIGINAL])} if ORIGINAL in rows else {}), **rows}
    negates = mix.control == "textual-negation" and REVERSED in part.views
    if not {*part.views, *([ORIGINAL] if negates else ())} <= found.keys():
        return None
    if negates:
        by_wording = negated(found[ORIGINAL].instruction, f"{mix.seed} {found[ORIGINAL].pair_id}")
        found[REVERSED] = replace(found[REVERSED], instruction=by_wording)
    wanted = {row.positive for row in rows.values()}
    pair = tuple(_with_fewer(found[view], wanted, part) for view in part.views)
    least = part.instruction_negatives or 0
    return None if any(row.instruction and len(row.instruction_negatives) < least for row in pair) else pair


def _with_fewer(row: Row, wanted: Collection[str], part: Part) -> Row:
    """``row`` with the negatives that its part takes, the passages ``wanted`` under another view first."""
    by_use = sorted(row.instruction_negatives, key=lambda passage: passage not in wanted)
    return replace(
        row,
        instruction_negatives=tuple(by_use[: part.instruction_negatives]),
        hard_negatives=row.hard_negatives[: part.hard_negatives],
    )


def _fits(pair: Pair, part: Part) -> bool:
    """Whether every positive of ``pair`` has as many words as its part wants."""
    least, most = part.words or (0, math.inf)
    return all(least <= len(row.positive.split()) <= most for row in pair)


def _said(row: Row) -> tuple[str, ...]:
    """What makes two rows one and the same, however they are spaced and capitalised."""
    return tuple(" ".join(text.split()).casefold() for text in (row.query, row.instruction, row.positive))


def _shown(row: Row) -> tuple[str, ...]:
    """Every text of a row that a benchmark must not hold."""
    return (row.query, f"{row.query} {row.instruction}".strip(), *row.passages)
