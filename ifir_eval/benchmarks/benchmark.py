"""What is asked: a corpus, topics under several views, and the contrasts between views.

A *topic* is one information need. A *view* is one way of asking it: a query text, an instruction
(possibly empty) and the judgements that hold under that instruction. A *contrast* is an ordered pair
of views; the documents whose relevance differs between the two are what a retriever that follows
instructions has to move.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from ifir_eval.errors import InvalidInputError, Problem, UnknownNameError

# Names of views that have a meaning for measures; every other name is the benchmark's own.
BARE = "bare"
ORIGINAL = "original"
REVERSED = "reversed"
PARAPHRASE = "paraphrase"
PLACEBO = "placebo"

# trec_eval keeps a counter for every grade up to the highest, and with one of 2**31 - 1 all its values are 0.
GRADES = range(-1_000_000, 1_000_001)

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


def view_name_fault(name: str) -> str:
    """Why ``name`` cannot stand in a column such as ``nDCG@10[original]``; empty if it can."""
    if name.split() == [name] and not set(name) & set("[]"):
        return ""
    return f"view name {name!r} is empty or has white space or brackets, which a column cannot hold"


@dataclass(frozen=True, slots=True)
class Document:
    """One retrievable text. ``metadata`` is shown to readers and never reaches a retriever."""

    id: str
    text: str
    title: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def has_text(self) -> bool:
        """Whether its text or its title says anything."""
        return bool(self.text.strip() or self.title.strip())


@dataclass(frozen=True, slots=True)
class View:
    """One way of asking a topic.

    ``id`` is the query id of runs and judgements, unique in the benchmark; ``judgements`` maps document
    ids to grades (0 = judged not relevant); ``candidates`` lists the documents to rank, or is None where
    the whole corpus is searched. ``excluded`` documents are not ranked at all (BRIGHT has some per query).
    """

    id: str
    name: str
    query: str
    instruction: str
    judgements: Mapping[str, int]
    candidates: tuple[str, ...] | None = None
    excluded: frozenset[str] = frozenset()


class Contrast(NamedTuple):
    """An ordered pair of view names: how does the ranking move from ``before`` to ``after``?"""

    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}>{self.after}"


class Shift(NamedTuple):
    """The documents of a contrast by what happens to their relevance, each sorted by id."""

    lost: tuple[str, ...]
    gained: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """One information need under its views, keyed by view name. ``slices`` group topics in reports."""

    id: str
    views: Mapping[str, View]
    slices: Mapping[str, str] = field(default_factory=dict)

    def relevant(self, view: str, grade: int) -> frozenset[str]:
        """The documents judged at ``grade`` or above under ``view``."""
        return frozenset(doc for doc, given in self.views[view].judgements.items() if given >= grade)

    def shift(self, contrast: Contrast, grade: int) -> Shift:
        """Which documents lose, gain and keep relevance (at ``grade``) along ``contrast``."""
        before, after = (self.relevant(view, grade) for view in contrast)
        return Shift(*(tuple(sorted(docs)) for docs in (before - after, after - before, before & after)))


@dataclass(frozen=True)
class Benchmark:
    """A named, versioned set of topics over one corpus.

    ``relevant_grade`` is the lowest grade that counts as relevant wherever a measure needs a yes or no.
    ``partial_contrasts`` says that some topics are asked under one side of a contrast only (CSFCube's
    facets); elsewhere that is a mistake and `validated` reports it. ``source`` and ``licence`` are shown
    to users, ``notes`` are warnings about this copy that every record carries. ``is_limited`` marks an excerpt.
    """

    name: str
    version: str
    licence: str
    source: str
    corpus: Mapping[str, Document]
    topics: tuple[Topic, ...]
    measures: tuple[str, ...]
    primary: str
    contrasts: tuple[Contrast, ...] = ()
    relevant_grade: int = 1
    partial_contrasts: bool = False
    notes: tuple[str, ...] = ()
    is_limited: bool = False

    def views(self) -> Iterator[View]:
        """Every view of every topic, in order."""
        for topic in self.topics:
            yield from topic.views.values()

    def topic(self, topic_id: str) -> Topic:
        """The topic called ``topic_id``.

        Raises:
            UnknownNameError: if there is none.
        """
        for topic in self.topics:
            if topic.id == topic_id:
                return topic
        raise UnknownNameError("topic", [topic_id], [topic.id for topic in self.topics])

    def contrasts_of(self, topic: Topic) -> tuple[Contrast, ...]:
        """The contrasts of which ``topic`` has both views."""
        return tuple(pair for pair in self.contrasts if all(view in topic.views for view in pair))

    def documents_asked_for(self) -> list[Document]:
        """The documents that a retriever has to know: every candidate once, in corpus order.

        The whole corpus as soon as one view has no candidate list.
        """
        named: set[str] = set()
        for view in self.views():
            if view.candidates is None:
                return list(self.corpus.values())
            named.update(view.candidates)
        return [document for document in self.corpus.values() if document.id in named]

    def limited(self, topics: int) -> Benchmark:
        """The first ``topics`` topics only: quick to try, never comparable with the whole."""
        return replace(
            self, topics=self.topics[:topics], is_limited=self.is_limited or topics < len(self.topics)
        )

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over everything that can change a number, independent of the order of documents."""
        digest = hashlib.sha256()

        def feed(*parts: object) -> None:
            digest.update(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode() + b"\n")

        feed(self.relevant_grade, [list(pair) for pair in self.contrasts])
        for document in sorted(self.corpus.values(), key=lambda document: document.id):
            feed(document.id, document.title, document.text)
        for topic in sorted(self.topics, key=lambda topic: topic.id):
            feed(topic.id, dict(topic.slices))
            for _, view in sorted(topic.views.items()):
                candidates = None if view.candidates is None else sorted(view.candidates)
                feed(view.id, view.name, view.query, view.instruction, dict(view.judgements), candidates)
                if view.excluded:
                    feed(sorted(view.excluded))
        return digest.hexdigest()

    def validated(self) -> Benchmark:
        """This benchmark, unchanged, if it can be measured.

        Raises:
            InvalidInputError: listing every problem, before any model is loaded.
        """
        problems = [
            *self._corpus_problems(),
            *self._document_problems(),
            *self._topic_problems(),
            *self._view_problems(),
            *self._candidate_problems(),
            *self.contrast_problems(),
        ]
        if problems:
            raise InvalidInputError(f"benchmark {self.name!r}", problems)
        return self

    def _corpus_problems(self) -> Iterator[Problem]:
        if not self.corpus:
            yield Problem("the corpus is empty")
        if not self.topics:
            yield Problem("there are no topics")
        if not self.measures:
            yield Problem("there are no measures")
        if self.relevant_grade not in GRADES:
            yield Problem(f"the relevant grade {self.relevant_grade} is beyond the highest, {GRADES[-1]:,}")
        for key, document in self.corpus.items():
            if key != document.id:
                yield Problem(f"document {document.id!r} stands in the corpus under the key {key!r}")

    def _document_problems(self) -> Iterator[Problem]:
        for document in self.documents_asked_for():
            if document.id.split() != [document.id]:
                yield Problem(
                    f"document id {document.id!r} has white space or is empty, which a TREC run cannot hold"
                )
            if _HALF_A_CHARACTER.search(document.id):
                yield Problem(f"document id {document.id!r} has half of a character, which no file can hold")
            if not document.has_text:
                yield Problem(f"document {document.id!r} has neither title nor text")

    def _topic_problems(self) -> Iterator[Problem]:
        for topic_id, count in Counter(topic.id for topic in self.topics).items():
            if count > 1:
                yield Problem(f"topic id {topic_id!r} is used {count} times")
            if not topic_id.strip():
                yield Problem(f"topic id {topic_id!r} is empty")
        named = [(key, view.name) for topic in self.topics for key, view in topic.views.items()]
        for key, name in dict.fromkeys(named):
            if key != name:
                yield Problem(f"view {name!r} stands in a topic under the key {key!r}")
            if fault := view_name_fault(name):
                yield Problem(fault)

    def _view_problems(self) -> Iterator[Problem]:
        for query_id, count in Counter(view.id for view in self.views()).items():
            if count > 1:
                yield Problem(f"query id {query_id!r} is used {count} times")
        for odd in [view.id for view in self.views() if view.id.split() != [view.id]]:
            yield Problem(f"query id {odd!r} has white space or is empty, which a TREC run cannot hold")
        for view in self.views():
            if not view.query.strip():
                yield Problem(f"query {view.id!r} has no text")
            if not view.judgements:
                yield Problem(f"query {view.id!r} has no judgements")
            for grade in [grade for grade in view.judgements.values() if grade not in GRADES][:1]:
                limits = f"{GRADES[0]:,} to {GRADES[-1]:,}"
                yield Problem(f"query {view.id!r} has the grade {grade}, beyond the grades {limits}")
            for role, ids in (("judged", view.judgements), ("candidate", view.candidates or ())):
                for unknown in [doc for doc in ids if doc not in self.corpus][:3]:
                    yield Problem(f"query {view.id!r}: {role} document {unknown!r} is not in the corpus")

    def _candidate_problems(self) -> Iterator[Problem]:
        pools = {view.id: view.candidates for view in self.views()}
        if len({pool is None for pool in pools.values()}) > 1:
            yield Problem("some queries have candidates and others search the whole corpus; do one of the two")
        for query_id, pool in pools.items():
            if pool == ():
                yield Problem(f"query {query_id!r} has an empty list of candidates")
            if pool is not None and len(set(pool)) < len(pool):
                yield Problem(f"query {query_id!r} lists a candidate twice")

    def contrast_problems(self) -> Iterator[Problem]:
        """What is wrong with the contrasts: views that no topic has, topics with one view of a pair only."""
        for contrast, count in Counter(self.contrasts).items():
            if count > 1:
                yield Problem(f"contrast {contrast} is listed {count} times")
            having = {side: [t for t in self.topics if side in t.views] for side in contrast}
            for side, topics in having.items():
                if not topics:
                    yield Problem(f"contrast {contrast}: no topic has the view {side!r}")
            for topic in self.topics:
                if contrast in self.contrasts_of(topic) and _same_words(
                    *map(topic.views.__getitem__, contrast)
                ):
                    yield Problem(
                        f"topic {topic.id!r} asks the same words under both views of contrast {contrast}, "
                        "which are judged differently: nothing can tell them apart"
                    )
            if self.partial_contrasts or not all(having.values()):
                continue
            for topic in self.topics:
                missing = [side for side in contrast if side not in topic.views]
                if missing:
                    yield Problem(f"topic {topic.id!r} lacks the view {missing[0]!r} of contrast {contrast}")


def _same_words(one: View, other: View) -> bool:
    """Whether two views that are judged differently are one and the same question."""
    asked = [(view.query.strip(), view.instruction.strip()) for view in (one, other)]
    return asked[0] == asked[1] and one.judgements != other.judgements
