"""What the builder makes of a corpus: exact labels, whole pools, the same again for the same seed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from shelf import documents, written

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.benchmarks.builder import Judged, Plan, build_benchmark
from ifir_eval.benchmarks.builder.constraint import Constraint
from ifir_eval.benchmarks.builder.field import Field
from ifir_eval.benchmarks.folder import read_folder, write_folder
from ifir_eval.benchmarks.swap import VIEWS, Side

FIELDS = ("year", "length_cm", "language", "tags")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    corpus = written(tmp_path_factory.mktemp("shelf") / "shelf.jsonl", documents())
    return Plan(corpus, FIELDS, "shelf", topics=48)


@pytest.fixture(scope="module")
def shelf(plan: Plan) -> Benchmark:
    return build_benchmark(plan)


#: Turns the sense of a sentence: "no more than" and "other than" once each, "nothing but" not at all.
NEGATIONS = re.compile(
    r"\b(nothing|leave out|skip|do not|does not|must not|no later|no more|but not|but|no|other than|else than|"
    r"another|differ\w*|except|without|free of|missing)\b",
    re.IGNORECASE,
)
ABOVE = re.compile(r"\b(after|later than|beyond|more recent|above|more than|exceeds?|greater)\b")
REFUSES = re.compile(r"^(Nothing|Leave out|Skip|Do not|Everything except)")


def wants(sentence: str, metadata: Mapping[str, object]) -> bool:
    """Whether a reader of the plain English ``sentence`` would accept a document with ``metadata``."""
    (field,) = (name for name in FIELDS if re.search(rf"\b{name.replace('_', ' ')}\b", sentence))
    value = metadata.get(field)
    if not value:
        return bool(REFUSES.match(sentence))
    turned = len(NEGATIONS.findall(sentence)) % 2 == 1
    if isinstance(value, int | float):
        (limit,) = re.findall(r"\d+(?:\.\d+)?", sentence)
        upwards = bool(ABOVE.search(sentence)) != turned
        return value > float(limit) if upwards else value <= float(limit)
    labels = [value] if isinstance(value, str) else value
    assert isinstance(labels, list)
    return any(label in sentence for label in labels) != turned


def test_labels_are_what_the_sentences_say(shelf: Benchmark) -> None:
    """A separate reading of every instruction against the metadata gives every judgement."""
    for topic in shelf.topics:
        for view in (topic.views[name] for name in ("original", "reversed", "paraphrase")):
            sentences = re.split(r"(?<=\.) ", view.instruction)
            for document in topic.relevant("bare", 1):
                accepted = all(wants(sentence, shelf.corpus[document].metadata) for sentence in sentences)
                assert view.judgements[document] == accepted, (view.instruction, shelf.corpus[document])


@pytest.mark.parametrize(
    ("field", "pivot", "sides"),
    [
        (Field("year", "time", {}, (), 1.0), 1990, {Side.A: 1991, Side.B: 1990, Side.OPEN: None}),
        (Field("length_cm", "number", {}, (), 1.0), 2.5, {Side.A: 2.6, Side.B: 2.5, Side.OPEN: None}),
        (
            Field("language", "label", {}, (), 1.0),
            "Greek",
            {Side.A: "Greek", Side.B: "Danish", Side.OPEN: None},
        ),
        (
            Field("tags", "labels", {}, (), 1.0),
            "craft",
            {Side.A: ["travel", "craft"], Side.B: ["travel"], Side.OPEN: []},
        ),
    ],
)
def test_every_wording_means_what_its_list_says(
    field: Field, pivot: float | str, sides: Mapping[Side, object]
) -> None:
    """At the limit itself too; four wordings or more of each side, phrased either way."""
    wordings = Constraint(field, pivot).wordings()
    assert len(wordings) == 4
    for demand, sentences in wordings.items():
        assert len(set(sentences)) >= 4
        for sentence in sentences:
            accepted = {side for side, value in sides.items() if wants(sentence, {field.name: value})}
            assert accepted == {side for side in Side if demand.admits(side)}, sentence


def test_a_document_is_on_topic_if_it_holds_both_words(shelf: Benchmark) -> None:
    """The bare and the placebo view want these and no others of the pool."""
    for topic in shelf.topics:
        first, second = topic.views["bare"].query.split()
        pool = topic.views["bare"].judgements
        holding = {doc for doc in pool if first in shelf.corpus[doc].text and second in shelf.corpus[doc].text}
        assert topic.relevant("bare", 1) == topic.relevant("placebo", 1) == holding


def test_a_pool_has_both_sides_on_and_off_the_topic(shelf: Benchmark) -> None:
    """As many documents lose relevance as gain it, and off-topic ones stand on both sides too."""

    def accepted(view: View, pool: list[str]) -> int:
        sentences = re.split(r"(?<=\.) ", view.instruction)
        return sum(all(wants(text, shelf.corpus[doc].metadata) for text in sentences) for doc in pool)

    for topic in shelf.topics:
        shift = topic.shift(shelf.contrasts[0], 1)
        assert len(shift.lost) == len(shift.gained) >= 2
        assert len(topic.views["bare"].judgements) >= 24
        off = [doc for doc, grade in topic.views["bare"].judgements.items() if not grade]
        assert all(accepted(topic.views[name], off) >= 4 for name in ("original", "reversed"))


def test_off_topic_documents_are_hard(shelf: Benchmark) -> None:
    """Most of them share a word with the query; a random document of this corpus does so one time in six."""
    shares = []
    for topic in shelf.topics:
        first, second = topic.views["bare"].query.split()
        off = [shelf.corpus[doc].text for doc, grade in topic.views["bare"].judgements.items() if not grade]
        shares.append(sum(first in text or second in text for text in off) / len(off))
    assert sum(shares) / len(shares) > 0.5


def test_every_kind_of_constraint_and_polarity_occurs(shelf: Benchmark) -> None:
    """Thresholds in time and number, with and without, conjunctions; all polarities about as often."""
    assert all(tuple(topic.views) == VIEWS for topic in shelf.topics)
    kinds = Counter(topic.slices["constraint"] for topic in shelf.topics)
    assert kinds.keys() == {"time", "number", "inclusion", "exclusion", "conjunction"}
    polarities = Counter(topic.slices["polarity"] for topic in shelf.topics)
    assert len(polarities) == 4
    assert min(polarities.values()) >= 6


def test_paraphrase_and_original_differ_in_words_only(shelf: Benchmark) -> None:
    """Same judgements, another sentence."""
    for topic in shelf.topics:
        original, paraphrase = topic.views["original"], topic.views["paraphrase"]
        assert original.judgements == paraphrase.judgements
        assert original.instruction != paraphrase.instruction


def test_the_seed_decides(plan: Plan, shelf: Benchmark) -> None:
    """The same seed gives the same content, another one other topics."""
    assert build_benchmark(plan).content_hash == shelf.content_hash
    assert build_benchmark(replace(plan, seed=1)).content_hash != shelf.content_hash


def test_no_process_decides(plan: Plan, tmp_path: Path) -> None:
    """Sets of strings iterate in another order in every process; the files are the same byte by byte."""

    def files(hash_seed: str) -> dict[str, bytes]:
        out = tmp_path / hash_seed / "made"
        command = [sys.executable, "-c", "from ifir_eval.cli import main; main()", "benchmarks", "build"]
        options = [str(plan.corpus), "--fields", ",".join(FIELDS), "--topics", "30", "--out", str(out)]
        subprocess.run([*command, *options], env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=True)
        return {file.name: file.read_bytes() for file in out.rglob("*") if file.is_file()}

    assert files("1") == files("2")


def test_ids_tell_nothing(shelf: Benchmark) -> None:
    """One's own ids, here with the year in front, survive in the metadata only."""
    for document in shelf.corpus.values():
        assert re.fullmatch("[0-9a-f]{16}", document.id)
        assert "/" in str(document.metadata["_id"])


def test_the_folder_is_the_benchmark(shelf: Benchmark, tmp_path: Path) -> None:
    """Written and read again it has the same content, measures and notes."""
    write_folder(shelf, tmp_path / "out")
    again = read_folder(tmp_path / "out")
    assert again.content_hash == shelf.content_hash
    assert (again.measures, again.primary, again.notes) == (shelf.measures, shelf.primary, shelf.notes)


def test_metadata_may_stand_beside_the_text(plan: Plan, shelf: Benchmark, tmp_path: Path) -> None:
    """A flat row is read as one with an object ``metadata``."""
    flat = [{**row.pop("metadata"), **row} for row in documents()]
    corpus = written(tmp_path / plan.corpus.name, flat)
    assert build_benchmark(replace(plan, corpus=corpus)).content_hash == shelf.content_hash


def test_judgements_decide_the_topic_where_there_are_some(plan: Plan, tmp_path: Path) -> None:
    """On topic is what is judged above 0, whatever the words say; a query without any is left out."""
    rows = documents()
    queries = [{"_id": f"q{n}", "text": f"find me number {n}"} for n in range(12)]
    lines = [
        f"q{n}\t{row['_id']}\t{int(place % 2 == 0)}"
        for n in range(11)
        for place, row in enumerate(rows[n * 30 : n * 30 + 30])
    ]
    qrels = tmp_path / "qrels.tsv"
    qrels.write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]) + "\n")
    judged = Judged(written(tmp_path / "queries.jsonl", queries), qrels)
    benchmark = build_benchmark(replace(plan, judged=judged, topics=1000))
    relevant = {tuple(line.split("\t")[:2]) for line in lines if line.endswith("1")}
    assert {topic.id.split("-")[0] for topic in benchmark.topics} == {f"q{n}" for n in range(11)}
    for topic in benchmark.topics:
        query = topic.id.split("-")[0]
        for document, grade in topic.views["bare"].judgements.items():
            assert grade == ((query, benchmark.corpus[document].metadata["_id"]) in relevant)


def test_notes_say_what_the_texts_state(plan: Plan, tmp_path: Path) -> None:
    """The share of values that a reader of the text can see: here every tag, and no year."""
    rows = [{**row, "text": f"{row['text']} {json.dumps(row['metadata']['tags'])}"} for row in documents()]
    corpus = written(tmp_path / "told.jsonl", rows)
    notes = " ".join(build_benchmark(replace(plan, corpus=corpus)).notes)
    assert "100% of the values of tags stand in the texts" in notes
    assert "0% of the values of year stand in the texts" in notes
