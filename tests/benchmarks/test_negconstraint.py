"""NegConstraint: how queries are split, in both layouts, and the counts of the real data."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import jsonl, write

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.negconstraint import read_negconstraint, split
from ifir_eval.errors import InvalidInputError

SharedData = Callable[[str], Path]

SPLITS = [
    ("Aaron's profile, but don't mention Moses.", "Aaron's profile.", "Don't mention Moses."),
    ("Introduce Aarhus without Denmark.", "Introduce Aarhus.", "Without Denmark."),
    ("Introduce almonds but do not mention origins", "Introduce almonds.", "Do not mention origins."),
    ("A summary of it but excluding Germany", "A summary of it.", "Excluding Germany."),
    ("Describe it, but not including the Prize", "Describe it.", "Not including the Prize."),
    ("List the works, but avoid mentioning Ariel.", "List the works.", "Avoid mentioning Ariel."),
    ("Discuss it, avoiding any mention of X.", "Discuss it.", "Avoiding any mention of X."),
    (
        "An Introduction to Algorithms, Excluding Statistics",
        "An Introduction to Algorithms.",
        "Excluding Statistics.",
    ),
    (
        'Introduce the works, but do not mention "I could not stop for Death."',
        "Introduce the works.",
        'Do not mention "I could not stop for Death."',
    ),
    (
        "What are jumpers, excluding their use on boards? Additionally, how have designs evolved?",
        "What are jumpers? Additionally, how have designs evolved?",
        "Excluding their use on boards.",
    ),
    (
        "What is Renaissance art, excluding antiquity, and how does it differ from later art?",
        "What is Renaissance art, and how does it differ from later art?",
        "Excluding antiquity.",
    ),
    (
        "What is a Vesper, excluding its appearances in films, and its variations after 1986?",
        "What is a Vesper?",
        "Excluding its appearances in films, and its variations after 1986.",
    ),
    (
        "How did crops (e.g., rye) and herds (excluding sheep) shape Burqa?",
        "How did crops (e.g., rye) and herds shape Burqa?",
        "Excluding sheep.",
    ),
    (
        "How does the director see it? (Exclude details about the production)",
        "How does the director see it?",
        "Exclude details about the production.",
    ),
    (
        "What links Woolf (excluding Mrs. Dalloway) and Joyce (excluding Ulysses)?",
        "What links Woolf and Joyce?",
        "Excluding Mrs. Dalloway. Excluding Ulysses.",
    ),
]


@pytest.mark.parametrize(("query", "topic", "exclusion"), SPLITS)
def test_a_query_splits_into_topic_and_exclusion(query: str, topic: str, exclusion: str) -> None:
    """The authors' words stay, the topic stays a sentence, the exclusion becomes one."""
    assert split(query) == (topic, exclusion)


@pytest.mark.parametrize("query", ["Give a non Islamic summary about Avicenna", "How did he (b. 1907) coach?"])
def test_a_query_without_a_recognised_exclusion_does_not_split(query: str) -> None:
    """What no rule recognises is left alone."""
    assert split(query) is None


RELEASE = {
    "corpus.jsonl": jsonl([{"_id": "1", "text": "Rye."}, {"_id": "2", "text": "Wheat."}]),
    "queries.jsonl": jsonl(
        [
            {"_id": "0", "text": "Bread, without wheat."},
            {"_id": "1", "text": "Bread and butter"},
            {"_id": "2", "text": "Bread, without salt."},
        ]
    ),
    "test.tsv": "query-id\tcorpus-id\tscore\r\n0\t1\t1\r\n1\t2\t1\r\n",
}


@pytest.mark.parametrize("folder", [".", "NegConstraint"])
def test_the_release_is_read_unpacked_here_or_below(tmp_path: Path, folder: str) -> None:
    """Both views ask for the topic, one with the exclusion; queries that do not split are counted in a note."""
    write(tmp_path / folder, RELEASE)
    benchmark = read_negconstraint(tmp_path)
    (topic,) = benchmark.topics
    bare, original = topic.views["bare"], topic.views["original"]
    assert (bare.query, bare.instruction) == ("Bread.", "")
    assert (original.query, original.instruction) == ("Bread.", "Without wheat.")
    assert bare.judgements == original.judgements == {"1": 1}
    assert bare.candidates is None
    assert topic.shift(benchmark.contrasts[0], 1) == ((), (), ("1",))
    assert benchmark.notes == ("1 of 2 judged queries have no recognisable exclusion and are left out",)


def test_faults_are_listed_with_file_and_line(tmp_path: Path) -> None:
    """The files are checked as those of any folder."""
    write(tmp_path, {**RELEASE, "test.tsv": RELEASE["test.tsv"] + "9\t1\t1\n", "corpus.jsonl": "{}\n"})
    with pytest.raises(InvalidInputError) as caught:
        read_negconstraint(tmp_path)
    assert list(map(str, caught.value.problems)) == [
        "corpus.jsonl:1: '_id' is missing",
        "corpus.jsonl:1: 'text' is missing",
        "corpus.jsonl: there is no document",
        "test.tsv:4: query '9' is not in queries.jsonl",
    ]


@pytest.fixture(scope="module")
def real(shared_data: SharedData) -> Benchmark:
    """The real data."""
    return read_negconstraint(shared_data("negconstraint"))


def test_the_real_data_has_the_published_size(real: Benchmark) -> None:
    """3,946 passages; of 198 judged queries 196 split (one has no exclusion, one says "non Islamic")."""
    assert (len(real.corpus), len(real.topics)) == (3946, 196)
    assert {str(number) for number in range(198)} - {topic.id for topic in real.topics} == {"4", "65"}
    assert real.notes == ("2 of 198 judged queries have no recognisable exclusion and are left out",)
    assert {len(view.judgements) for view in real.views()} == {1}


def test_every_real_split_is_whole(real: Benchmark) -> None:
    """No dangling parenthesis, no exclusion left in a topic, no doubled, spaced or missing punctuation."""
    faults = re.compile(r"exclud|without|n't|do not|avoid|\(\)|\s[,.?]|,,|\.\.|\?\.|,\?|,\.|  ")
    for topic in real.topics:
        query, exclusion = topic.views["original"].query, topic.views["original"].instruction
        assert not faults.search(query), query
        assert query.count("(") == query.count(")"), query
        assert query.endswith(("?", ".")), query
        assert re.fullmatch(r"(Exclud|Without|Do|Not|Avoid)[^?()]*\.\"?", exclusion), exclusion
        assert exclusion.count('"') % 2 == 0, exclusion


def test_no_word_of_a_real_query_is_lost_or_added(real: Benchmark, shared_data: SharedData) -> None:
    """Topic and exclusion together have the author's words, but for a joining "but"."""
    lines = (shared_data("negconstraint") / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    written = {row["_id"]: row["text"] for row in map(json.loads, lines)}
    for topic in real.topics:
        view = topic.views["original"]
        words, original = _words(f"{view.query} {view.instruction}"), _words(written[topic.id])
        assert words <= original, topic.id
        assert set(original - words) <= {"but"}, topic.id


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text.lower()))
