"""What is wrong with a study file, before anything that it names is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ifir_eval.errors import IfirEvalError, UnknownNameError
from ifir_eval.training.mixes import Budget

_TEXTS = ("name", "about", "dev")
_LISTS = ("bases", "mixes", "budgets", "instruction", "general")
_TABLES = ("recipe", "evaluation")
_KEYS = (*_TEXTS, *_LISTS, "seeds", "compare", *_TABLES)


def faults(given: Mapping[str, Any]) -> Iterator[str]:
    """Every mistake in the form of the file, each as a sentence."""
    if unknown := [key for key in given if key not in _KEYS]:
        yield str(UnknownNameError("key of a study", unknown, _KEYS))
    for key in _TEXTS:
        if not isinstance(given.get(key, ""), str):
            yield f"{key!r} must be a string"
    for key in _TABLES:
        if not isinstance(given.get(key, {}), dict):
            yield f"{key!r} must be a table"
    for key in _LISTS:
        yield from _list_faults(key, given.get(key))
    yield from _seed_faults(given.get("seeds"))
    judges = [set(strings(given.get(key))) for key in ("instruction", "general")]
    if both := set.intersection(*judges):
        yield f"{', '.join(sorted(both))} cannot judge both following and general quality"
    if isinstance(dev := given.get("dev"), str) and dev in set.union(*judges):
        yield f"{dev!r} picks checkpoints as 'dev', so it cannot judge them as well"
    pairs = given.get("compare", [])
    if not isinstance(pairs, list) or not all(strings(pair) == pair and len(pair) == 2 for pair in pairs):  # noqa: PLR2004 - new and old
        yield "'compare' must be a list of pairs of mixes, as in [['ins-dv', 'ins-orig'], ['ins-dv', 'base']]"


def _list_faults(key: str, values: object) -> Iterator[str]:
    named = strings(values)
    if not named or named != values:
        yield f"{key!r} must be a list of strings, and hold at least one"
    elif key == "budgets":
        budgets = []
        for budget in named:
            try:
                budgets.append(str(Budget.parse(budget)))
            except IfirEvalError as error:
                yield str(error)
        yield from _twice(key, budgets)
    else:
        yield from _twice(key, named)


def _twice(key: str, named: Sequence[str]) -> Iterator[str]:
    if len(set(named)) < len(named):
        yield f"{key!r} names {twice(named)!r} twice"


def _seed_faults(seeds: object) -> Iterator[str]:
    if not isinstance(seeds, list) or not seeds or not all(type(seed) is int and seed > 0 for seed in seeds):
        yield "'seeds' must be a list of whole numbers above 0, as in [1, 2, 3]"
    elif len(set(seeds)) < len(seeds):
        yield f"'seeds' names {twice(seeds)} twice"


def strings(values: object) -> list[str]:
    """The strings among ``values``, if that is a list."""
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def twice(values: Sequence[Any]) -> Any:
    """What stands in ``values`` most often."""
    return Counter(values).most_common(1)[0][0]
