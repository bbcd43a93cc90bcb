"""What a record on disk must hold before anybody reads it: whatever is not so is told with its place.

A record may have been edited, or written by another tool. What readers rely on is looked at here, so that a
command ends with a sentence and not deep inside with a traceback.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

_TEXT, _TABLE, _LIST, _COUNT, _FLAG = "a text", "a table", "a list", "a whole number", "true or false"
_KINDS: Mapping[str, type] = {_TEXT: str, _TABLE: dict, _LIST: list, _COUNT: int, _FLAG: bool}
_NEEDED: Mapping[str, Mapping[str, str]] = {
    "": {"harness": _TEXT, "retriever": _TABLE, "benchmark": _TABLE, "measures": _TABLE, "slices": _TABLE}
    | {"topics": _LIST},
    "retriever": {"spec": _TEXT, "kind": _TEXT, "settings": _TABLE},
    "benchmark": {"name": _TEXT, "version": _TEXT, "content_hash": _TEXT, "licence": _TEXT, "primary": _TEXT}
    | {"measures": _LIST, "contrasts": _LIST, "topics": _COUNT},
}
_OPTIONAL = {"missing_queries": _LIST, "warnings": _LIST, "counts": _TABLE, "timing": _TABLE} | {
    "environment": _TABLE,
    "complete": _FLAG,
    "origin": _TEXT,
}


def faults(body: Mapping[str, Any]) -> Iterator[str]:
    """A sentence about everything that is missing from ``body`` or of the wrong kind.

    What lies deeper is looked at where all above it is right.

    Raises:
        KeyError, TypeError, AttributeError: where a value or a topic has too little of one.
    """
    found = False
    for fault in _wrong_fields(body):
        found = True
        yield fault
    if not found:
        yield from _wrong_contents(body)


def _wrong_fields(body: Mapping[str, Any]) -> Iterator[str]:
    for part, fields in _NEEDED.items():
        table = body.get(part) if part else body
        if not isinstance(table, Mapping):  # as was said
            continue
        for name, kind in fields.items():
            place = f"{part}.{name}" if part else name
            if name in table:
                yield from _wrong(place, table[name], kind)
            else:
                yield f"{place} is missing"
    for name in _OPTIONAL.keys() & body.keys():
        yield from _wrong(name, body[name], _OPTIONAL[name])


def _wrong_contents(body: Mapping[str, Any]) -> Iterator[str]:
    yield from _wrong_benchmark(body["benchmark"])
    for name, cell in body["measures"].items():
        yield from _wrong_estimate(f"measures.{name}", cell)
    for name, values in body["slices"].items():
        for value, cells in values.items():
            for column, cell in cells.items():
                yield from _wrong_estimate(f"slices.{name}.{value}.{column}", cell)
    for row in body["topics"]:
        yield from _wrong_topic(row)


def _wrong_benchmark(table: Mapping[str, Any]) -> Iterator[str]:
    for contrast in table.get("contrasts", ()):
        if not (isinstance(contrast, list) and all(isinstance(view, str) for view in contrast)):
            yield f"benchmark.contrasts holds {contrast!r}, but must hold lists of views"
    for name in table.get("measures", ()):
        yield from _wrong("a name in benchmark.measures", name, _TEXT)
    for name, facts in table.get("measure_facts", {}).items():
        for fact in ("low", "high", "chance"):
            if (value := facts.get(fact)) is not None:
                yield from _wrong_number(f"benchmark.measure_facts.{name}.{fact}", value)
        if (direction := facts.get("higher_is_better")) is not None:
            yield from _wrong(f"benchmark.measure_facts.{name}.higher_is_better", direction, _FLAG)


def _wrong_estimate(place: str, cell: Mapping[str, Any]) -> Iterator[str]:
    yield from _wrong_number(f"{place}.value", cell["value"])
    yield from _wrong(f"{place}.n", cell["n"], _COUNT)
    match cell["ci"]:
        case None:
            pass
        case [low, high]:
            for end in (low, high):
                yield from _wrong_number(f"{place}.ci", end)
        case other:
            yield f"{place}.ci is {other!r}, but must be two numbers"


def _wrong_topic(row: Mapping[str, Any]) -> Iterator[str]:
    topic = row["topic"]
    yield from _wrong("the name of a topic", topic, _TEXT)
    for name, value in row["slices"].items():
        yield from _wrong(f"slice {name} of topic {topic}", value, _TEXT)
    for name, value in row["values"].items():
        yield from _wrong_number(f"{name} of topic {topic}", value)


def _wrong(place: str, value: object, kind: str) -> Iterator[str]:
    is_right = isinstance(value, _KINDS[kind]) and (kind == _FLAG or not isinstance(value, bool))
    if not is_right:
        yield f"{place} is {value!r}, but must be {kind}"


def _wrong_number(place: str, value: object) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        yield f"{place} is {value!r}, but must be a number"
