"""What can be done to instructions so that it shows what right ones are worth (docs/methods.md, section 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from ifir_eval.benchmarks.benchmark import BARE
from ifir_eval.errors import IfirEvalError
from ifir_eval.training.rows import Row

Pair = tuple[Row, ...]
"""Views of one example."""

_NEGATIONS = (
    "Leave out whatever fits this request: {}",
    "Do not return documents that satisfy the following. {}",
    "The opposite of this is wanted: {}",
    "Nothing is wanted that meets this demand: {}",
    "Show only documents that fail this requirement: {}",
    "Skip every document for which the following holds. {}",
)


def bare_twin(row: Row) -> Row:
    """``row`` without its instruction, and so without the passages that only the instruction rules out."""
    return replace(row, view=BARE, instruction="", instruction_negatives=())


def negated(instruction: str, seed: str) -> str:
    """``instruction`` turned around by its wording alone, in one of several ways that ``seed`` draws.

    InfoSearch reverses instructions in this manner; the opposite demand itself is never put into words.
    """
    return Random(seed).choice(_NEGATIONS).format(instruction)


def swapped(pairs: Sequence[Pair], sources: Sequence[str]) -> list[Pair]:
    """``pairs`` with each other's instructions: those of another query and, where it can be, source.

    A permutation, so that every instruction stands as often as before; all pairs have the same views.

    Raises:
        IfirEvalError: if more than half of the pairs ask one query.
    """
    queries = [pair[0].query for pair in pairs]
    by_source = sorted(range(len(pairs)), key=lambda place: (sources[place], queries[place], place))
    by_query = sorted(range(len(pairs)), key=lambda place: (queries[place], sources[place], place))
    for order, kin in ((by_source, sources), (by_source, queries), (by_query, queries)):
        # Where kin stand together, a step as long as their largest group leads out of every group.
        step = max(Counter(kin).values(), default=0)
        given = dict(zip(order, [*order[step:], *order[:step]], strict=True))
        if 2 * step <= len(pairs) and all(queries[place] != queries[other] for place, other in given.items()):
            break
    else:
        raise IfirEvalError(
            "swap-instruct needs instructions of other queries, and most pairs ask one; add pairs"
        )
    return [
        tuple(
            replace(row, instruction=other.instruction if row.instruction else "")
            for row, other in zip(pair, pairs[given[place]], strict=True)
        )
        for place, pair in enumerate(pairs)
    ]
