"""Polarity pairs derived from CondaQA's contrastive passages (Ravichander et al., EMNLP 2022). Not NevIR.

CondaQA asks questions of a Wikipedia passage and of edited versions of it, which negate, un-negate or
re-scope one sentence. Here a topic is a question that some versions of its passage answer with YES and
others with NO; under the view ``yes`` the former are relevant, under ``no`` the latter, and only that
passage's versions are candidates. The query is the question, the instruction a sentence of ours. Answers
other than YES and NO are left out, and versions with the same text count once.

NevIR was built from the same passages but asks differently, so its figures do not compare with these.

Layouts read: the official release (``data/condaqa_dev.json``, ``data/condaqa_test.json``, one JSON object a
line) and the same rows in ``dev.jsonl`` and ``test.jsonl``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Content, Download, Release
from ifir_eval.benchmarks.notes import dependent
from ifir_eval.benchmarks.reading import FolderReader, Line

NAME = "condaqa"
LICENCE = "Apache-2.0; passages from Wikipedia (CC BY-SA)"
REPOSITORY = "https://github.com/AbhilashaRavichander/CondaQA"
REVISION = "bd4857f1f2819937f1505925ad8c809544e8e5ef"
#: Of each split: the paths it may have, the official one first.
FILES = {split: (f"data/condaqa_{split}.json", f"{split}.jsonl") for split in ("dev", "test")}
#: Size and SHA-256 as published by github.com/eigenforma/wildpairs (corpus/MANIFEST.json) in August 2026.
CHECKS = {
    "dev": (2_130_332, "b9ec9ab7453fbdc61fbed988119c03f507341ac495f1f5f95b13b27f59e639a2"),
    "test": (13_839_047, "ffd7f4ad85689b2317283430a226cd759c3ccc40070e6a32652e7ae84ae90e8e"),
}
#: Longer than "imply yes" and "imply no", whose words no passage holds: to a lexical retriever they are alike.
INSTRUCTIONS = {
    "yes": "Find passages that imply the answer yes: what the question asks is true, possible or likely.",
    "no": "Find passages that imply the answer no: what the question asks is false, impossible or unlikely.",
}
LABELS = {"yes": "YES", "no": "NO"}
VIEWS = tuple(INSTRUCTIONS)
CONTRASTS = (Contrast("yes", "no"),)
MEASURES = (
    "swap-accuracy",
    "topic-lock",
    "follow-rate",
    "swap-margin",
    "pairwise-accuracy",
    "p-MRR",
    "nDCG@10",
)
NOTE = "polarity pairs derived from CondaQA by ifir-eval: this is not NevIR and does not compare with it"
#: By CondaQA's PassageEditID, what was done to the passage.
EDITS = {1: "paraphrase", 2: "scope", 3: "affirmation"}


def release(split: str) -> Release:
    """The public data of ``split``, dev or test."""
    path = FILES[split][0]
    address = f"https://raw.githubusercontent.com/AbhilashaRavichander/CondaQA/{REVISION}/{path}"
    return Release(NAME, REPOSITORY, REVISION, (Download(address, (Content(path, *CHECKS[split]),)),))


class _Answer(NamedTuple):
    """What one version of a passage says about a question."""

    passage: int
    document: Document
    edit: int
    question: str
    label: str


def read_condaqa(folder: Path, split: str = "dev", instructions: Mapping[str, str] = INSTRUCTIONS) -> Benchmark:
    """The benchmark from ``split`` (dev or test) in ``folder``, with ``instructions`` by view.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder)
    file = next((name for name in FILES[split] if reader.has(name)), FILES[split][0])
    questions: dict[str, list[_Answer]] = {}
    for row in reader.rows(file):
        if (entry := _answer(row)) is not None:
            topic, answer = entry
            questions.setdefault(topic, []).append(answer)
    reader.check("CondaQA in")
    topics = []
    corpus: dict[str, Document] = {}
    for topic, answers in questions.items():
        clear = _clear(answers)
        if {answer.label for answer in clear} == set(LABELS.values()):
            topics.append(_topic(topic, clear, instructions))
            corpus.update((answer.document.id, answer.document) for answer in clear)
    return Benchmark(
        name=NAME if split == "dev" else f"{NAME}-{split}",
        version=REVISION[:7],
        licence=LICENCE,
        source=REPOSITORY,
        corpus=corpus,
        topics=tuple(topics),
        measures=MEASURES,
        primary="swap-accuracy",
        contrasts=CONTRASTS,
        notes=(NOTE, *dependent((questions[topic.id][0].passage for topic in topics), "passages")),
    ).validated()


def _answer(row: Line) -> tuple[str, _Answer] | None:
    """The topic id and the answer of a row, or None if the row is faulty."""
    passage, edit = row.integer("PassageID"), row.integer("PassageEditID")
    number, question = row.text("QuestionID"), row.text("sentence2")
    text, label = row.text("sentence1"), row.text("label")
    if passage is None or edit is None or number is None:
        return None
    if question is None or text is None or label is None:
        return None
    return f"{passage}-{number}", _Answer(passage, Document(f"{passage}-{edit}", text), edit, question, label)


def _clear(answers: Sequence[_Answer]) -> list[_Answer]:
    """The YES and NO answers, one for each text; a text with both answers is left out."""
    by_text: dict[str, dict[str, _Answer]] = {}
    for answer in answers:
        if answer.label in LABELS.values():
            by_text.setdefault(" ".join(answer.document.text.split()), {}).setdefault(answer.label, answer)
    return [answer for given in by_text.values() if len(given) == 1 for answer in given.values()]


def _topic(topic_id: str, answers: Sequence[_Answer], instructions: Mapping[str, str]) -> Topic:
    candidates = tuple(answer.document.id for answer in answers)
    views = {
        name: View(
            id=f"{topic_id}-{name}",
            name=name,
            query=answers[0].question,
            instruction=instructions[name],
            judgements={answer.document.id: int(answer.label == label) for answer in answers},
            candidates=candidates,
        )
        for name, label in LABELS.items()
    }
    return Topic(topic_id, views, {"flipped by": _flipped_by(answers)})


def _flipped_by(answers: Sequence[_Answer]) -> str:
    """Which edits turn the answer around, compared with the least edited version that has one."""
    labels = {answer.edit: answer.label for answer in answers}
    before = labels[min(labels)]
    return " and ".join(name for edit, name in EDITS.items() if labels.get(edit, before) != before)
