"""Several records of one benchmark: every pair, every column, one correction over the whole table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ifir_eval.comparison.paired import Difference, Named, Pair, differences
from ifir_eval.errors import InvalidInputError, Problem, UnknownNameError
from ifir_eval.records.column import Column, columns_of, contrasted
from ifir_eval.records.names import display_names
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.statistics.holm import holm

SIGNIFICANCE = 0.05
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Compared:
    """A difference with its p value corrected by Holm over all of the table's."""

    difference: Difference
    p_holm: float

    @property
    def is_significant(self) -> bool:
        """Whether the table as a whole may call it a difference."""
        return self.p_holm <= SIGNIFICANCE


@dataclass(frozen=True)
class Comparison:
    """Records of the same benchmark under display names, in the order given.

    ``pairs`` holds every pair (the earlier record is ``old``) in every column that both have.
    """

    names: tuple[str, ...]
    records: tuple[Record, ...]
    columns: tuple[Column, ...]
    pairs: tuple[Compared, ...]

    @property
    def benchmark(self) -> Mapping[str, Any]:
        """What the records say about their benchmark."""
        return self.records[0].benchmark

    @property
    def letters(self) -> Mapping[str, str]:
        """The letter of each retriever."""
        return {name: letter(number) for number, name in enumerate(self.names)}

    def beaten(self, name: str, column: Column) -> str:
        """The letters of those whom ``name`` significantly beats in ``column``, in order."""
        worse = [
            pair.difference.old if pair.difference.is_better else pair.difference.new
            for pair in self.pairs
            if pair.difference.column == column
            and pair.is_significant
            and pair.difference.is_better is not None
            and name == (pair.difference.new if pair.difference.is_better else pair.difference.old)
        ]
        return "".join(sorted(self.letters[other] for other in worse))


def letter(number: int) -> str:
    """``a`` for 0, ``b`` for 1, …: how tables point to a retriever."""
    return _LETTERS[number] if number < len(_LETTERS) else f"({number + 1})"


def compare(records: Sequence[Record], columns: Sequence[str] = ()) -> Comparison:
    """Compare ``records`` in ``columns``, by default in all that say something about a contrast.

    Raises:
        InvalidInputError: if they cannot be compared, with every reason.
        UnknownNameError: for columns that no record has.
    """
    if reasons := list(incomparable(records)):
        raise InvalidInputError("comparison", [Problem(reason) for reason in reasons])
    names = tuple(_apart(display_names(records)))
    chosen = _chosen(records, columns)
    named = [Named(name, record) for name, record in zip(names, records, strict=True)]
    found = differences([Pair(column, old, new) for column in chosen for old, new in combinations(named, 2)])
    adjusted = holm([one.p for one in found])
    pairs = tuple(Compared(one, p) for one, p in zip(found, adjusted, strict=True))
    return Comparison(names, tuple(records), chosen, pairs)


def incomparable(records: Sequence[Record]) -> Iterator[str]:
    """Why ``records`` cannot be compared topic by topic; nothing where they can."""
    if len(records) < 2:  # noqa: PLR2004 - a pair
        yield "it takes two records of one benchmark"
        return
    first = records[0].benchmark
    for record in records:
        name, benchmark = who(record), record.benchmark
        if record.origin == PUBLISHED:
            yield f"{name}: published figures have no values by topic"
        elif not record.complete:
            yield f"{name}: a limited run compares with nothing; run it without --limit"
        if benchmark["content_hash"] != first["content_hash"]:
            yield (
                f"{name}: another benchmark or another content ({benchmark['content_hash'][:8]}) than "
                f"{first['name']} ({first['content_hash'][:8]}); run both on the same"
            )
    yield from other_definitions(records)


def who(record: Record) -> str:
    """In one line, whatever the record says: CI systems read lines as commands."""
    return " ".join(f"{record.retriever['spec']} on {record.benchmark['name']}".split())


def other_definitions(records: Sequence[Record]) -> Iterator[str]:
    """For each measure that ``records`` of one benchmark define differently a sentence."""
    facts = [record.benchmark.get("measure_facts", {}) for record in records]
    for name in sorted(set.intersection(*map(set, facts))):
        if any(held[name] != facts[0][name] for held in facts):
            yield f"{name} is not defined alike in all records; `ifir-eval score` measures them again"


def _chosen(records: Sequence[Record], names: Sequence[str]) -> tuple[Column, ...]:
    """Columns by name, or by the name of their measure; those about contrasts where none is named."""
    known = columns_of(records)
    if not names:
        return contrasted(known, records[0].benchmark)
    if unknown := [name for name in names if name not in {part for c in known for part in (c.name, c.base)}]:
        raise UnknownNameError("column", unknown, [column.name for column in known])
    return tuple(column for column in known if column.name in names or column.base in names)


def _apart(names: Sequence[str]) -> Iterator[str]:
    """Two records of the same retriever are two runs of it."""
    for place, name in enumerate(names):
        earlier = names[:place].count(name)
        yield f"{name}, run {earlier + 1}" if earlier else name
