"""The training row: one query under one view, its positive passage, and its negatives of two kinds.

As JSON lines, one row a line, with exactly these fields (the lists, ``instruction`` and ``source`` may be
left out)::

    {"pair_id", "view", "query", "instruction", "positive",
     "instruction_negatives": [0..3], "hard_negatives": [0..30], "source"}
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

from ifir_eval.benchmarks.benchmark import View, view_name_fault
from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.files import write_atomically

MOST_INSTRUCTION_NEGATIVES, MOST_HARD_NEGATIVES = 3, 30
"""Negatives of a row at most, as in Dual-View (docs/methods.md, section 5)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One training example.

    Rows of the same ``pair_id`` are views of one example: an instructed row (``original``), its polarity
    reversal (``reversed``), its twin without an instruction (``bare``). ``instruction_negatives`` fit the
    query and break the instruction, so that a row without one has none; ``hard_negatives`` do not fit the
    query, or were only mined. ``source`` says where the row comes from, for counts and model cards.
    """

    pair_id: str
    view: str
    query: str
    instruction: str
    positive: str
    instruction_negatives: tuple[str, ...] = ()
    hard_negatives: tuple[str, ...] = ()
    source: str = ""

    @property
    def negatives(self) -> tuple[str, ...]:
        """All explicit negatives, those of the instruction first."""
        return (*self.instruction_negatives, *self.hard_negatives)

    @property
    def passages(self) -> tuple[str, ...]:
        """The positive, then all explicit negatives."""
        return (self.positive, *self.negatives)

    def as_view(self) -> View:
        """What `Template.render` takes."""
        return View(self.pair_id, self.view, self.query, self.instruction, {})

    def faults(self) -> Iterator[str]:
        """What keeps this row from being trained on, each as a sentence."""
        for name in ("pair_id", "query", "positive"):
            if not getattr(self, name).strip():
                yield f"{name!r} is empty"
        if fault := view_name_fault(self.view):
            yield fault
        for name, negatives, most in (
            ("instruction_negatives", self.instruction_negatives, MOST_INSTRUCTION_NEGATIVES),
            ("hard_negatives", self.hard_negatives, MOST_HARD_NEGATIVES),
        ):
            if len(negatives) > most:
                yield f"{name!r} holds {len(negatives)} passages; at most {most} are trained on"
            if not all(map(str.strip, negatives)):
                yield f"{name!r} holds an empty passage"
        if self.instruction_negatives and not self.instruction.strip():
            yield "there are instruction negatives but no instruction that they could break"
        if self.positive.strip() and _folded(self.positive) in map(_folded, self.negatives):
            yield "a negative equals the positive"
        if len(set(map(_folded, self.negatives))) < len(self.negatives):
            yield "a negative is listed twice"


def topics_of(rows: Sequence[Row]) -> list[str]:
    """For each row what its pair is about: the query, and all instructions that the pair's rows have.

    Pairs of one topic judge the same passages by the same instructions, so they share most of them.
    """
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        asked[row.pair_id] |= {row.query, row.instruction}
    topics = {pair: " | ".join(sorted(texts)) for pair, texts in asked.items()}
    return [topics[row.pair_id] for row in rows]


FIELDS = tuple(field.name for field in fields(Row))
_LISTS = ("instruction_negatives", "hard_negatives")


@lru_cache(maxsize=4096)  # a topic's rows have the same passages
def _folded(text: str) -> str:
    """Passages that differ in white space only are one."""
    return " ".join(text.split())


def read_rows(path: Path) -> list[Row]:
    """The rows of the JSON lines at ``path``, checked; equal passages are one object in memory.

    Raises:
        InvalidInputError: listing every problem with its line.
    """
    reader = FolderReader(path.parent)
    rows = list(read_lines(reader.rows(path.name)))
    if not rows and not reader.problems:
        reader.report("there are no rows", path.name)
    if reader.problems:
        raise InvalidInputError(f"the training data {str(path)!r}", reader.problems)
    return rows


def read_lines(lines: Iterable[Line]) -> Iterator[Row]:
    """The rows that ``lines`` hold in our own layout; what is wrong with them is reported to their reader."""
    shared: dict[str, str] = {}
    seen: dict[tuple[str, str], Line] = {}
    for line in lines:
        row = _row(line, shared)
        if row is None:
            continue
        first = seen.setdefault((row.pair_id, row.view), line)
        if first is not line:
            place = f"line {first.line}" + (f" of {first.file}" if first.file != line.file else "")
            line.report(f"pair {row.pair_id!r} has the view {row.view!r} already, in {place}")
        yield from checked(line, row)


def checked(line: Line, row: Row) -> Iterator[Row]:
    """``row``, and a report to ``line`` of everything that keeps it from being trained on."""
    for fault in row.faults():
        line.report(fault)
    yield row


def distinct(passages: Iterable[str], most: int, others: Iterable[str] = ()) -> tuple[str, ...]:
    """The first ``most`` different ``passages`` that are not among ``others``."""
    seen = set(map(_folded, others))
    chosen: list[str] = []
    for text in passages:
        if len(chosen) == most:
            break
        if (folded := _folded(text)) not in seen:
            seen.add(folded)
            chosen.append(text)
    return tuple(chosen)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write ``rows`` so that `read_rows` gives them back; whoever reads meanwhile sees all or nothing.

    Raises:
        InvalidInputError: if one of them could not be read again.
    """
    rows = list(rows)
    problems = [Problem(f"row {row.pair_id!r} ({row.view}): {fault}") for row in rows for fault in row.faults()]
    if problems:
        raise InvalidInputError("the training data", problems)
    write_atomically(path, "".join(map(as_line, rows)).encode())


def as_line(row: Row) -> str:
    """``row`` as one line of JSON, with its line break."""
    return json.dumps(asdict(row), ensure_ascii=False) + "\n"


def _row(line: Line, shared: dict[str, str]) -> Row | None:
    """The row of ``line``; None, reported, if a field is missing or of another kind."""
    for unknown in line.fields.keys() - set(FIELDS):
        line.report(f"there is no field {unknown!r}; the fields are {', '.join(FIELDS)}")
    texts = {
        name: line.text(name, "" if name in {"instruction", "source"} else None)
        for name in FIELDS
        if name not in _LISTS
    }
    passages = {name: texts_of(line, name) for name in _LISTS}
    if None in texts.values() or None in passages.values():
        return None
    shared_texts = {name: shared.setdefault(text, text) for name, text in texts.items() if text is not None}
    shared_lists = {
        name: tuple(shared.setdefault(text, text) for text in given or ()) for name, given in passages.items()
    }
    return Row(**shared_texts, **shared_lists)  # type: ignore[arg-type]  # the fields of each kind, by name


def texts_of(line: Line, key: str) -> tuple[str, ...] | None:
    """The strings of the list under ``key``, in order; empty where absent; None, reported, if it is no such."""
    given = line.fields.get(key)
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        line.report(f"{key!r} must be a list of strings")
        return None
    return tuple(given)
