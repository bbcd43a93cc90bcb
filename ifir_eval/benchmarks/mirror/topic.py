"""One topic: a subject, a constraint or two, five views, and the documents written for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.mirror import constraint as properties
from ifir_eval.benchmarks.mirror.bank import Bank, Subject
from ifir_eval.benchmarks.mirror.constraint import STATED, Constraint
from ifir_eval.benchmarks.mirror.document import write
from ifir_eval.benchmarks.swap import Question, Side, Stand, ask

DECIDED, UNDECIDED = 5, 3
"""Documents written for each side of a topic, and for neither side."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic before its pool is complete.

    ``own`` are the documents about the subject with where they stand; ``decoys`` show the same properties
    but are about another subject.
    """

    id: str
    kind: str
    bank: Bank
    subject: Subject
    question: Question
    own: tuple[tuple[Document, Stand], ...]
    decoys: tuple[Document, ...]


def _single(draw: Callable[[Bank, Random], Constraint]) -> Callable[[Bank, Random], tuple[Constraint, ...]]:
    return lambda bank, rng: (draw(bank, rng),)


def _conjunction(bank: Bank, rng: Random) -> tuple[Constraint, ...]:
    first, second = rng.sample(STATED, 2)
    return first(bank, rng), second(bank, rng)


KINDS: Mapping[str, Callable[[Bank, Random], tuple[Constraint, ...]]] = {
    "inclusion": _single(properties.presence),
    "exclusion": _single(properties.presence),
    "time": _single(properties.time),
    "number": _single(properties.number),
    "audience": _single(properties.audience),
    "source": _single(properties.source),
    "place": _single(properties.place),
    "form": _single(properties.form),
    "length": _single(properties.length),
    "conjunction": _conjunction,
}
"""The kinds of constraint, each a slice of the benchmark."""

_FORCED_SIDE = {"inclusion": Side.A, "exclusion": Side.B}


def draft(
    topic_id: str,
    kind: str,
    polarity: tuple[bool, bool],
    *,
    bank: Bank,
    subject: Subject,
    split: str,
    rng: Random,
) -> Draft:
    """Write a topic of ``kind``; ``polarity`` says whether original and reversed are phrased positively."""
    constraints = KINDS[kind](bank, rng)
    sides = tuple(_FORCED_SIDE.get(kind) or rng.choice((Side.A, Side.B)) for _ in constraints)
    question = ask([c.wordings for c in constraints], sides, polarity, split, rng)

    def written(about: Subject, stand: Stand) -> Document:
        traits = [c.traits[side](rng) for c, side in zip(constraints, stand, strict=True)]
        return write(bank, about, traits, [c.property for c in constraints], rng)

    others = [other for other in bank.subjects if other is not subject]
    return Draft(
        id=topic_id,
        kind=kind,
        bank=bank,
        subject=subject,
        question=question,
        own=tuple((written(subject, stand), stand) for stand in _stands(constraints, sides, polarity)),
        decoys=tuple(written(rng.choice(others), stand) for stand in (sides, _opposite(sides)) * 2),
    )


def _opposite(sides: Stand) -> Stand:
    return tuple(side.other for side in sides)


def _stands(constraints: Sequence[Constraint], sides: Stand, polarity: tuple[bool, bool]) -> list[Stand]:
    """Where a topic's documents stand: on its side, on the opposite one, and on neither if possible.

    With two constraints, neither means one met and the other broken. A single constraint leaves documents
    open only if both directions are phrased alike: else their relevance would flip, and whoever tells a
    refusal from a demand and silence from speech would be right without reading the constraint.
    """
    opposite = _opposite(sides)
    if len(constraints) > 1:
        neither = [
            stand for stand in product(*zip(sides, opposite, strict=True)) if stand not in (sides, opposite)
        ]
    else:
        alike = polarity[0] == polarity[1]
        neither = [(Side.OPEN,)] if alike and Side.OPEN in constraints[0].traits else []
    undecided = [neither[i % len(neither)] for i in range(UNDECIDED)] if neither else []
    decided = DECIDED if neither else DECIDED + 1
    return [sides] * decided + [opposite] * decided + undecided
