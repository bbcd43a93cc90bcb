"""``ifir-eval gate`` as CI calls it: exit codes, reports, annotations."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main


def ifir(*arguments: object, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real records of the oracle and of a random ranking."""
    folder = tmp_path_factory.mktemp("results")
    run = ifir("run", "-m", "random:0", "-m", "oracle", "-b", "mirror-dev", "--results", folder)
    assert run.exit_code == 0, run.output
    return {file.parent.parent.name.partition("-")[0]: file for file in folder.rglob("record.json")}


def test_exit_codes_say_passed_failed_and_unverifiable(results: dict[str, Path], tmp_path: Path) -> None:
    """0, 1 and 2, each with the verdict as its last line or the reason on standard error."""
    oracle, random = results["oracle"], results["random"]
    passed = ifir("gate", oracle, "--baseline", random)
    assert (passed.exit_code, passed.stdout.splitlines()[-1].split(":")[0]) == (0, "gate PASSED")
    failed = ifir("gate", random, "--baseline", oracle)
    assert (failed.exit_code, failed.stdout.splitlines()[-1].split(":")[0]) == (1, "gate FAILED")
    body = json.loads(random.read_bytes())
    newer, limited, other = (tmp_path / f"{name}.json" for name in ("newer", "limited", "other"))
    newer.write_text(json.dumps({**body, "schema": 99}), encoding="utf-8")
    limited.write_text(json.dumps({**body, "complete": False}), encoding="utf-8")
    changed = {**body["benchmark"], "content_hash": "f" * 64}
    other.write_text(json.dumps({**body, "benchmark": changed}), encoding="utf-8")
    for file, reason in ((newer, "schema 99"), (limited, "limited run"), (other, "another content")):
        refused = ifir("gate", file, "--baseline", oracle)
        assert refused.exit_code == 2
        assert reason in refused.stderr


def test_github_gets_annotations_and_a_step_summary(results: dict[str, Path], tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    answer = ifir(
        "gate", results["random"], "--baseline", results["oracle"], "--format", "github",
        GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert answer.exit_code == 1
    assert answer.stdout.startswith("::error title=ifir-eval%3A swap-accuracy::swap-accuracy")
    assert "**gate FAILED" in summary.read_text(encoding="utf-8")


def test_the_report_is_written_though_the_gate_fails(results: dict[str, Path], tmp_path: Path) -> None:
    """JUnit as its readers parse it, and JSON with the same findings."""
    base = ("gate", results["random"], "--baseline", results["oracle"])
    report = tmp_path / "report.xml"
    assert ifir(*base, "--format", "junit", "--out", report).exit_code == 1
    (suite,) = ET.fromstring(report.read_text(encoding="utf-8"))
    cases = suite.findall("testcase")
    failures = [case for case in cases if case.find("failure") is not None]
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(len(failures)))
    found = json.loads(ifir(*base, "--format", "json").stdout)
    assert found["outcome"] == "failed"
    assert sum(finding["outcome"] == "failed" for finding in found["findings"]) == len(failures) > 0


def test_reports_are_written_by_their_names(results: dict[str, Path], tmp_path: Path) -> None:
    """Annotations on standard output and three reports out of one command."""
    files = [tmp_path / f"gate{suffix}" for suffix in (".xml", ".json", ".md", ".txt")]
    options = [part for file in files for part in ("--out", file)]
    answer = ifir("gate", results["random"], "--baseline", results["oracle"], "--format", "github", *options)
    assert answer.exit_code == 1
    xml, found, markdown, text = (file.read_text(encoding="utf-8") for file in files)
    assert xml.startswith("<?xml")
    assert json.loads(found)["outcome"] == "failed"
    assert markdown.startswith("**gate FAILED")
    assert text == answer.stdout


def test_what_cannot_be_verified_is_reported_too(results: dict[str, Path], tmp_path: Path) -> None:
    """CI that reads only the report would otherwise see a test run without tests."""
    newer, report, summary = (tmp_path / name for name in ("newer.json", "gate.xml", "summary.md"))
    newer.write_text(json.dumps({**json.loads(results["random"].read_bytes()), "schema": 99}), encoding="utf-8")
    answer = ifir(
        "gate", newer, "--baseline", results["oracle"], "--format", "github", "--out", report,
        GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert answer.exit_code == 2
    assert answer.stdout.startswith("::error title=ifir-eval gate::")
    assert "schema 99" in summary.read_text(encoding="utf-8")
    (suite,) = ET.fromstring(report.read_text(encoding="utf-8"))
    assert suite.get("errors") == "1"


def test_a_results_folder_stands_for_the_baseline_s_namesake(results: dict[str, Path]) -> None:
    folder = results["oracle"].parents[2]
    assert folder == results["random"].parents[2]
    answer = ifir("gate", folder, "--baseline", results["random"])
    assert "random:0 on mirror-dev against random:0" in answer.stdout
    assert answer.exit_code == 0


def test_a_policy_of_the_project_is_found(
    results: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``[tool.ifir-eval.gate]`` of the folder that the command is called in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.ifir-eval.gate.loss]\n"p-MRR" = 2\n', encoding="utf-8")
    answer = ifir("gate", results["random"], "--baseline", results["oracle"])
    assert answer.exit_code == 0
    assert "1 passed" in answer.stdout


def test_blessing_writes_a_baseline_that_gates(results: dict[str, Path], tmp_path: Path) -> None:
    baseline = tmp_path / "baselines" / "oracle.json"
    assert ifir("gate", results["oracle"], "--bless", baseline).exit_code == 0
    assert ifir("gate", results["oracle"], "--baseline", baseline).exit_code == 0
    assert ifir("gate", results["random"], "--baseline", baseline).exit_code == 1
    both = ifir("gate", results["oracle"], "--bless", baseline, "--baseline", baseline)
    assert both.exit_code == 2
