"""Instructions read as constraints on metadata, as far as they say nothing else.

Every word has to be accounted for: as part of a constraint, as a negation, as a word of the query or of most
documents, or as one of those in `filler.txt` that constrain nothing. If one is not, the instruction is not
understood, for a constraint that is overlooked would make an exact judge wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from ifir_eval.benchmarks.builder.constraint import Constraint, wording_texts
from ifir_eval.benchmarks.builder.corpus import Value
from ifir_eval.benchmarks.builder.field import Field, Label, labels_of, said
from ifir_eval.benchmarks.swap import Demand as Worded
from ifir_eval.benchmarks.swap import fill_wordings
from ifir_eval.synthesis.judges.times import Span, spans

_COMMON = 0.25
"""Share of the documents from which on a word that they hold constrains nothing."""
_LONGEST = 5
"""Words of a label at most."""
_NEGATION = re.compile(
    r"\b(?:not|no|none|nothing|never|without|except(?:ing)?|exclud(?:e|es|ing)|avoid(?:s|ing)?|skip(?:s|ping)?|"
    r"omit|leave out|leaving out|ignore|ignoring|other than|rather than|neither|nor|reject|remove|filter out|"
    r"drop)\b|n't\b|(?:(?<=\beverything )|(?<=\banything )|(?<=\bnothing )|(?<=\ball ))but\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"[.;:!?]+(?=\s|$)|\b(?:instead|only)\b|(?<!everything)(?<!anything)(?<!nothing)(?<!all) but\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


class Mention(NamedTuple):
    """Where an instruction names a value or a stretch of values of a field; a ``half`` has one limit only."""

    field: Field
    start: int
    stop: int
    test: Callable[[Value], bool]
    half: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """Some of ``mentions``, all of one field, must hold; if ``refused`` none of them may.

    A document that does not say breaks a demand and keeps to a refusal, as with `benchmarks build`.
    ``joint`` mentions may be meant as all of them or as any: where that makes a difference, nobody can tell.
    """

    mentions: tuple[Mention, ...]
    refused: bool = False
    joint: bool = False

    def admits(self, document: str) -> bool | None:
        """Whether the document satisfies this."""
        value = self.mentions[0].field.values.get(document)
        if value is None:
            return self.refused
        held = [mention.test(value) for mention in self.mentions]
        if self.joint and any(held) != all(held):
            return None
        return any(held) != self.refused


class Verbatim(NamedTuple):
    """A demand in the very words of the builder, which knows what they mean."""

    constraint: Constraint
    worded: Worded

    def admits(self, document: str) -> bool:
        """Whether the document satisfies this."""
        return self.worded.admits(self.constraint.side(document))


class Constraints(NamedTuple):
    """What an instruction demands, all of it."""

    demands: tuple[Demand | Verbatim, ...]

    def admit(self, document: str) -> bool | None:
        """Whether the document satisfies all demands; None where that depends on how one is meant."""
        said = [demand.admits(document) for demand in self.demands]
        if False in said:
            return False
        return None if None in said else True


class Reader:
    """Reads instructions about ``fields``; ``texts`` are all documents, for words that many of them hold."""

    def __init__(self, fields: Sequence[Field], texts: Sequence[str]) -> None:
        self._fields = fields
        held = Counter(word for text in texts for word in set(_words(text)))
        self._common = {word for word, count in held.items() if count >= _COMMON * len(texts)}
        self._named = {word for field in fields for word in _words(field.called)}
        self._labels: dict[tuple[str, ...], list[tuple[Field, str]]] = {}
        for field in fields:
            for label in {label for value in field.values.values() for label in labels_of(value)}:
                if isinstance(label, str):
                    for form in _forms(label):
                        self._labels.setdefault(form, []).append((field, label))

    def read(self, instruction: str, query: str) -> Constraints | None:
        """What ``instruction`` demands of documents about ``query``; None if nothing, or nothing certain."""
        known = self._common | self._named | _filler() | set(_words(query))
        demands: list[Demand | Verbatim] = []
        for sentence in re.split(r"(?<=[.!?])\s+", instruction.strip()):
            worded = self._worded(sentence)
            found = [worded] if worded else self._free(sentence, known)
            if found is None:
                return None
            demands += found
        return Constraints(tuple(demands)) if demands else None

    def _worded(self, sentence: str) -> Verbatim | None:
        """The demand of a sentence in the builder's own words."""
        for field in self._fields:
            for worded, pattern in _patterns(field.kind):
                written = pattern.fullmatch(sentence)
                if written and written["field"] == field.called:
                    pivot = _value(field, written["value"])
                    return None if pivot is None else Verbatim(Constraint(field, pivot), worded)
        return None

    def _free(self, sentence: str, known: set[str]) -> list[Demand] | None:
        demands: list[Demand] = []
        start = 0
        for end in [*_PART.finditer(sentence), None]:
            stop = end.start() if end else len(sentence)
            found = self._part(sentence[start:stop], known)
            if found is None:
                return None
            demands += found
            start = end.end() if end else stop
        return demands

    def _part(self, text: str, known: set[str]) -> list[Demand] | None:
        """The demands of a part of a sentence within which a negation reaches to the end."""
        mentions = sorted(self._mentions(text), key=lambda mention: mention.start)
        if any(one.stop > other.start for one, other in pairwise(mentions)):
            return None  # one word, two fields
        negations = [
            word
            for word in _NEGATION.finditer(text)
            if not any(mention.start <= word.start() < mention.stop for mention in mentions)
        ]
        taken = [(word.start(), word.end()) for word in negations]
        taken += [(mention.start, mention.stop) for mention in mentions]
        if set(_words(_blanked(text, taken))) - known or (negations and not mentions):
            return None
        demands = []
        for group in _groups(mentions, text):
            first = group[0].start
            before = [word for word in negations if word.start() < first]
            if before and "," in text[before[-1].end() : group[-1].start]:
                return None  # does the negation reach beyond the comma?
            if any(first < word.start() < group[-1].start for word in negations):
                return None
            refused = bool(len(before) % 2)
            joint = len(group) > 1 and not refused and not _are_alternatives(group, text)
            demands.append(Demand(tuple(group), refused, joint=joint))
        return demands

    def _mentions(self, text: str) -> Iterator[Mention]:
        times = [field for field in self._fields if field.kind == "time"]
        found = list(spans(text))
        if len(times) == 1:
            yield from (Mention(times[0], *span.place, span.holds, span.half) for span in found)
        words = [word for word in _WORD.finditer(text) if not _inside(word.start(), found)]
        at = 0
        while at < len(words):
            for size in range(min(_LONGEST, len(words) - at), 0, -1):
                form = tuple(word[0].casefold() for word in words[at : at + size])
                if form in self._labels:
                    place = words[at].start(), words[at + size - 1].end()
                    for field, label in self._labels[form]:
                        yield Mention(field, *place, _has(label))
                    at += size - 1
                    break
            at += 1


def _has(label: str) -> Callable[[Value], bool]:
    return lambda value: label in labels_of(value)


def _groups(mentions: Sequence[Mention], text: str) -> Iterator[list[Mention]]:
    """Mentions of one field that belong together; two limits of one field are demanded both."""
    group: list[Mention] = []
    for mention in mentions:
        if group and mention.field is group[0].field:
            between = _words(text[group[-1].stop : mention.start])
            if not (mention.half and group[-1].half) or "or" in between:
                group.append(mention)
                continue
        if group:
            yield group
        group = [mention]
    if group:
        yield group


def _are_alternatives(group: Sequence[Mention], text: str) -> bool:
    """Whether any of the group will do: an "or" says so, and no document has two years."""
    between = _words(text[group[0].stop : group[-1].start])
    return "or" in between or group[0].field.kind == "time"


def _value(field: Field, written: str) -> Label | None:
    """The value of ``field`` that is written like that."""
    return next(
        (label for value in field.values.values() for label in labels_of(value) if said(label) == written), None
    )


def _forms(label: str) -> Iterator[tuple[str, ...]]:
    """A label as it may stand in a text: as it is, and in the plural."""
    *before, last = _words(label) or [""]
    plural = f"{last[:-1]}ies" if last.endswith("y") else f"{last}es" if last.endswith("s") else f"{last}s"
    if last:
        yield (*before, last)
        yield (*before, plural)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _inside(place: int, found: Sequence[Span]) -> bool:
    return any(span.place[0] <= place < span.place[1] for span in found)


def _blanked(text: str, taken: Sequence[tuple[int, int]]) -> str:
    for start, stop in taken:
        text = text[:start] + " " * (stop - start) + text[stop:]
    return text


@cache
def _filler() -> frozenset[str]:
    return frozenset(files(__package__).joinpath("filler.txt").read_text(encoding="utf-8").split())


@cache
def _patterns(kind: str) -> tuple[tuple[Worded, re.Pattern[str]], ...]:
    """The builder's wordings for fields of ``kind``, as patterns of ``field`` and ``value``."""
    slots = {"field": ("\0", "\0"), "limit": ("\1", "\1"), "value": ("\1", "\1")}
    texts = wording_texts()[kind]
    filled = fill_wordings(
        texts["a_positive"], texts["a_negative"], texts["b_positive"], texts["b_negative"], **slots
    )
    return tuple((worded, _pattern(text)) for worded, wordings in filled.items() for text in wordings)


def _pattern(text: str) -> re.Pattern[str]:
    pattern = re.escape(text).replace("\0", "(?P<field>.+?)").replace("\1", "(?P<value>.+?)")
    return re.compile(pattern, re.IGNORECASE)
