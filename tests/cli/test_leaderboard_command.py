"""``ifir-eval leaderboard``: a record gets onto the page with one command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.benchmarks.catalog import load
from ifir_eval.cli import main

COMMITTED = Path(__file__).parents[2] / "leaderboards"


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A leaderboard without records, on which `mirror-dev` may stand."""
    folder = tmp_path / "leaderboards"
    shutil.copytree(COMMITTED, folder, ignore=shutil.ignore_patterns("records", "*.html", "*.md"))
    content = load("mirror-dev").content_hash
    (folder / "benchmarks.toml").write_text(f'[mirror-dev]\ncontent_hash = "{content}"\n', encoding="utf-8")
    return folder


def test_a_run_gets_onto_the_page_with_one_command(folder: Path, tmp_path: Path) -> None:
    run = ifir("run", "-m", "random:0", "-m", "oracle", "-b", "mirror-dev", "--results", tmp_path / "results")
    assert run.exit_code == 0, run.output
    (random,) = (tmp_path / "results").glob("random*/mirror-dev")
    (oracle,) = (tmp_path / "results").glob("oracle*/mirror-dev")
    added = ifir("leaderboard", "add", random, "--folder", folder)
    assert added.exit_code == 0, added.output
    assert "random:0" in (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert ">random:0<" in (folder / "index.html").read_text(encoding="utf-8")
    refused = ifir("leaderboard", "add", oracle, "--folder", folder)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "the oracle reads the judgements; it is no system" in refused.stderr


def test_build_writes_the_page_and_the_table(folder: Path) -> None:
    built = ifir("leaderboard", "build", "--folder", folder)
    assert built.exit_code == 0, built.output
    assert [line.rpartition("/")[2] for line in built.stderr.splitlines()] == ["index.html", "leaderboard.md"]
    assert (folder / "index.html").is_file()
