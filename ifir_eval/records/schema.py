"""Records as JSON: one schema number, small pure migrations from every older one, newer ones refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.faults import faults
from ifir_eval.records.record import Estimate, Record, TopicValues

SCHEMA = 1

#: MIGRATIONS[n] turns the JSON of schema n into that of schema n + 1.
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def to_json(record: Record) -> str:
    """The record as JSON text; floats keep their full precision and order is stable."""
    body: dict[str, Any] = {"schema": SCHEMA}
    body |= {field.name: getattr(record, field.name) for field in fields(record)}
    body["measures"] = _estimates_out(record.measures)
    body["slices"] = {
        name: {value: _estimates_out(estimates) for value, estimates in values.items()}
        for name, values in record.slices.items()
    }
    body["topics"] = [
        {"topic": row.topic, "slices": dict(row.slices), "values": dict(row.values)} for row in record.topics
    ]
    return json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def from_json(text: str, file: str) -> Record:
    """Read a record of this schema or an older one.

    Raises:
        InvalidInputError: if it is no record, lacks what readers rely on, or is one of a newer schema.
    """
    try:
        body = _migrated(json.loads(text))
        if found := [Problem(f"this is no ifir-eval record: {fault}", file) for fault in faults(body)]:
            raise InvalidInputError("record", found)
        return _record(body)
    except _Newer as newer:
        remedy = f"it has schema {newer}, this version reads up to {SCHEMA}; upgrade ifir-eval"
        raise NewerSchemaError("record", [Problem(remedy, file)]) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InvalidInputError(
            "record", [Problem(f"this is no ifir-eval record ({error!r})", file)]
        ) from error


class NewerSchemaError(InvalidInputError):
    """A record that a newer version of ifir-eval wrote."""


class _Newer(Exception):  # noqa: N818 - a signal inside this module
    pass


def _migrated(body: dict[str, Any]) -> dict[str, Any]:
    schema = int(body.pop("schema"))
    if schema > SCHEMA:
        raise _Newer(schema)
    for step in range(schema, SCHEMA):
        body = MIGRATIONS[step](body)
    return body


def _record(body: dict[str, Any]) -> Record:
    body["measures"] = _estimates_in(body["measures"])
    body["slices"] = {
        name: {value: _estimates_in(estimates) for value, estimates in values.items()}
        for name, values in body["slices"].items()
    }
    body["topics"] = tuple(TopicValues(row["topic"], row["slices"], row["values"]) for row in body["topics"])
    for name in ("missing_queries", "warnings"):
        body[name] = tuple(body[name])
    return Record(**body)


def _estimates_out(estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    return {
        name: {"value": value, "ci": None if low is None else [low, high], "n": n}
        for name, (value, low, high, n) in estimates.items()
    }


def _estimates_in(table: Mapping[str, Any]) -> dict[str, Estimate]:
    return {name: _estimate_in(**cell) for name, cell in table.items()}


def _estimate_in(value: float, ci: list[float] | None, n: int) -> Estimate:
    low, high = ci or (None, None)
    return Estimate(value, low, high, n)
