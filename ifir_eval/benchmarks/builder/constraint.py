"""A constraint on one field: above a limit or not, with a label or without it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from random import Random
from typing import NamedTuple

from ifir_eval.benchmarks.builder.field import Field, Label, labels_of, said
from ifir_eval.benchmarks.builder.subject import Subject
from ifir_eval.benchmarks.swap import Side, Stand, Wordings, fill_wordings

DECIDED, UNDECIDED = 5, 3
"""Documents on the topic that a pool holds of each side, and of neither side, at most."""

LEAST_DECIDED = 2
"""Documents on the topic that each side must have."""

_TRIED = 200
"""Combinations of constraints that are looked at for one topic."""


class Constraint(NamedTuple):
    """Side A is above the limit or has the label that ``pivot`` is; a document without a value is open."""

    field: Field
    pivot: Label

    def side(self, document: str) -> Side:
        """Where the document stands."""
        value = self.field.values.get(document)
        if value is None:
            return Side.OPEN
        if isinstance(value, int | float) and not isinstance(self.pivot, str):
            return Side.A if value > self.pivot else Side.B
        return Side.A if self.pivot in labels_of(value) else Side.B

    def wordings(self) -> Wordings:
        """How each side can be asked for."""
        field, pivot = self.field.called, said(self.pivot)
        given = {"field": (field, field), "limit": (pivot, pivot), "value": (pivot, pivot)}
        texts = wording_texts()[self.field.kind]
        return fill_wordings(
            texts["a_positive"], texts["a_negative"], texts["b_positive"], texts["b_negative"], **given
        )


class Division(NamedTuple):
    """Constraints that part the documents of a topic, and the sides that its original view asks for."""

    constraints: tuple[Constraint, ...]
    sides: Stand

    @property
    def opposite(self) -> Stand:
        """The sides that the reversed view asks for."""
        return tuple(side.other for side in self.sides)

    @property
    def kind(self) -> str:
        """The kind of constraint, as a slice of the benchmark."""
        if len(self.constraints) > 1:
            return "conjunction"
        kind = self.constraints[0].field.kind
        if kind in {"time", "number"}:
            return kind
        return "inclusion" if self.sides[0] is Side.A else "exclusion"

    def stand(self, document: str) -> Stand:
        """Where the document stands towards each constraint."""
        return tuple(constraint.side(document) for constraint in self.constraints)


def divide(subject: Subject, fields: Sequence[Field], rng: Random) -> Division | None:
    """Draw a constraint on each of ``fields``, the rather the more evenly they part the subject's documents.

    None if fewer than `LEAST_DECIDED` documents would stand on one of the sides.
    """
    combined = list(product(*(_constraints(subject, field) for field in fields)))
    weights: dict[Division, int] = {}
    for constraints in rng.sample(combined, min(len(combined), _TRIED)):
        stands = Counter(tuple(c.side(document) for c in constraints) for document in subject.documents)
        for sides in product((Side.A, Side.B), repeat=len(fields)):
            division = Division(constraints, sides)
            balance = min(stands[sides], stands[division.opposite], DECIDED)
            if balance >= LEAST_DECIDED:
                weights[division] = balance
    return rng.choices(list(weights), list(weights.values()))[0] if weights else None


def _constraints(subject: Subject, field: Field) -> Iterator[Constraint]:
    """Every limit or label that some of the subject's documents show. A query that names it asks twice."""
    present = {label for doc in subject.documents for label in labels_of(field.values.get(doc, frozenset()))}
    wanted = present & set(field.labels) if field.labels else present
    for label in sorted(wanted, key=lambda label: (str(type(label)), label)):
        if said(label).casefold() not in subject.query.casefold():
            yield Constraint(field, label)


@cache
def wording_texts() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The wordings in `wordings.toml`: by the kind of field, those of each side and polarity."""
    return tomllib.loads((files(__package__) / "wordings.toml").read_text(encoding="utf-8"))
