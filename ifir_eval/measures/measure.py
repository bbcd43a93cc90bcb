"""What a measure is, how it is named, and how its values are laid out."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import ifir_eval.measures as room
from ifir_eval.errors import UnknownNameError
from ifir_eval.measures.ranked import RankedTopic

#: Column name -> topic id -> value. A measure of the whole topic has one column, its own name; one that
#: belongs to views has a column for each, written ``nDCG@10[original]``. A topic that a column does not
#: concern (no changed documents, no such view) is absent from it.
Columns = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A named statistic of ranked topics.

    ``low`` and ``high`` bound its values; ``chance`` is what a random ranking is expected to get, where
    that is known. ``higher_is_better`` is None for diagnostics that have no good direction.
    """

    name: str
    summary: str
    columns: Callable[[Sequence[RankedTopic]], Columns]
    low: float = 0.0
    high: float = 1.0
    chance: float | None = None
    higher_is_better: bool | None = True


def topic_columns(
    name: str, value: Callable[[RankedTopic], float | None]
) -> Callable[[Sequence[RankedTopic]], Columns]:
    """Lay out a function of one topic as the single column ``name``; None leaves the topic out."""

    def columns(topics: Sequence[RankedTopic]) -> Columns:
        values = {ranked.topic.id: value(ranked) for ranked in topics}
        return {name: {topic: number for topic, number in values.items() if number is not None}}

    return columns


_DIGITS = 100

_registry: dict[str, Callable[[int], Measure]] = {}


def register(measure: Measure) -> None:
    """Make ``measure`` known under its name."""
    _registry[measure.name] = lambda _: measure


def register_at(name: str, build: Callable[[int], Measure]) -> None:
    """Make a measure with a cutoff known: ``name`` is ``nDCG@k``, ``build(10)`` makes ``nDCG@10``."""
    _registry[name] = build


@cache
def _load_all() -> None:
    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def known_measures() -> list[str]:
    """The names of all measures, those with a cutoff written with ``@k``."""
    _load_all()
    return sorted(_registry)


def find(names: Sequence[str]) -> list[Measure]:
    """The measures called ``names``, in their order.

    Raises:
        UnknownNameError: naming every unknown measure at once.
    """
    _load_all()
    names = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    found = [_find_one(name) for name in names]
    if unknown := [name for name, measure in zip(names, found, strict=True) if measure is None]:
        raise UnknownNameError("measure", unknown, _registry)
    return [measure for measure in found if measure is not None]


def _find_one(name: str) -> Measure | None:
    base, at, cutoff = name.partition("@")
    key = f"{base}@k" if at else base
    if key not in _registry or (at and not (cutoff.isdecimal() and len(cutoff) < _DIGITS and int(cutoff) > 0)):
        return None
    return _registry[key](int(cutoff or 0))
