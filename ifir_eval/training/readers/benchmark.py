"""The views of a benchmark as training rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Topic
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.training.rows import MOST_HARD_NEGATIVES, MOST_INSTRUCTION_NEGATIVES, Row, distinct


def rows_of(benchmark: Benchmark) -> list[Row]:
    """The rows of all topics.

    A contrast gives pairs: the first document that only one view wants with the first that only the other
    wants, and so on, so that each is the positive of its view and an instruction negative of the other. Where
    no document gains relevance, as in FollowIR, those that stay relevant stand for them. The topic's further
    views join the pair with the first of its documents that they want. A topic without a contrast gives a
    pair for each document and view that wants it.

    Instruction negatives are wanted under another view of the topic; hard negatives are judged or candidates,
    and wanted under none.
    """
    return [row for topic in benchmark.topics for row in _Material(benchmark, topic).rows()]


class _Material:
    """The documents of one topic."""

    def __init__(self, benchmark: Benchmark, topic: Topic) -> None:
        self._benchmark, self._topic = benchmark, topic
        self._text = cache(lambda document: document_text(benchmark.corpus[document]))  # shared by all rows
        self._wanted = {name: topic.relevant(name, benchmark.relevant_grade) for name in topic.views}
        seen = {doc for view in topic.views.values() for doc in (*view.judgements, *(view.candidates or ()))}
        on_topic = frozenset().union(*self._wanted.values())
        self._off_topic = _shuffled(seen - on_topic, topic.id)[:MOST_HARD_NEGATIVES]

    def rows(self) -> Iterator[Row]:
        contrasts = self._benchmark.contrasts_of(self._topic)
        for contrast in contrasts:
            yield from self._pairs(contrast, f"{contrast}-" if len(contrasts) > 1 else "")
        for name, wanted in self._wanted.items() if not contrasts else ():
            for number, document in enumerate(_shuffled(wanted, self._topic.id), 1):
                yield self._row(f"{name}-{number}", name, document, ())

    def _pairs(self, contrast: Contrast, label: str) -> Iterator[Row]:
        shift = self._topic.shift(contrast, self._benchmark.relevant_grade)
        lost, gained, kept = (_shuffled(documents, self._topic.id) for documents in shift)
        contrasted = {view for pair in self._benchmark.contrasts for view in pair}
        others = [view for view in self._topic.views if view not in contrasted]
        for number, swap in enumerate(zip(lost or kept, gained or kept, strict=False), 1):
            # The other's positive comes first, so that it is among the negatives.
            turned = [[*documents[number - 1 :], *documents[: number - 1]] for documents in (gained, lost)]
            for view, document, broken in zip(contrast, swap, turned, strict=True):
                yield self._row(f"{label}{number}", view, document, broken)
            for view in others:
                if wanted := [document for document in swap if document in self._wanted[view]]:
                    broken = [doc for docs in turned for doc in docs if doc not in self._wanted[view]]
                    yield self._row(f"{label}{number}", view, wanted[0], broken)

    def _row(self, number: str, name: str, positive: str, broken: Sequence[str]) -> Row:
        view = self._topic.views[name]
        is_instructed = bool(view.instruction.strip())
        text = self._text(positive)
        against = distinct(map(self._text, broken if is_instructed else ()), MOST_INSTRUCTION_NEGATIVES, [text])
        return Row(
            pair_id=f"{self._topic.id}-{number}",
            view=view.name,
            query=view.query,
            instruction=view.instruction if is_instructed else "",
            positive=text,
            instruction_negatives=against,
            hard_negatives=distinct(map(self._text, self._off_topic), MOST_HARD_NEGATIVES, [text, *against]),
            source=self._benchmark.name,
        )


def _shuffled(documents: Iterable[str], topic: str) -> list[str]:
    """In an order that says nothing, the same in every process."""
    return sorted(documents, key=lambda document: blake2b(f"{topic} {document}".encode()).digest())
