"""``ifir-eval compare`` by hand: from two results to a table in every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    models = [part for spec in ("random:0", "random:1", "oracle") for part in ("-m", spec)]
    run = ifir("run", *models, "-b", "mirror-dev", "--measure", "swap-accuracy", "--results", folder)
    assert run.exit_code == 0, run.output
    return folder


def test_a_results_folder_becomes_a_table_for_each_pair(results: Path) -> None:
    answer = ifir("compare", results)
    assert answer.exit_code == 0
    assert "random:0 less oracle" in answer.stdout
    assert "random:1 less random:0" in answer.stdout
    assert "2 of 3 differences are significant" in " ".join(answer.stdout.split())


def test_every_format_holds_the_same_difference(results: Path, tmp_path: Path) -> None:
    """JSON and CSV in full, Markdown and LaTeX as the tables show it."""
    (found,) = json.loads(ifir("compare", results, "--format", "json").stdout)
    (pair,) = [pair for pair in found["pairs"] if (pair["old"], pair["new"]) == ("oracle", "random:0")]
    assert len(pair["topics"]) == 60
    rows = list(csv.DictReader(io.StringIO(ifir("compare", results, "--format", "csv").stdout)))
    assert pair["difference"] in [float(row["difference"]) for row in rows]
    assert f"{pair['difference']:.3f}*" in ifir("compare", results, "--format", "markdown").stdout
    file = tmp_path / "table.tex"
    assert ifir("compare", results, "--format", "latex", "--out", file).exit_code == 0
    assert "\\toprule" in file.read_text(encoding="utf-8")
    assert "1.000 [1.000, 1.000] bc" in file.read_text(encoding="utf-8")
    page = tmp_path / "page.html"
    assert ifir("compare", results, "--format", "html", "--out", page).exit_code == 0
    assert f"{pair['difference']:.3f}*".replace("-", "−") in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["compare", "report", "export"])
def test_an_output_that_cannot_be_written_is_a_sentence(command: str, results: Path, tmp_path: Path) -> None:
    """A traceback, and exit code 1."""
    occupied = tmp_path / "occupied"
    occupied.touch()
    (record,) = results.glob("oracle-*/*/record.json")
    given = (record, "--format", "mteb") if command == "export" else (results,)
    done = ifir(command, *given, "--out", occupied / "out")
    assert done.exit_code == 2
    assert f"ifir-eval: {occupied}" in done.stderr


def test_a_spec_that_reads_as_a_formula_is_made_inert(results: Path, tmp_path: Path) -> None:
    """A cell that begins with = would run in the spreadsheet that opens it."""
    for number, source in enumerate(sorted(results.rglob("record.json"))):
        body = json.loads(source.read_bytes())
        body["retriever"]["spec"] = f"=cmd|{number}"
        (tmp_path / f"{number}.json").write_text(json.dumps(body), encoding="utf-8")
    text = ifir("compare", tmp_path / "0.json", tmp_path / "1.json", "--format", "csv").stdout
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["old"], row["new"]) == ("'=cmd|0", "'=cmd|1")


def test_one_record_and_no_record_are_refused_with_a_sentence(results: Path, tmp_path: Path) -> None:
    one = next(results.rglob("record.json"))
    alone = ifir("compare", one)
    assert alone.exit_code == 2
    assert "it takes two records" in alone.stderr
    none = ifir("compare", tmp_path)
    assert none.exit_code == 2
    assert "holds no record.json" in none.stderr
