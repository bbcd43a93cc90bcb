"""Texts of the judging benchmarks are found among training texts."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ifir_eval.benchmarks.benchmark import Benchmark, Document, Topic, View
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.training.mixes.leakage import RUN, SHARED, Leak, Screen

PASSAGE = (
    "On a cold morning in March the ferry left the harbour an hour late as its engine would not start at all."
)


def benchmark(documents: Iterable[str], name: str = "judge", query: str = "late ferries") -> Benchmark:
    corpus = {f"d{number}": Document(f"d{number}", text) for number, text in enumerate(documents)}
    view = View("q", "original", query, "Only in winter.", dict.fromkeys(corpus, 1))
    return Benchmark(
        name, "1", "", "", corpus, (Topic("t", {"original": view}),), ("nDCG@10",), "nDCG@10[original]"
    )


def leaks(text: str, *documents: str) -> Leak | None:
    return Screen([benchmark(documents)]).leaks([text])[0]


def test_copies_are_found_however_they_are_spaced_and_punctuated() -> None:
    """Queries too, alone and with their instruction; other short texts are not near anything."""
    assert leaks(f"  {PASSAGE.upper()}!", PASSAGE) == Leak("judge", exact=True)
    assert leaks("Late ferries?", PASSAGE) == Leak("judge", exact=True)
    assert leaks("late ferries: only in winter", PASSAGE) == Leak("judge", exact=True)
    assert leaks("late ferry", PASSAGE) is None
    assert leaks("Only in winter.", PASSAGE) is None


def test_a_passage_that_was_cut_extended_or_edited_is_a_near_duplicate() -> None:
    """Half of the shorter text's runs of eight words are enough; a shared sentence of a longer text is not."""
    words = PASSAGE.split()
    others = " ".join(f"other{number}" for number in range(40))
    near = Leak("judge", exact=False)
    assert leaks(" ".join(words[:14]), PASSAGE) == near
    assert leaks(f"{others} {PASSAGE} {others}", PASSAGE) == near
    assert leaks(" ".join(["A", *words[1:-1], "today"]), PASSAGE) == near
    assert leaks(f"{' '.join(words[:10])} {others}", PASSAGE) is None
    assert leaks(others, PASSAGE) is None
    assert leaks(" ".join(reversed(words)), PASSAGE) is None


def plain(text: str, documents: list[str]) -> Leak | None:
    """The rule as a loop over sets of runs of words."""
    own = text.split()
    runs = {tuple(own[start : start + RUN]) for start in range(len(own) - RUN + 1)}
    near = False
    for document in documents:
        other = document.split()
        if own == other:
            return Leak("judge", exact=True)
        others = {tuple(other[start : start + RUN]) for start in range(len(other) - RUN + 1)}
        shorter = min(len(runs), len(others))
        near |= shorter > 0 and len(runs & others) >= SHARED * shorter
    return Leak("judge", exact=False) if near else None


@given(
    st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=24).map(" ".join), min_size=1, max_size=5),
    st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=24).map(" ".join), max_size=5),
)
def test_the_screen_says_what_a_plain_loop_says(documents: list[str], texts: list[str]) -> None:
    """With two words only, so that runs repeat within texts and across them."""
    assert Screen([benchmark(documents)]).leaks(texts) == [plain(text, documents) for text in texts]


def test_the_benchmark_that_holds_a_text_is_named_and_none_holds_nothing() -> None:
    screen = Screen([benchmark([PASSAGE], "first", "a"), benchmark(["Another text."], "second", "b")])
    named = [leak.benchmark if leak else "" for leak in screen.leaks([PASSAGE, "Another text", "neither"])]
    assert named == ["first", "second", ""]
    assert Screen([]).leaks([PASSAGE, ""]) == [None, None]
    assert screen.leaks([]) == []


def test_a_copy_with_every_twentieth_word_changed_is_found_among_thousands() -> None:
    """All of mirror's documents; edited copies are found, documents of other domains are not."""
    judge, other = load_mirror("test"), load_mirror("train")
    screen = Screen([judge])
    draw = Random(0)
    originals = [document_text(document) for document in draw.sample(list(judge.corpus.values()), 500)]
    edited = [
        " ".join("changed" if place % 20 == 19 else word for place, word in enumerate(text.split()))
        for text in originals
    ]
    clean = [document_text(document) for document in draw.sample(list(other.corpus.values()), 500)]
    found = screen.leaks([*edited, *clean])
    assert sum(leak is not None for leak in found[:500]) >= 490
    assert not any(found[500:])
