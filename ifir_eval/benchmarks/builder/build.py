"""The builder: a corpus with metadata becomes a swap benchmark, a pure function of its files and a seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from pathlib import Path
from random import Random

from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED, Benchmark, Contrast, Document, Topic
from ifir_eval.benchmarks.builder.constraint import DECIDED, UNDECIDED, Division, divide
from ifir_eval.benchmarks.builder.corpus import Source, read_source
from ifir_eval.benchmarks.builder.field import Field, field_of, refusal
from ifir_eval.benchmarks.builder.subject import Judged, Subject, drawn_subjects, judged_subjects
from ifir_eval.benchmarks.builder.words import Words
from ifir_eval.benchmarks.notes import dependent
from ifir_eval.benchmarks.reading import FolderReader
from ifir_eval.benchmarks.swap import MEASURES, POLARITIES, Question, Stand, ask
from ifir_eval.errors import IfirEvalError, InvalidInputError, Problem
from ifir_eval.progress import Progress, silent

VERSION = "1"

LEAST_DOCUMENTS = 100
LEAST_TOPICS = 10

OFF_TOPIC, OFF_TOPIC_ELSE = 8, 4
"""Documents off the topic on each side of the constraint, and on neither."""

HARD = 500
"""Documents off the topic, best first by BM25, from which a pool takes its own."""

_NEITHER: Stand = ()

_SPARE = 3
"""Subjects drawn for each topic wanted: some have documents on one side only."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build.

    ``fields`` are metadata fields of ``corpus``. ``judged`` are existing judgements for the topics to stand
    on; without them topics are drawn from the corpus. At most ``topics`` are made.
    """

    corpus: Path
    fields: tuple[str, ...]
    name: str
    judged: Judged | None = None
    topics: int = 200
    seed: int = 0


def build_benchmark(plan: Plan, progress: Progress = silent) -> Benchmark:
    """The swap benchmark that ``plan`` describes; its notes say which fields were refused and why.

    Raises:
        UnknownNameError: naming every field that no document has.
        InvalidInputError: listing every fault of the files, or why no field is of use.
        IfirEvalError: if too few topics come out.
    """
    reader = FolderReader(Path())
    source = read_source(reader, str(plan.corpus), plan.fields)
    subjects = judged_subjects(reader, plan.judged, source) if plan.judged else None
    if 0 < len(source.documents) < LEAST_DOCUMENTS:
        few = f"the corpus has {len(source.documents)} documents; a benchmark needs at least {LEAST_DOCUMENTS}"
        reader.report(few, str(plan.corpus))
    if reader.problems:
        raise InvalidInputError("the material of the benchmark", reader.problems)
    fields, refused = _usable(source, plan.fields)
    words = Words(source.documents)
    if subjects is None:
        drawn = drawn_subjects(source, words, Random(f"{plan.seed} subjects"))
        subjects = list(islice(drawn, _SPARE * plan.topics))
    topics: list[Topic] = []
    with progress("making topics", total=plan.topics) as advance:
        for topic in islice(_topics(plan.seed, fields, subjects, words), plan.topics):
            topics.append(topic)
            advance()
    if len(topics) < LEAST_TOPICS:
        raise IfirEvalError(
            f"only {len(topics)} topics have documents on both sides of a constraint, and {LEAST_TOPICS} are "
            f"needed; give more fields or a larger corpus (fields: {', '.join(field.name for field in fields)})"
        )
    return Benchmark(
        name=plan.name,
        version=VERSION,
        licence="unknown",
        source=f"built by ifir-eval from {plan.corpus.name}, fields {', '.join(plan.fields)}, seed {plan.seed}",
        corpus={document.id: document for document in map(_renamed, source.documents.values())},
        topics=tuple(topics),
        measures=MEASURES,
        primary="swap-accuracy",
        contrasts=(Contrast(ORIGINAL, REVERSED),),
        notes=(*refused, *_notes(plan, fields, topics)),
    )


def _usable(source: Source, names: Sequence[str]) -> tuple[list[Field], list[str]]:
    """The fields to ask about, and the sentences that refuse the others."""
    reasons = {name: refusal(source, name) for name in names}
    refused = [reason for reason in reasons.values() if reason]
    fields = [field_of(source, name) for name, reason in reasons.items() if not reason]
    if not fields:
        problems = [Problem(reason) for reason in refused] or [Problem("no field is named")]
        raise InvalidInputError("the choice of fields", problems)
    return fields, [f"field refused: {reason}" for reason in refused]


def _notes(plan: Plan, fields: Sequence[Field], topics: Sequence[Topic]) -> Iterator[str]:
    """What a reader of the results should know."""
    for field in fields:
        rest = "" if field.stated == 1 else "; the others have to be inferred"
        yield f"{int(100 * field.stated)}% of the values of {field.name} stand in the texts{rest}"
    if plan.judged:
        yield "documents without a judgement count as off the topic"
    else:
        yield "a document is on the topic if it holds both words of the query"
    yield from dependent((topic.views[ORIGINAL].query for topic in topics), "queries")


def _topics(seed: int, fields: Sequence[Field], subjects: Sequence[Subject], words: Words) -> Iterator[Topic]:
    """Each subject under one field or a pair of fields; in later rounds under the others, in turn."""
    pairs = list(combinations(fields, 2))
    slots = len(fields) + bool(pairs)
    made: Counter[str] = Counter()
    for turn in range(slots):
        for number, subject in enumerate(subjects):
            slot = (number + turn) % slots
            asked = (fields[slot],) if slot < len(fields) else pairs[number % len(pairs)]
            rng = Random(f"{seed} {subject.id} {slot}")
            division = divide(subject, asked, rng)
            if division is None:
                continue
            polarity = POLARITIES[made[division.kind] % len(POLARITIES)]
            made[division.kind] += 1
            names = "+".join(field.name for field in asked)
            question = ask([c.wordings() for c in division.constraints], division.sides, polarity, "test", rng)
            own = _own(subject, division, question, rng)
            pool = [*own, *_off_topic(subject, division, words)]
            yield question.topic(
                f"{subject.id}-{slot + 1}",
                subject.query,
                stands={_opaque(document): stand for document, stand in own.items()},
                pool=tuple(sorted(map(_opaque, pool))),
                slices={"constraint": division.kind, "field": names},
            )


def _own(subject: Subject, division: Division, question: Question, rng: Random) -> dict[str, Stand]:
    """Documents on the topic and where they stand: as many on either side, some on neither.

    Of the latter only those that both directions treat alike. If one is phrased positively and the other
    negatively, silent documents flip: whoever tells a refusal from a demand would be right about them
    without reading the constraint.
    """
    stands = {document: division.stand(document) for document in subject.documents}
    asked, opposite = (
        [doc for doc, stand in stands.items() if stand == side] for side in (division.sides, division.opposite)
    )
    decided = min(len(asked), len(opposite), DECIDED)
    neither = [
        document
        for document, stand in stands.items()
        if question.admits(ORIGINAL, stand) == question.admits(REVERSED, stand)
    ]
    chosen = [
        *rng.sample(asked, decided),
        *rng.sample(opposite, decided),
        *rng.sample(neither, min(len(neither), UNDECIDED)),
    ]
    return {document: stands[document] for document in chosen}


def _off_topic(subject: Subject, division: Division, words: Words) -> list[str]:
    """The hardest documents off the topic: the best of each side of the constraint and of neither, by BM25.

    Where the best `HARD` have too few of a side, others of them fill the pool.
    """
    off_topic = (doc for doc in words.ranked(subject.query) if doc not in subject.on_topic)
    ranked = list(islice(off_topic, HARD))
    room = {division.sides: OFF_TOPIC, division.opposite: OFF_TOPIC, _NEITHER: OFF_TOPIC_ELSE}
    chosen: dict[str, None] = {}  # an ordered set
    for document in ranked:
        stand = division.stand(document)
        place = stand if stand in room else _NEITHER
        if room[place]:
            room[place] -= 1
            chosen[document] = None
        if not any(room.values()):
            break
    others = (document for document in ranked if document not in chosen)
    return [*chosen, *islice(others, sum(room.values()))]


def _opaque(document: str) -> str:
    """An id that tells nothing: one's own may be numbered by year, and ties are broken by id."""
    return hashlib.sha256(document.encode()).hexdigest()[:16]


def _renamed(document: Document) -> Document:
    return replace(document, id=_opaque(document.id), metadata={**document.metadata, "_id": document.id})
