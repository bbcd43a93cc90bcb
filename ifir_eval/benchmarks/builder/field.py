"""Which fields can be asked about: enough documents have them, and they divide these documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.builder.corpus import Source, Value

LEAST_COVERAGE = 0.5
"""Share of documents that must have a field: what is mostly unknown cannot be demanded."""

LEAST_SHARED = 5
"""Documents that must share a label before anybody would ask for it."""

MOST_ALIKE = 0.95
"""Share of a field's documents above which one value does not divide them."""

Label = int | float | str
"""What can stand in an instruction: a limit or a label."""

_YEARS = range(1000, 2200)


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field that can be asked about.

    ``kind`` is the table of wordings: ``time``, ``number``, ``label`` (one a document) or ``labels``.
    ``labels`` are those that can be demanded, sorted; a field of numbers has none. ``stated`` is the share of
    its values that stand word by word in their document's title or text, 0 to 1: where it is low, a reader
    of the text has to infer them.
    """

    name: str
    kind: str
    values: Mapping[str, Value]
    labels: tuple[str, ...]
    stated: float

    @property
    def called(self) -> str:
        """The field's name as an instruction says it."""
        return self.name.replace("_", " ")


def refusal(source: Source, name: str) -> str:
    """The sentence that says why the field ``name`` cannot be asked about; empty if it can."""
    values, size = source.values[name], len(source.documents)
    if len(values) < LEAST_COVERAGE * size:
        few = f"{len(values)} of {size} documents have it, and at least {LEAST_COVERAGE:.0%} must"
        return f"{name} is too sparse to judge: {few}"
    counts = _counts(values)
    top, often = counts.most_common(1)[0]
    several = isinstance(next(iter(values.values())), frozenset)
    if len(counts) == 1 or (often > MOST_ALIKE * len(values) and not several):
        alike = f"{often} of the {len(values)} documents that have it say {said(top)!r}"
        return f"{name} divides too little: {alike}"
    if isinstance(top, str) and not _shared(counts, len(values)):
        bounds = f"at least {LEAST_SHARED} documents and at most {MOST_ALIKE:.0%} of them"
        return f"{name} has nothing to ask for: none of its {len(counts)} values is shared by {bounds}"
    return ""


def field_of(source: Source, name: str) -> Field:
    """The field ``name``, against which there is no `refusal`."""
    values = source.values[name]
    return Field(
        name, _kind(values), values, _shared(_counts(values), len(values)), _stated(values, source.documents)
    )


def _kind(values: Mapping[str, Value]) -> str:
    match next(iter(values.values())):
        case str():
            return "label"
        case frozenset():
            return "labels"
        case _:
            return "time" if all(value in _YEARS for value in values.values()) else "number"


def _counts(values: Mapping[str, Value]) -> Counter[Label]:
    return Counter(label for value in values.values() for label in labels_of(value))


def _shared(counts: Mapping[Label, int], documents: int) -> tuple[str, ...]:
    """The labels that enough documents have, and enough lack."""
    fitting = range(LEAST_SHARED, int(MOST_ALIKE * documents) + 1)
    return tuple(sorted(label for label, n in counts.items() if isinstance(label, str) and n in fitting))


def labels_of(value: Value) -> frozenset[Label]:
    """All that ``value`` names."""
    return frozenset(value) if isinstance(value, frozenset) else frozenset([value])


def said(value: Label) -> str:
    """A value as texts say it: 1974, 2.5, Western."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _stated(values: Mapping[str, Value], documents: Mapping[str, Document]) -> float:
    found = [
        _stands_in(f"{documents[document].title} {documents[document].text}".casefold(), said(label).casefold())
        for document, value in values.items()
        for label in labels_of(value)
    ]
    return sum(found) / len(found)


def _stands_in(text: str, label: str) -> bool:
    """Whether ``label`` stands in ``text`` as words of its own: 1 does not stand in 1974."""
    at = text.find(label)
    while at >= 0:
        if not (text[at - 1 : at].isalnum() or text[at + len(label) :][:1].isalnum()):
            return True
        at = text.find(label, at + 1)
    return False
