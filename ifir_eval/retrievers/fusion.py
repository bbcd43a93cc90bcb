"""``rrf:A+B``: the rankings of several retrievers fused by reciprocal rank."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import InstructionIgnoredError, RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.order import rank
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.arrival import check_scores, check_texts
from ifir_eval.retrievers.by_pairs import summed, under
from ifir_eval.retrievers.hits import hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity, Retriever

K = 60
"""Of Cormack, Clarke and Büttcher (SIGIR 2009), and of every search engine since."""
_SIGN = "+"


class Fusion:
    """Scores a document by the sum over retrievers of ``1 / (K + its rank)``; absent, it gets nothing.

    An instruction that moves scores but no rank leaves every fused score as it was, though it arrived. So it
    is each part whose texts and scores are looked at for it, and not the fused run.
    """

    def __init__(self, spec: str, parts: Sequence[Retriever]) -> None:
        self._spec = spec
        self._parts = tuple(parts)

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> Fusion:
        """Make one from ``rrf:A+B``, where A and B are specs without a plus sign.

        Raises:
            IfirEvalError: if there are fewer than two of them, or one cannot be built.
        """
        from ifir_eval.retrievers.spec import build_all  # the specs' module knows this one

        specs = [part.strip() for part in argument.split(_SIGN)]
        if len(set(specs)) < 2 or not all(specs):  # noqa: PLR2004  (one list alone is not fused)
            raise RetrieverError(f"{spec!r}: fusion takes two different retrievers or more, rrf:A{_SIGN}B")
        return cls(spec, build_all(specs, options))

    @cached_property
    def identity(self) -> Identity:
        """The identities of all parts, numbered from 1."""
        parts = {
            f"{number}.{name}": value
            for number, part in enumerate(self._parts, 1)
            for name, value in {"spec": part.identity.spec, **part.identity.settings}.items()
        }
        return Identity(self._spec, "rrf", {"k": K, **parts})

    def render(self, view: View) -> str | None:
        """The text that all parts are asked, None if they are not asked the same."""
        texts = {part.render(view) for part in self._parts}
        return texts.pop() if len(texts) == 1 else None

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Ask every part, look whether the instruction arrives in each, and fuse their rankings.

        Raises:
            InstructionIgnoredError: if it does not reach the texts or the scores of a part.
        """
        for part in self._parts:
            with _naming(part):
                check_texts(benchmark, part.render)
        answers = [self._ask(part, benchmark, progress) for part in self._parts]
        told = [under(str(number), *pair) for number, pair in enumerate(answers, 1)]
        return Answer(
            _fused(benchmark, [answer.run for _, answer in answers]),
            {name: count for answer in told for name, count in answer.counts.items()},
            tuple(warning for answer in told for warning in answer.warnings),
            {name: value for answer in told for name, value in answer.environment.items()},
            effort=summed(*(answer.effort for answer in told)),
            arrival_checked=True,
        )

    @staticmethod
    def _ask(part: Retriever, benchmark: Benchmark, progress: Progress) -> tuple[str, Answer]:
        """The spec of ``part`` and its answer, warnings about bit-equal scores among its own."""
        answer = part.answer(benchmark, progress)
        if not answer.arrival_checked:
            with _naming(part):
                warnings = check_scores(benchmark, answer.run)
            answer = replace(answer, warnings=(*answer.warnings, *warnings))
        return part.identity.spec, answer


@contextmanager
def _naming(part: Retriever) -> Iterator[None]:
    """Say of which part an ignored instruction is told."""
    try:
        yield
    except InstructionIgnoredError as error:
        raise InstructionIgnoredError(f"{part.identity.spec}: {error}") from error


def _fused(benchmark: Benchmark, runs: Sequence[Run]) -> Run:
    """One run of several; a query that no run answers stays without an answer."""
    hits = {}
    for view in benchmark.views():
        shares: dict[str, list[float]] = defaultdict(list)
        for run in runs:
            if view.id in run.hits:
                for place, document in enumerate(rank(run.hits[view.id]).documents, 1):
                    shares[document].append(1 / (K + place))
        if shares:
            # The exact sum, so that the order of the parts decides nothing.
            hits[view.id] = hits_of(view, tuple(shares), [math.fsum(given) for given in shares.values()])
    return Run(hits)
