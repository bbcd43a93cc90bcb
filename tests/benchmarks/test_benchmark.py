"""The data model: what `validated` refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.errors import InvalidInputError

VIEWS = {
    "original": View("q1", "original", "bread", "Only rye.", {"d1": 1, "d2": 0}, ("d1", "d2")),
    "changed": View("q2", "changed", "bread", "Only wheat.", {"d2": 1}, ("d1", "d2")),
}
GOOD = Benchmark(
    name="tiny",
    version="1",
    licence="none",
    source="tests",
    corpus={"d1": Document("d1", "Rye."), "d2": Document("d2", "Wheat.")},
    topics=(Topic("bread", VIEWS),),
    measures=("p-MRR",),
    primary="p-MRR",
    contrasts=(Contrast("original", "changed"),),
)


def with_view(**changes: object) -> Benchmark:
    """The good benchmark with its second view changed."""
    changed = replace(VIEWS["changed"], **changes)  # type: ignore[arg-type] # any field may be broken
    return replace(GOOD, topics=(Topic("bread", VIEWS | {"changed": changed}),))


def with_document(document: Document) -> Benchmark:
    """The good benchmark, searched whole, with one more document."""
    views = {name: replace(view, candidates=None) for name, view in VIEWS.items()}
    return replace(GOOD, corpus={**GOOD.corpus, document.id: document}, topics=(Topic("bread", views),))


BROKEN = {
    "asks the same words under both views of contrast original>changed": with_view(instruction="Only rye."),
    "the corpus is empty": replace(GOOD, corpus={}, topics=()),
    "document id 'd 3' has white space or is empty": with_document(Document("d 3", "x")),
    r"document id 'd\ud83d' has half of a character": with_document(Document("d\ud83d", "x")),
    "document id ' d3' has white space or is empty": with_document(Document(" d3", "x")),
    "document 'd3' has neither title nor text": with_document(Document("d3", " ")),
    "query id ' q2' has white space": with_view(id=" q2"),
    "query id 'q1' is used 2 times": with_view(id="q1"),
    "there are no measures": replace(GOOD, measures=()),
    "the relevant grade 3000000000 is beyond the highest, 1,000,000": replace(GOOD, relevant_grade=3 * 10**9),
    "document 'd2' stands in the corpus under the key 'd3'": replace(
        GOOD, corpus={"d1": GOOD.corpus["d1"], "d2": GOOD.corpus["d2"], "d3": GOOD.corpus["d2"]}
    ),
    "topic id 'bread' is used 2 times": replace(GOOD, topics=GOOD.topics * 2),
    "topic id ' ' is empty": replace(GOOD, topics=(Topic(" ", VIEWS),)),
    "view 'reversed' stands in a topic under the key 'changed'": with_view(name="reversed"),
    "view name '' is empty or has white space or brackets": with_view(name=""),
    "view name 'the other' is empty or has white space or brackets": with_view(name="the other"),
    "view name 'a]' is empty or has white space or brackets": with_view(name="a]"),
    "contrast original>changed is listed 2 times": replace(GOOD, contrasts=GOOD.contrasts * 2),
    # pytrec_eval fails on it with a SystemError, and gives 0 to every query with the grade 2147483647.
    "query 'q2' has the grade 2147483648, beyond the grades -1,000,000 to 1,000,000": with_view(
        judgements={"d2": 2**31}
    ),
    "query 'q2' has no text": with_view(query=" "),
    "query 'q2' has no judgements": with_view(judgements={}),
    "judged document 'd9' is not in the corpus": with_view(judgements={"d9": 1}),
    "candidate document 'd9' is not in the corpus": with_view(candidates=("d9",)),
    "query 'q2' lists a candidate twice": with_view(candidates=("d1", "d1")),
    "query 'q2' has an empty list of candidates": with_view(candidates=()),
    "some queries have candidates and others search the whole corpus": with_view(candidates=None),
    "no topic has the view 'reversed'": replace(GOOD, contrasts=(Contrast("original", "reversed"),)),
}


def test_a_good_benchmark_is_its_own_validation() -> None:
    """Nothing is copied or changed."""
    assert GOOD.validated() is GOOD


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_benchmark_is_refused(problem: str) -> None:
    """Each problem is named."""
    with pytest.raises(InvalidInputError) as caught:
        BROKEN[problem].validated()
    assert problem in str(caught.value)


def test_the_whole_of_an_excerpt_is_an_excerpt() -> None:
    """Limiting to all topics keeps the whole whole, and an excerpt an excerpt; the latter once became whole."""
    assert not GOOD.limited(1).is_limited
    assert replace(GOOD, is_limited=True).limited(1).is_limited
