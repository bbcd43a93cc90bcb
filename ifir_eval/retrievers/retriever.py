"""The one interface of everything that answers a benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.encoding.encoder import Setting
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Run


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything about a retriever that can change a number.

    ``spec`` is what the user wrote, ``kind`` one of the kinds that ``ifir-eval models`` lists, and
    ``settings`` the rest: revision or weight fingerprint, template, maximum length, dtype, versions.
    Two retrievers with equal identities give equal runs; nothing secret belongs here, it is published.
    """

    spec: str
    kind: str
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A run and what was seen while making it.

    ``counts`` are whole numbers worth recording (``queries_truncated``, ``documents_truncated``,
    ``texts``, ``tokens``), the same whatever was cached; ``warnings`` are sentences for the user and the
    record; ``environment`` is what the answer was computed with (``device``, ``dtype``); ``effort`` is what it
    took this time (``texts_computed``, ``requests``, ``cost``). ``arrival_checked`` says that the retriever has
    made sure itself, before its scores became ranks, that instructions reach them.
    """

    run: Run
    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    effort: Mapping[str, float] = field(default_factory=dict)
    arrival_checked: bool = False


class Retriever(Protocol):
    """Answers benchmarks. Heavy parts are loaded by the first call of `answer`, not before."""

    @property
    def identity(self) -> Identity:
        """What makes this retriever the one it is; may hash weights, must not load a model."""
        ...

    def render(self, view: View) -> str | None:
        """The very text that stands for ``view``, or None where no text is made (a run file)."""
        ...

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Score the candidates of every view (the corpus's best 1,000 where there is no list).

        Raises:
            RetrieverError: if no usable scores can be given.
        """
        ...
