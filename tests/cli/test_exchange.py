"""``export`` and ``import`` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from mteb import TaskResult

from ifir_eval.cli import main

PUBLISHED = {
    "dataset_revision": "e0144086b45fe31ac125e9ac1a83b6a409bb6ca6",
    "mteb_dataset_name": "News21InstructionRetrieval",
    "mteb_version": "1.7.32",
    "test": {"evaluation_time": 11509.81, "p-MRR": 0.06261598925651},
}


def ifir(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def published(tmp_path: Path) -> Path:
    file = tmp_path / "jhu-clsp__FollowIR-7B" / "abc" / "News21InstructionRetrieval.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(PUBLISHED))
    return file


def test_import_stores_a_record_and_shows_it_as_published(published: Path, tmp_path: Path) -> None:
    done = ifir("import", published, "--results", tmp_path / "results")
    assert done.exit_code == 0, done.output
    assert "1 records of published figures are in" in done.stderr
    assert "+6.3" in done.stdout
    assert "not measured here" in done.stdout
    (record,) = json.loads(ifir("import", published, "--results", tmp_path / "results", "--json").stdout)
    assert record["origin"] == "published"
    assert record["measures"] == {"p-MRR": {"value": 0.06261598925651, "ci": None, "n": 32}}


def test_import_of_something_else_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    done = ifir("import", tmp_path / "x.json", "--results", tmp_path / "results")
    assert done.exit_code == 2
    assert "this is no result file of mteb" in done.stderr
    assert "Traceback" not in done.output


def test_export_writes_a_file_that_mteb_loads(tmp_path: Path) -> None:
    """Here of our own benchmark, which mteb takes by its name."""
    ifir("run", "-m", "random:0", "-b", "mirror", "--results", tmp_path / "results")
    (record,) = (tmp_path / "results").rglob("record.json")
    out = tmp_path / "mirror.json"
    done = ifir("export", record.parent, "--format", "mteb", "--out", out)
    assert done.exit_code == 0, done.output
    result = TaskResult.from_disk(out)
    measures = json.loads(record.read_text())["measures"]
    assert result.get_score() == measures["swap-accuracy"]["value"]
    assert result.scores["test"][0]["og"]["ndcg_at_10"] == measures["nDCG@10[original]"]["value"]


def test_export_of_a_limited_run_is_refused(tmp_path: Path) -> None:
    ifir("run", "-m", "random:0", "-b", "mirror", "--limit", "3", "--results", tmp_path / "results")
    (record,) = (tmp_path / "results").rglob("record.json")
    done = ifir("export", record, "--format", "mteb", "--out", tmp_path / "x.json")
    assert done.exit_code == 2
    assert "run without --limit" in done.stderr
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("command", ["import", "export"])
def test_help_answers_for_both(command: str) -> None:
    """`import` is a word of Python, so its module has another name."""
    assert "Usage:" in ifir(command, "--help").stdout
