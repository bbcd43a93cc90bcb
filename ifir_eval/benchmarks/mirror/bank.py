"""A text bank: the hand-written sentences of one domain, from which documents and topics are composed.

A bank is a TOML file in ``banks/<split>/``. Its layout is the fields of `Bank` and of the classes it
holds; every list has a least length, so that no single wording can give an answer away. Texts may
contain ``{slot}`` names, filled at random from ``[slots]``, beside the slots named in the fields.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, get_type_hints

from ifir_eval.errors import InvalidInputError, Problem

SPLITS = ("test", "dev", "train")
LAYOUTS = ("prose", "bullets", "numbered", "headed", "letter")
SLOT = re.compile(r"\{(\w+)\}")

Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a topic is about: a name, a query, and sentences that are true of it alone."""

    name: str
    query: str
    sentences: Texts


@dataclass(frozen=True, slots=True)
class Threshold:
    """A year or an amount. ``facts`` contain ``{value}``, the wordings ``{limit}``.

    Above means more (later) than the limit, below means the limit or less (earlier); values stay clear of
    the limit by at least ``step``. ``silent`` sentences say nothing of it.
    """

    low: int
    high: int
    step: int
    facts: Texts
    silent: Texts
    above_positive: Texts
    above_negative: Texts
    below_positive: Texts
    below_negative: Texts


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a document has or lacks, as sentences of either kind."""

    name: str
    present: Texts
    absent: Texts


@dataclass(frozen=True, slots=True)
class Presence:
    """Inclusion and exclusion. The wordings contain ``{thing}``."""

    with_positive: Texts
    with_negative: Texts
    without_positive: Texts
    without_negative: Texts
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a category, as whole sentences that show it without naming it."""

    name: str
    facts: Texts


@dataclass(frozen=True, slots=True)
class Category:
    """A property with several values. ``positive`` wordings demand ``{value}``, ``negative`` ones refuse it."""

    positive: Texts
    negative: Texts
    silent: Texts
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A layout that a document is written in, by the name under which an instruction asks for it."""

    name: str
    layout: str


@dataclass(frozen=True, slots=True)
class Forms:
    """The layouts of a domain; wordings as in `Category`."""

    positive: Texts
    negative: Texts
    values: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """Short documents have fewer than ``{limit}`` words and long ones more; wordings contain ``{limit}``."""

    above_positive: Texts
    above_negative: Texts
    below_positive: Texts
    below_negative: Texts


@dataclass(frozen=True, slots=True)
class Bank:
    """All texts of one domain.

    ``titles`` and ``openings`` contain ``{subject}`` (or ``{Subject}``, capitalised); ``fillers`` fit any
    document of the domain and touch none of the properties below. ``headings``, ``greetings`` and
    ``farewells`` serve the layouts ``headed`` and ``letter``. ``slots`` are alternatives by name.
    """

    domain: str
    layouts: Texts
    titles: Texts
    openings: Texts
    fillers: Texts
    headings: Texts
    greetings: Texts
    farewells: Texts
    slots: Mapping[str, Texts]
    subjects: tuple[Subject, ...]
    time: Threshold
    number: Threshold
    presence: Presence
    audience: Category
    source: Category
    place: Category
    form: Forms
    length: Length


_LEAST = {
    "titles": 5,
    "openings": 6,
    "fillers": 24,
    "layouts": 2,
    "headings": 0,
    "greetings": 0,
    "farewells": 0,
    "subjects": 10,
    "sentences": 8,
    "facts": 7,
    "silent": 4,
    "things": 4,
    "present": 6,
    "absent": 6,
    "values": 2,
}
_LEAST_WORDINGS = 4
_NEEDED_SLOTS = {
    Threshold: {"facts": "value", "wording": "limit"},
    Length: {"wording": "limit"},
    Presence: {"wording": "thing"},
    Category: {"wording": "value"},
    Forms: {"wording": "value"},
}


def _least(name: str) -> int:
    return _LEAST.get(name, _LEAST_WORDINGS)


class _Reader:
    """Builds the dataclasses from TOML tables and gathers every problem with its dotted place."""

    def __init__(self, slots: Mapping[str, Any]) -> None:
        self.slots = set(slots)
        self.problems: list[str] = []

    def build(self, kind: type, table: Mapping[str, Any], place: str) -> Any:
        hints = get_type_hints(kind)
        wanted = {field.name for field in fields(kind)}
        for name in sorted(wanted ^ set(table)):
            self.problems.append(f"{place}{name}: {'missing' if name in wanted else 'unknown key'}")
        built = {
            name: self.field(kind, name, hints[name], table.get(name, ()), f"{place}{name}") for name in wanted
        }
        return kind(**built)

    def field(self, kind: type, name: str, hint: Any, value: Any, place: str) -> Any:
        if hint == Texts:
            self.check_texts(kind, name, value, place)
            return tuple(value)
        if hint == Mapping[str, Texts]:
            return {slot: tuple(texts) for slot, texts in dict(value).items()}
        if hasattr(hint, "__dataclass_fields__"):
            return self.build(hint, value or {}, f"{place}.")
        if hint in (str, int):
            return value
        (item, _) = hint.__args__
        if len(value) < _least(name):
            self.problems.append(f"{place}: {len(value)} entries, at least {_least(name)} are needed")
        return tuple(self.build(item, entry, f"{place}[{i}].") for i, entry in enumerate(value))

    def check_texts(self, kind: type, name: str, texts: Sequence[str], place: str) -> None:
        if len(set(texts)) < max(_least(name), len(texts)):
            self.problems.append(
                f"{place}: {len(set(texts))} different texts, at least {_least(name)} are needed"
            )
        needed = _NEEDED_SLOTS.get(kind, {}).get(
            "facts" if name == "facts" else "wording" if "_" in name or name in {"positive", "negative"} else ""
        )
        if kind is Bank and name in {"titles", "openings"}:
            needed = "subject"
        for text in texts:
            found = {slot.lower() for slot in SLOT.findall(text)}
            if needed and needed not in found:
                self.problems.append(f"{place}: {{{needed}}} is missing in {text!r}")
            for slot in sorted(found - self.slots - {needed}):
                self.problems.append(f"{place}: unknown slot {{{slot}}} in {text!r}")


def parse_bank(text: str, file: str) -> Bank:
    """Read one bank.

    Raises:
        InvalidInputError: with every problem: keys, too short lists, unknown or missing slots.
    """
    table = tomllib.loads(text)
    reader = _Reader(table.get("slots", {}))
    bank: Bank = reader.build(Bank, table, "")
    if unknown := set(bank.layouts) | {form.layout for form in bank.form.values} - set(LAYOUTS):
        reader.problems.extend(f"unknown layout {name!r}" for name in sorted(unknown - set(LAYOUTS)))
    if reader.problems:
        raise InvalidInputError(f"text bank {file}", [Problem(problem, file) for problem in reader.problems])
    return bank


@cache
def banks(split: str) -> tuple[Bank, ...]:
    """The banks of a split, by domain name."""
    folder = files(__package__) / "banks" / split
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(
        parse_bank(entry.read_text(encoding="utf-8"), entry.name)
        for entry in sorted(found, key=lambda e: e.name)
    )
