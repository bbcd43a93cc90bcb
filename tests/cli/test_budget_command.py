"""``ifir-eval budget`` by hand: a plan, a study, its page, and what is in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny_study import STUDY, write_study

from ifir_eval.cli import main

SMALL = (
    STUDY.replace('"16 rows", "32 rows"', '"16 rows"')
    .replace("[1, 2]", "[1]")
    .replace('["plain.toml", "dual.toml"]', '["dual.toml"]')
    .replace('[["dual", "plain"], ["dual", "base"]]', '[["dual", "base"]]')
)


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"), SMALL)


def test_a_dry_run_tells_rows_and_hours_and_leaves_nothing(file: Path, tmp_path: Path) -> None:
    answer = ifir("budget", file, "--results", tmp_path / "none", "--dry-run")
    assert answer.exit_code == 0, answer.output
    assert "base-dual-16-rows-seed-1: " in answer.stdout
    assert "16 rows, " in answer.stdout
    assert "2 of 2 cells are to be done here: 0.0 hours" in answer.stdout
    assert "(in a trial just now)" in answer.stdout
    assert not (tmp_path / "none").exists()


def test_a_study_leaves_table_answer_records_and_page(file: Path, tmp_path: Path) -> None:
    """Its record set alone makes table and page again, without data and without the model."""
    answer = ifir("budget", file, "--results", tmp_path)
    assert answer.exit_code == 0, answer.output
    assert "2 of 2 cells" in answer.stdout
    assert "At 16 rows, dual against base: may be chance: following swap-accuracy" in answer.stdout
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    (file.parent / "base").rename(file.parent / "gone")
    try:
        again = ifir(
            *("budget", file, "--results", tmp_path / "other", "--report-only"),
            *("--merge", tmp_path / "records.jsonl.gz", "--json"),
        )
    finally:
        (file.parent / "gone").rename(file.parent / "base")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["missing"] == 0
    assert (tmp_path / "other" / "index.html").read_text(encoding="utf-8") == page
    records = (tmp_path / "other" / "records.jsonl.gz").read_bytes()
    assert records == (tmp_path / "records.jsonl.gz").read_bytes()
    planned = ifir("budget", file, "--results", tmp_path, "--dry-run")
    assert "0 of 2 cells are to be done here" in planned.stdout


def test_mistakes_are_sentences(file: Path, tmp_path: Path) -> None:
    """A part that is none, a study with mistakes, a report of nothing."""
    answer = ifir("budget", file, "--cells", "2/2")
    assert answer.exit_code == 2
    assert "'2/2' is no share; write 0/4" in answer.stderr
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("mixes = []\nbase = 3\n", encoding="utf-8")
    answer = ifir("budget", wrong)
    assert answer.exit_code == 2
    assert "there is no key of a study 'base'; did you mean" in answer.stderr
    assert "'budgets' must be a list of strings, and hold at least one" in answer.stderr
    answer = ifir("budget", file, "--results", tmp_path / "nothing", "--report-only")
    assert answer.exit_code == 2
    assert "there is no finished cell" in answer.stderr
