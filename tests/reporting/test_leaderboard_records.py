"""Our own records on the leaderboard: which may stand there, what is kept of them, and how they rank."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from leaderboard_folders import COMMITTED, empty, holding, with_values
from record_examples import facets, mirror, narrowed

from ifir_eval.benchmarks.catalog import load
from ifir_eval.comparison.compare import compare
from ifir_eval.errors import InvalidInputError
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.records.storage import load_record
from ifir_eval.reporting.leaderboard.facts import read_facts
from ifir_eval.reporting.leaderboard.measured import measured_boards
from ifir_eval.reporting.leaderboard.records import BENCHMARKS, add, read_records


def test_what_is_stored_compares_topic_by_topic_as_the_whole_record_does(tmp_path: Path) -> None:
    stored = list(read_records(holding(tmp_path / "board", [mirror(0), mirror(1)])).values())
    shown = list(stored[0].measures)
    assert shown == ["swap-accuracy", "topic-lock", "p-MRR", "nDCG@10[bare]", "paraphrase-drift"]
    assert compare(stored, shown).pairs == compare([mirror(0), mirror(1)], shown).pairs


def test_no_text_and_nothing_about_the_machine_is_kept(tmp_path: Path) -> None:
    """A rendered example of CSFCube is a CC BY-NC abstract; a command names folders."""
    example = {"view": "original", "text": "a licensed abstract"}
    record = replace(
        mirror(0),
        retriever={**mirror(0).retriever, "example": example},
        environment={"python": "3.11", "platform": "my machine", "command": "ifir-eval run /home/me"},
    )
    file = add(record, empty(tmp_path / "board", listing=record))
    text = file.read_text(encoding="utf-8")
    assert json.loads(text)["environment"] == {"python": "3.11"}
    assert not [gone for gone in ("licensed", "my machine", "/home/me") if gone in text]
    assert len(text) < len(record.topics) * 400


def test_movement_is_kept_with_its_control(tmp_path: Path) -> None:
    """p-MRR alone rewards damage (docs/methods.md, section 3)."""
    (stored,) = read_records(holding(tmp_path / "board", [narrowed(0)])).values()
    assert list(stored.measures)[:3] == ["p-MRR-net", "p-MRR", "p-MRR-control"]


def test_every_reason_against_a_record_is_told_at_once(tmp_path: Path) -> None:
    folder = empty(tmp_path / "board", listing=mirror(0))
    wrong = replace(
        mirror(0),
        complete=False,
        missing_queries=("q1", "q2"),
        retriever={"spec": "/home/me/model", "kind": "oracle", "settings": {"adapter": "/home/me/adapter"}},
        benchmark={**mirror(0).benchmark, "content_hash": "f" * 64},
        measures={},
    )
    with pytest.raises(InvalidInputError) as caught:
        add(wrong, folder)
    reasons = [problem.message for problem in caught.value.problems]
    parts = "limited run|2 queries|oracle|other content (ffffffff)|me/model|me/adapter|none of the measures"
    assert len(reasons) == 7
    assert all(part in reason for part, reason in zip(parts.split("|"), reasons, strict=True)), reasons
    assert not (folder / "records").exists()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (replace(mirror(0), origin=PUBLISHED), "no measurement"),
        (facets(0), "does not list 'facets'; it lists mirror"),
    ],
)
def test_published_figures_and_unlisted_benchmarks_are_refused(
    record: Record, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        add(record, empty(tmp_path / "board", listing=mirror(0)))


def test_a_measure_defined_otherwise_than_in_the_records_there_is_refused(tmp_path: Path) -> None:
    folder = holding(tmp_path / "board", [mirror(0)])
    facts = mirror(1).benchmark["measure_facts"]
    redefined = {**facts, "swap-accuracy": {**facts["swap-accuracy"], "summary": "another"}}
    other = replace(mirror(1), benchmark={**mirror(1).benchmark, "measure_facts": redefined})
    with pytest.raises(InvalidInputError, match="swap-accuracy is not defined alike"):
        add(other, folder)


def test_a_record_that_was_put_there_by_hand_is_held_to_the_same(tmp_path: Path) -> None:
    folder = holding(tmp_path / "board", [mirror(0)])
    (file,) = read_records(folder)
    file.write_text(file.read_text().replace('"complete": true', '"complete": false'))
    with pytest.raises(InvalidInputError, match="limited run"):
        read_records(folder)


def test_the_same_retriever_again_replaces_its_record(tmp_path: Path) -> None:
    folder = holding(tmp_path / "board", [mirror(0), mirror(1), mirror(0)])
    assert len(read_records(folder)) == 2


def test_below_chance_more_is_not_better(tmp_path: Path) -> None:
    """Blindness gets 0 and noise 0.25: the paired test alone would rank a random ranking above BM25."""
    (board,) = measured_boards(holding(tmp_path / "board", [mirror(0), mirror(1)]), {})
    column = compare([mirror(0), mirror(1)], ["swap-accuracy"])
    assert column.pairs[0].is_significant
    assert [str(entry.rank) for entry in board.entries] == ["1–2", "1–2"]


def test_who_is_shown_to_follow_ranks_above_those_who_are_not(tmp_path: Path) -> None:
    records = [mirror(0), with_values(0.75), mirror(1)]
    (board,) = measured_boards(holding(tmp_path / "board", records), read_facts(COMMITTED / "models.csv"))
    assert [(entry.name, str(entry.rank)) for entry in board.entries] == [
        ("demo:all-MiniLM-L6-v2", "1"),
        ("random:0", "2–3"),
        ("bm25", "2–3"),
    ]
    first, random, bm25 = board.entries
    assert (first.facts.shown_size, first.facts.type, first.facts.year) == ("23 M", "dense", "2021")
    assert (bm25.facts.shown_size, bm25.facts.type, bm25.facts.year) == ("none", "bm25", "unknown")
    assert board.band == (*random.estimate[1:3], 0.25)


def test_a_lower_value_is_better_where_the_measure_says_so(tmp_path: Path) -> None:
    """The order of entries and of ranks turns with the measure's direction."""
    fewer, more = (_violations(record, value) for record, value in ((mirror(0), 0.0), (mirror(1), 1.0)))
    (board,) = measured_boards(holding(tmp_path / "board", [more, fewer]), {})
    assert [(entry.name, str(entry.rank)) for entry in board.entries] == [("bm25", "1"), ("random:0", "2")]


def _violations(record: Record, value: float) -> Record:
    """``record`` judged by a share that should be small, with this value or near it in every topic."""
    fact = {"summary": "", "low": 0.0, "high": 1.0, "chance": None, "higher_is_better": False}
    topics = tuple(replace(row, values={"violations@10": value}) for row in record.topics)
    measured = with_values(value).measures["swap-accuracy"]
    facts = {"violations@10": fact}
    benchmark = {**record.benchmark, "primary": "violations@10", "measure_facts": facts}
    return replace(record, topics=topics, measures={"violations@10": measured}, benchmark=benchmark)


def test_the_leaderboards_mirror_is_the_one_that_this_version_makes() -> None:
    """Otherwise nobody could add to it: measure its records anew and change the hash."""
    listed = (COMMITTED / BENCHMARKS).read_text(encoding="utf-8")
    assert f'[mirror]\ncontent_hash = "{load("mirror").content_hash}"' in listed


def test_the_committed_records_hold_no_text() -> None:
    files = read_records(COMMITTED)
    assert {load_record(file).retriever["kind"] for file in files} >= {"bm25", "dense", "random"}
    for record in files.values():
        assert "example" not in record.retriever
        assert not record.environment.keys() & {"command", "platform"}
        assert not any(row.slices for row in record.topics)
