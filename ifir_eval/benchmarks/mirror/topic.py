"""One topic: a subject, a constraint or two, five views, and the documents written for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, PARAPHRASE, PLACEBO, REVERSED, Document
from ifir_eval.benchmarks.mirror import constraint as properties
from ifir_eval.benchmarks.mirror.bank import Bank, Subject
from ifir_eval.benchmarks.mirror.constraint import STATED, Constraint, Demand, Side
from ifir_eval.benchmarks.mirror.document import write

VIEWS = (BARE, ORIGINAL, REVERSED, PARAPHRASE, PLACEBO)

Stand = tuple[Side, ...]

DECIDED, UNDECIDED = 5, 3
"""Documents written for each side of a topic, and for neither side."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A topic before its pool is complete.

    ``demands`` holds one demand per constraint for the views that constrain, None for those that do not.
    ``own`` are the documents about the subject with where they stand; ``decoys`` show the same properties
    but are about another subject.
    """

    id: str
    kind: str
    bank: Bank
    subject: Subject
    demands: Mapping[str, tuple[Demand, ...] | None]
    instructions: Mapping[str, str]
    own: tuple[tuple[Document, Stand], ...]
    decoys: tuple[Document, ...]

    def relevant(self, view: str) -> frozenset[str]:
        """The ids of the documents that satisfy ``view``."""
        demands = self.demands[view]
        return frozenset(
            document.id
            for document, stand in self.own
            if demands is None or all(demand.admits(side) for demand, side in zip(demands, stand, strict=True))
        )


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
    placebos: Sequence[str],
    rng: Random,
) -> Draft:
    """Write a topic of ``kind``; ``polarity`` says whether original and reversed are phrased positively."""
    constraints = KINDS[kind](bank, rng)
    sides = tuple(_FORCED_SIDE.get(kind) or rng.choice((Side.A, Side.B)) for _ in constraints)
    opposite = tuple(side.other for side in sides)
    original = tuple(Demand(side, polarity[0]) for side in sides)
    reverse = tuple(Demand(side, polarity[1]) for side in opposite)
    wording, other_wording = zip(
        *(rng.sample(c.wordings[demand], 2) for c, demand in zip(constraints, original, strict=True)),
        strict=True,
    )
    reverse_wording = [rng.choice(c.wordings[demand]) for c, demand in zip(constraints, reverse, strict=True)]

    def written(about: Subject, stand: Stand) -> Document:
        traits = [c.traits[side](rng) for c, side in zip(constraints, stand, strict=True)]
        return write(bank, about, traits, [c.property for c in constraints], rng)

    others = [other for other in bank.subjects if other is not subject]
    return Draft(
        id=topic_id,
        kind=kind,
        bank=bank,
        subject=subject,
        demands={BARE: None, ORIGINAL: original, REVERSED: reverse, PARAPHRASE: original, PLACEBO: None},
        instructions={
            BARE: "",
            ORIGINAL: " ".join(wording),
            REVERSED: " ".join(reverse_wording),
            PARAPHRASE: " ".join(reversed(other_wording)),
            PLACEBO: rng.choice(placebos),
        },
        own=tuple((written(subject, stand), stand) for stand in _stands(constraints, sides)),
        decoys=tuple(written(rng.choice(others), stand) for stand in (sides, opposite) * 2),
    )


def _stands(constraints: Sequence[Constraint], sides: Stand) -> list[Stand]:
    """Where a topic's documents stand: on its side, on the opposite one, and on neither if possible.

    With two constraints, neither means one met and the other broken.
    """
    opposite = tuple(side.other for side in sides)
    if len(constraints) > 1:
        neither = [
            stand for stand in product(*zip(sides, opposite, strict=True)) if stand not in (sides, opposite)
        ]
    else:
        neither = [(Side.OPEN,)] if Side.OPEN in constraints[0].traits else []
    undecided = [neither[i % len(neither)] for i in range(UNDECIDED)] if neither else []
    decided = DECIDED if neither else DECIDED + 1
    return [sides] * decided + [opposite] * decided + undecided
