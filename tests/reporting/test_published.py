"""The published table: what is committed is what the code makes, and the two scorings stay apart."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from ifir_eval.errors import InvalidInputError
from ifir_eval.reporting.published import published_table

FOLDER = Path(__file__).parents[2] / "leaderboards"
SOURCE = FOLDER / "followir_summary.csv"


def committed() -> list[dict[str, str]]:
    """The lines of the committed table by column."""
    text = (FOLDER / "followir.md").read_text(encoding="utf-8")
    header, _, *lines = (line.strip("|").split(" | ") for line in text.splitlines())
    names = [name.strip() for name in header]
    return [dict(zip(names, (cell.strip() for cell in line), strict=True)) for line in lines]


def sources() -> list[dict[str, str]]:
    with SOURCE.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_committed_table_is_what_the_code_gives() -> None:
    assert (FOLDER / "followir.md").read_text(encoding="utf-8") == published_table(SOURCE)


def test_the_source_is_the_shared_one(shared_data: Callable[[str], Path]) -> None:
    assert SOURCE.read_bytes() == (shared_data("mteb_results") / SOURCE.name).read_bytes()


def test_each_score_stands_in_the_column_of_its_scoring_alone() -> None:
    """The label swap: one column would put mteb 1's best model below mteb 2's middle."""
    rows = sources()
    layouts: dict[str, set[str]] = {}
    for row in rows:
        layouts.setdefault(row["model"], set()).add(row["layout"])
    assert len(rows) == len(committed()) == 200
    filled = {"mteb 1": 0, "mteb 2": 0}
    for row, line in zip(rows, committed(), strict=True):
        old, new = line["Score, mteb 1 (swapped labels)"], line["Score, mteb 2"]
        assert row["model"] == line["model"]
        assert not (old and new)
        assert bool(old) == row["layout"].startswith("individual")
        assert bool(new) == (row["layout"] == "og/changed")
        assert {version for version, score in (("1.", old), ("2.", new)) if score} <= {row["mteb_version"][:2]}
        filled["mteb 1"] += bool(old)
        filled["mteb 2"] += bool(new)
    assert filled == {"mteb 1": 158, "mteb 2": 33}
    assert not any(
        len(found & {"individual(original/changed/base)", "og/changed"}) > 1 for found in layouts.values()
    )


def test_reference_points_are_in_the_table() -> None:
    """The means of METHODS.md, section 8, and MiniLM on each set."""
    means = {line["model"]: line["p-MRR mean"] for line in committed()}
    assert float(means["jhu-clsp/FollowIR-7B"]) == pytest.approx(12.2, abs=0.05)
    assert float(means["BAAI/bge-small-en-v1.5"]) == pytest.approx(-1.9, abs=0.05)
    (minilm,) = (line for line in committed() if line["model"] == "sentence-transformers/all-MiniLM-L6-v2")
    sets = [float(minilm[f"p-MRR {name}"]) for name in ("Robust04", "News21", "Core17")]
    assert sets == pytest.approx([-7.93, -0.25, -0.34], abs=0.01)


def test_a_line_that_could_stand_in_the_wrong_column_is_refused(tmp_path: Path) -> None:
    """A fourth layout, and a Score where mteb gave none."""
    text = SOURCE.read_text().splitlines()
    path = tmp_path / "table.csv"
    path.write_text("\n".join([text[0], text[1] + "0.5", text[2].replace("individual", "new")]) + "\n")
    with pytest.raises(InvalidInputError) as caught:
        published_table(path)
    assert [problem.line for problem in caught.value.problems] == [3, 2]
