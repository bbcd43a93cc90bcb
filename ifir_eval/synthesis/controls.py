"""Rows that show what right instructions are worth: swapped ones, and negations in words alone.

The same controls that a mix can apply (`ifir_eval.training.mixes.controls`), as rows of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ifir_eval.benchmarks.benchmark import REVERSED
from ifir_eval.errors import IfirEvalError
from ifir_eval.synthesis.methods.method import lacks_negatives
from ifir_eval.training.mixes.controls import Pair, negated, swapped
from ifir_eval.training.rows import Row


def swap_instructions(rows: Sequence[Row]) -> list[Row]:
    """``rows`` with each other's instructions, where they have one; pairs stay together.

    Raises:
        IfirEvalError: if no row has an instruction, or most of those ask the same query.
    """
    alike: dict[tuple[str, ...], list[Pair]] = {}
    for pair in _pairs(rows):
        alike.setdefault(tuple(row.view for row in pair), []).append(pair)
    given = [swapped(pairs, [pair[0].source for pair in pairs]) for _, pairs in sorted(alike.items())]
    return [row for pairs in given for pair in pairs for row in pair]


def negate_instructions(rows: Sequence[Row], seed: int) -> list[Row]:
    """Each row with an instruction negative, and its twin under the negated wording.

    The twin's positive is the first instruction negative and its instruction negative the former positive.
    The remaining ones may fit the negation as well, and are left out.
    """
    return [
        each
        for row in rows
        if not lacks_negatives(row)
        for each in (
            row,
            replace(
                row,
                view=REVERSED,
                instruction=negated(row.instruction, f"{seed} {row.pair_id}"),
                positive=row.instruction_negatives[0],
                instruction_negatives=(row.positive,),
            ),
        )
    ]


def _pairs(rows: Sequence[Row]) -> list[Pair]:
    """The instructed rows, those of a pair together, in their order."""
    pairs: dict[str, list[Row]] = {}
    for row in rows:
        if row.instruction.strip():
            pairs.setdefault(row.pair_id, []).append(row)
    if not pairs:
        raise IfirEvalError("no row has an instruction, so that there is none to change")
    return [tuple(pair) for pair in pairs.values()]
