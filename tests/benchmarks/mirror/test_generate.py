"""The embedded benchmark is what it claims to be: whole, deterministic and varied."""

from __future__ import annotations

from collections import Counter

import pytest

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.mirror import load_mirror

PINNED_HASH = "5d2a1d12ca39d8bda374638af2bfa4c2c26bd4c8db6fc135485c563d49128491"


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    return load_mirror()


def test_the_pinned_seed_gives_the_pinned_content(mirror: Benchmark) -> None:
    """Whoever changes a bank or the generator has to raise the version and this hash."""
    assert mirror.content_hash == PINNED_HASH
    assert mirror.name == "mirror"


def test_a_seed_is_a_benchmark_of_its_own(mirror: Benchmark) -> None:
    """The same seed gives the same content, another one other documents throughout."""
    fresh, again = load_mirror(seed=7), load_mirror(seed=7)
    assert fresh.content_hash == again.content_hash
    assert fresh.name == "mirror@7"
    assert not fresh.corpus.keys() & mirror.corpus.keys()


@pytest.mark.parametrize("split", ["test", "dev", "train"])
def test_every_split_can_be_measured(split: str) -> None:
    """Ids are unique, candidates exist, every view is judged, contrasts are whole."""
    load_mirror(split).validated()


def test_sizes(mirror: Benchmark) -> None:
    """At least 200 topics over 8 domains and 8 kinds of constraint, pools of at least 24."""
    assert len(mirror.topics) >= 200
    assert len({topic.slices["domain"] for topic in mirror.topics}) >= 8
    kinds = Counter(topic.slices["constraint"] for topic in mirror.topics)
    assert len(kinds) >= 8
    assert min(kinds.values()) >= 20
    assert all(len(view.candidates or ()) >= 24 for view in mirror.views())


def test_texts_are_short_prose(mirror: Benchmark) -> None:
    """Texts have 40 to 160 words, no unfilled slot, and are all different."""
    words = [len(document.text.split()) for document in mirror.corpus.values()]
    assert min(words) >= 40
    assert max(words) <= 160
    assert not any("{" in document.title + document.text for document in mirror.corpus.values())
    assert len({document.text for document in mirror.corpus.values()}) == len(mirror.corpus)


def test_the_reversed_view_swaps_relevant_and_violating(mirror: Benchmark) -> None:
    """In each topic at least five documents lose relevance and as many gain it, so that damage cancels."""
    contrast = mirror.contrasts[0]
    for topic in mirror.topics:
        shift = topic.shift(contrast, grade=1)
        assert len(shift.lost) == len(shift.gained) >= 5, topic.id


def test_views_that_ask_the_same_are_judged_the_same(mirror: Benchmark) -> None:
    """A paraphrase has other words and the same judgements; a placebo has those of the bare query."""
    for topic in mirror.topics:
        views = topic.views
        assert views["paraphrase"].instruction != views["original"].instruction
        assert views["paraphrase"].judgements == views["original"].judgements
        assert views["placebo"].judgements == views["bare"].judgements
        assert views["placebo"].instruction
        assert not views["bare"].instruction


def test_polarities_are_balanced(mirror: Benchmark) -> None:
    """Each direction is phrased positively as often as negatively."""
    counts = Counter(topic.slices["polarity"] for topic in mirror.topics)
    assert len(counts) == 4
    assert max(counts.values()) - min(counts.values()) <= 8


def test_length_instructions_are_true(mirror: Benchmark) -> None:
    """However words are counted, short documents stay below the limit and long ones above it."""
    for topic in mirror.topics:
        if topic.slices["constraint"] != "length":
            continue
        short, long = sorted(
            ([mirror.corpus[doc] for doc in topic.relevant(name, 1)] for name in ("original", "reversed")),
            key=lambda documents: len(documents[0].text),
        )
        assert max(len(f"{document.title} {document.text}".split()) for document in short) < 80, topic.id
        assert min(len(document.text.split()) for document in long) > 90, topic.id
