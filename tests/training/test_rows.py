"""The training row and its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_training import pairs

from ifir_eval.errors import InvalidInputError
from ifir_eval.training.rows import Row, distinct, read_rows, write_rows

ROW = Row("p1", "original", "bread", "Only rye.", "Rye bread.", ("Wheat bread.",), ("Cheese.",), "toy")


def written(path: Path, *rows: Mapping[str, object]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    """And the same rows give the same bytes."""
    rows = pairs(5)
    write_rows(tmp_path / "one.jsonl", rows)
    write_rows(tmp_path / "two.jsonl", read_rows(tmp_path / "one.jsonl"))
    assert read_rows(tmp_path / "two.jsonl") == rows
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_lists_instruction_and_source_may_be_left_out(tmp_path: Path) -> None:
    """A bare row is three texts and its names."""
    short = {"pair_id": "p", "view": "bare", "query": "bread", "positive": "Rye bread."}
    assert read_rows(written(tmp_path / "rows.jsonl", short)) == [Row("p", "bare", "bread", "", "Rye bread.")]


def test_every_fault_of_a_file_is_listed_with_its_line(tmp_path: Path) -> None:
    """A row without a positive, a negative that is the positive, one listed twice, a repeated view, a typo."""
    good = asdict(ROW)
    path = written(
        tmp_path / "rows.jsonl",
        good,
        {**good, "pair_id": "p2", "positive": ""},
        {**good, "pair_id": "p3", "hard_negatives": ["  Rye\n bread. "]},
        {**good, "pair_id": "p4", "hard_negatives": ["Wheat bread."]},
        good,
        {**good, "pair_id": "p5", "positve": "Rye"},
        {**good, "pair_id": "p6", "instruction": ""},
        {**good, "pair_id": "p7", "instruction_negatives": ["a", "b", "c", "d"]},
        {**good, "pair_id": "p8", "hard_negatives": "Cheese."},
        {key: value for key, value in good.items() if key != "positive"},
    )
    with pytest.raises(InvalidInputError) as raised:
        read_rows(path)
    said = str(raised.value)
    for line, fault in (
        (2, "'positive' is empty"),
        (3, "a negative equals the positive"),
        (4, "a negative is listed twice"),
        (5, "pair 'p1' has the view 'original' already, in line 1"),
        (6, "there is no field 'positve'"),
        (7, "there are instruction negatives but no instruction"),
        (8, "'instruction_negatives' holds 4 passages; at most 3"),
        (9, "'hard_negatives' must be a list of strings"),
        (10, "'positive' is missing"),
    ):
        assert f"rows.jsonl:{line}: {fault}" in said
    assert len(raised.value.problems) == 9


def test_a_faulty_row_is_not_written(tmp_path: Path) -> None:
    """What could not be read again leaves no file."""
    with pytest.raises(InvalidInputError, match="a negative equals the positive"):
        write_rows(tmp_path / "rows.jsonl", [replace(ROW, hard_negatives=(ROW.positive,))])
    assert not (tmp_path / "rows.jsonl").exists()


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there are no rows"):
        read_rows(written(tmp_path / "rows.jsonl"))


@given(
    st.lists(st.sampled_from(["a", "b", " b", "b  c", "b c", "d"])),
    st.integers(0, 4),
    st.sampled_from(["", "a"]),
)
def test_distinct_keeps_the_first_of_passages_that_differ_in_white_space_only(
    passages: list[str], most: int, other: str
) -> None:
    """Against a plain loop."""
    expected: list[str] = []
    for passage in passages:
        known = [" ".join(text.split()) for text in (*expected, other)]
        if " ".join(passage.split()) not in known:
            expected.append(passage)
    assert distinct(passages, most, [other]) == tuple(expected[:most])
