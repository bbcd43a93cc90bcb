"""The polarity pairs derived from CondaQA, in both layouts, and the counts of the real data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import jsonl, write

from ifir_eval.benchmarks.condaqa import INSTRUCTIONS, read_condaqa
from ifir_eval.errors import InvalidInputError

SharedData = Callable[[str], Path]


def row(edit: int, label: str, text: str = "", question: str = "q10", passage: int = 7) -> dict[str, object]:
    """One answer of CondaQA."""
    return {
        "QuestionID": question,
        "original cue": "rarely",
        "PassageEditID": edit,
        "original passage": "Version 0.",
        "SampleID": 1,
        "label": label,
        "original sentence": "Version 0.",
        "sentence2": f"Is it {question}?",
        "PassageID": passage,
        "sentence1": text or f"Version {edit}.",
    }


ROWS = [
    row(0, "NO"),
    row(1, "NO"),
    row(2, "DON'T KNOW"),
    row(3, "YES"),
    row(0, "YES", question="q20"),
    row(3, "YES", question="q20"),
]


@pytest.mark.parametrize(
    ("file", "split", "name"),
    [
        ("data/condaqa_dev.json", "dev", "condaqa"),
        ("dev.jsonl", "dev", "condaqa"),
        ("data/condaqa_test.json", "test", "condaqa-test"),
        ("test.jsonl", "test", "condaqa-test"),
    ],
)
def test_both_layouts_are_read(tmp_path: Path, file: str, split: str, name: str) -> None:
    """A question with both answers is a topic: its versions swap their labels between the views."""
    benchmark = read_condaqa(write(tmp_path, {file: jsonl(ROWS)}), split)
    (topic,) = benchmark.topics
    assert (benchmark.name, topic.id, topic.slices) == (name, "7-q10", {"flipped by": "affirmation"})
    assert topic.views["yes"].query == topic.views["no"].query == "Is it q10?"
    assert topic.views["yes"].judgements == {"7-0": 0, "7-1": 0, "7-3": 1}
    assert topic.views["no"].judgements == {"7-0": 1, "7-1": 1, "7-3": 0}
    assert topic.views["yes"].candidates == topic.views["no"].candidates == ("7-0", "7-1", "7-3")
    assert topic.shift(benchmark.contrasts[0], 1) == (("7-3",), ("7-0", "7-1"), ())
    assert set(benchmark.corpus) == {"7-0", "7-1", "7-3"}
    assert "not NevIR" in benchmark.notes[0]


def test_versions_with_the_same_text_count_once(tmp_path: Path) -> None:
    """A paraphrase that changed nothing is no second document; a text with both answers is left out."""
    rows = [
        row(0, "NO", "Same  text."),
        row(1, "NO", "Same text."),
        row(2, "YES", "Other."),
        row(0, "NO", "Same.", passage=8),
        row(1, "YES", "Same.", passage=8),
        row(2, "YES", "Other.", passage=8),
    ]
    benchmark = read_condaqa(write(tmp_path, {"dev.jsonl": jsonl(rows)}))
    (topic,) = benchmark.topics
    assert topic.views["yes"].judgements == {"7-0": 0, "7-2": 1}


def test_questions_about_one_passage_are_noted_as_dependent(tmp_path: Path) -> None:
    """Topics are what intervals resample; in BM25's swap accuracy, those of one passage correlate by .47."""
    asked = [("q10", 7), ("q20", 7), ("q10", 8)]
    rows = [row(edit, label, "", *about) for about in asked for edit, label in ((0, "NO"), (3, "YES"))]
    benchmark = read_condaqa(write(tmp_path, {"dev.jsonl": jsonl(rows)}))
    assert benchmark.notes[1] == (
        "3 topics stand on 2 passages, so they are not independent of each other: "
        "intervals are too narrow and p-values too small"
    )
    alone = read_condaqa(write(tmp_path, {"dev.jsonl": jsonl(rows[:2])}))
    assert len(alone.notes) == 1


def test_faulty_rows_are_listed_with_their_lines(tmp_path: Path) -> None:
    """Missing and mistyped fields are all named."""
    rows = [row(0, "NO"), row(3, "YES") | {"PassageEditID": "3"}, {"label": "YES"}]
    with pytest.raises(InvalidInputError) as caught:
        read_condaqa(write(tmp_path, {"dev.jsonl": jsonl(rows)}))
    assert list(map(str, caught.value.problems)) == [
        "dev.jsonl:2: 'PassageEditID' must be a whole number, not a string",
        *(
            f"dev.jsonl:3: '{key}' is missing"
            for key in ("PassageID", "PassageEditID", "QuestionID", "sentence2", "sentence1")
        ),
    ]


def test_a_folder_without_the_split_names_the_official_file(tmp_path: Path) -> None:
    """What is missing is called by its name in the release."""
    with pytest.raises(InvalidInputError, match=r"data/condaqa_test\.json: the file is missing"):
        read_condaqa(tmp_path, "test")


@pytest.mark.parametrize(
    ("split", "topics", "sizes", "flips"),
    [
        ("dev", 234, (104, 398), {"affirmation": 93, "scope": 39, "scope and affirmation": 102}),
        ("test", 1571, (668, 2591), {"affirmation": 628, "scope": 335, "scope and affirmation": 608}),
    ],
)
def test_the_real_data_gives_these_pairs(
    shared_data: SharedData, split: str, topics: int, sizes: tuple[int, int], flips: dict[str, int]
) -> None:
    """Every question with both answers becomes a topic of two to four candidates."""
    benchmark = read_condaqa(shared_data("condaqa"), split)
    passages, documents = sizes
    assert (len(benchmark.topics), len(benchmark.corpus)) == (topics, documents)
    assert benchmark.notes[1].startswith(f"{topics} topics stand on {passages} passages")
    assert Counter(topic.slices["flipped by"] for topic in benchmark.topics) == flips
    assert {len(view.candidates or ()) for view in benchmark.views()} == {2, 3, 4}
    shifts = [topic.shift(benchmark.contrasts[0], 1) for topic in benchmark.topics]
    assert all(shift.lost and shift.gained and not shift.kept for shift in shifts)


def test_a_lexical_retriever_can_tell_the_instructions_apart(shared_data: SharedData) -> None:
    """Each holds words of the passages that the other lacks.

    The trap: "the answer is yes" against "the answer is no" differ in words that no passage holds or that
    count as stop words, so BM25 gave bit-equal scores and its run was refused as if the instruction were lost.
    """
    benchmark = read_condaqa(shared_data("condaqa"))
    words = {name: set(re.findall(r"\w+", text)) for name, text in INSTRUCTIONS.items()}
    passages = {word for document in benchmark.corpus.values() for word in re.findall(r"\w+", document.text)}
    for own, other in (("yes", "no"), ("no", "yes")):
        assert {word for word in words[own] - words[other] if len(word) > 3} & passages
