"""What a benchmark says about this copy of it: sentences that `Benchmark.notes` and so every record carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterable


def left_out(what: str, documents: Iterable[str], corpus: Container[str], why: str) -> tuple[str, ...]:
    """A note on how many of ``documents`` are not in ``corpus``; none if all are.

    Published data sets hold documents without text, which is no mistake of the user's. ``documents`` are ids,
    one for each of ``what``: documents, or judgements and candidates that name them.
    """
    absent = Counter(document not in corpus for document in documents)
    return (f"left out, as {why}: {absent[True]:,} of {absent.total():,} {what}",) if absent[True] else ()


def dependent(grounds: Iterable[Hashable], what: str) -> tuple[str, ...]:
    """A note on topics that share what they stand on; none if each stands alone.

    Intervals and tests take topics for independent. ``grounds`` has for each topic what it stands on, which is
    called ``what``: queries, passages.
    """
    given = list(grounds)
    distinct = len(set(given))
    if distinct == len(given):
        return ()
    shared = f"{len(given)} topics stand on {distinct} {what}, so they are not independent of each other"
    return (f"{shared}: intervals are too narrow and p-values too small",)
