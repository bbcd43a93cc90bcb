"""Does the instruction arrive? A run in which it does not reads as p-MRR exactly 0 and means nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import InstructionIgnoredError
from ifir_eval.ranking.run import Hits, Run


def _asked_differently(benchmark: Benchmark) -> Iterator[tuple[View, View]]:
    """The views of every contrast that differ in instruction while the query is the same."""
    for topic in benchmark.topics:
        for contrast in benchmark.contrasts_of(topic):
            before, after = (topic.views[name] for name in contrast)
            if before.query == after.query and before.instruction != after.instruction:
                yield before, after


def check_texts(benchmark: Benchmark, render: Callable[[View], str | None]) -> None:
    """Refuse a retriever for which two views of a topic with one query and two instructions are one text.

    Raises:
        InstructionIgnoredError: with the views and the text, before anything is encoded.
    """
    for topic in benchmark.topics:
        seen: dict[tuple[str, str], View] = {}
        for view in topic.views.values():
            if (text := render(view)) is None:
                return
            first = seen.setdefault((view.query, text), view)
            if first.instruction.strip() != view.instruction.strip():
                raise InstructionIgnoredError(
                    "the instruction does not reach the retriever: "
                    f"the views {first.name!r} and {view.name!r} of topic {topic.id!r} both become {text!r}; "
                    "use a --template that contains {instruction}"
                )


def check_scores(benchmark: Benchmark, run: Run) -> tuple[str, ...]:
    """Refuse a run whose scores are bit-equal under both views of every contrast.

    Only contrasts whose judgements differ count: elsewhere even a perfect retriever may score alike.

    Returns:
        A warning if this happens in some topics but not in all.

    Raises:
        InstructionIgnoredError: if it happens throughout.
    """
    pairs = [
        (run.hits[before.id], run.hits[after.id])
        for before, after in _asked_differently(benchmark)
        if before.judgements != after.judgements and before.id in run.hits and after.id in run.hits
    ]
    equal = sum(_same(before, after) for before, after in pairs)
    if pairs and equal == len(pairs):
        raise InstructionIgnoredError(
            f"the instruction never reached the scores: all {equal} pairs of views with different instructions "
            "have bit-equal scores, which would read as p-MRR exactly 0; look for a wrapper that drops the "
            "instruction, a maximum length that cuts it off, or, with BM25, instructions whose words stand in "
            "no document"
        )
    if not equal:
        return ()
    return (f"in {equal} of {len(pairs)} pairs of views the scores are bit-equal: no trace of the instruction",)


def _same(before: Hits, after: Hits) -> bool:
    if before.documents == after.documents:
        return np.array_equal(before.scores, after.scores)
    return _by_document(before) == _by_document(after)


def _by_document(hits: Hits) -> Mapping[str, float]:
    return dict(zip(hits.documents, hits.scores.tolist(), strict=True))
