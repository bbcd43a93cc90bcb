"""``ifir-eval report`` by hand: from results to a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    models = [part for spec in ("random:0", "oracle") for part in ("-m", spec)]
    run = ifir("run", *models, "-b", "mirror-dev", "--measure", "swap-accuracy", "--results", folder)
    assert run.exit_code == 0, run.output
    return folder


def test_a_results_folder_becomes_a_page_with_texts(results: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "report.html"
    answer = ifir("report", results, "--out", page)
    assert answer.exit_code == 0, answer.output
    assert page.resolve().as_uri() in answer.stderr
    html = page.read_text(encoding="utf-8")
    assert "only oracle is shown to follow" in html
    assert '"missing":""' in html
    bare = tmp_path / "bare.html"
    assert ifir("report", results, "--no-texts", "--out", bare).exit_code == 0
    assert '"missing":"left out (--no-texts)"' in bare.read_text(encoding="utf-8")
    assert len(bare.read_bytes()) < len(page.read_bytes())


def test_a_folder_without_records_is_told(tmp_path: Path) -> None:
    answer = ifir("report", tmp_path, "--out", tmp_path / "report.html")
    assert answer.exit_code == 2
    assert "holds no record.json" in answer.stderr
    assert not (tmp_path / "report.html").exists()
