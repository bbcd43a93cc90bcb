"""``ifir-eval gate`` as CI calls it: exit codes, reports, annotations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main
from ifir_eval.comparison import gate
from ifir_eval.records.storage import load_record


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


def test_a_report_that_cannot_be_written_is_no_failed_gate(results: dict[str, Path], tmp_path: Path) -> None:
    """The exit code was 1, beside a traceback, though the candidate had lost nothing."""
    occupied = tmp_path / "occupied"
    occupied.touch()
    base = ("gate", results["oracle"], "--baseline", results["oracle"])
    for done in (
        ifir(*base, "--out", occupied / "gate.xml"),
        ifir(*base, "--format", "github", GITHUB_STEP_SUMMARY=str(occupied / "summary.md")),
    ):
        assert (done.exit_code, "gate PASSED" in done.stdout) == (2, True)
        assert f"ifir-eval: {occupied}" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_mistake_of_ours_is_no_failed_gate(results: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Python ends with 1 for any error that nobody caught, which a workflow reads as a loss."""

    def mistaken(*given: object) -> None:
        raise KeyError("nobody thought of this")

    monkeypatch.setattr(gate, "judge", mistaken)
    done = ifir("gate", results["oracle"], "--baseline", results["oracle"])
    assert done.exit_code == 2
    assert "nobody thought of this" in done.stderr


def test_a_reader_who_has_seen_enough_changes_no_verdict(results: dict[str, Path]) -> None:
    """A pipe that is closed too early ended the gate with 1, whatever it found."""
    reading, writing = os.pipe()
    os.close(reading)
    tool, oracle = Path(sys.executable).with_name("ifir-eval"), results["oracle"]
    codes = [
        subprocess.run(
            [tool, "gate", oracle, "--baseline", baseline], stdout=writing, stderr=writing, check=False
        ).returncode
        for baseline in (oracle, results["random"].with_name("timing.json"))
    ]
    os.close(writing)
    assert codes == [0, 2]


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: body["benchmark"].pop("primary"),
        lambda body: body["measures"]["p-MRR"].update(value="much"),
        lambda body: body["topics"][0]["values"].update({"p-MRR": None}),
    ],
)
def test_a_record_that_lacks_what_is_needed_cannot_be_verified(
    broken: Callable[[Any], None], results: dict[str, Path], tmp_path: Path
) -> None:
    """A KeyError or a TypeError ended the gate with 1."""
    body = json.loads(results["random"].read_bytes())
    broken(body)
    (tmp_path / "record.json").write_text(json.dumps(body), encoding="utf-8")
    done = ifir("gate", tmp_path / "record.json", "--baseline", results["random"])
    assert done.exit_code == 2
    assert "this is no ifir-eval record" in done.stderr


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


def test_the_folder_of_a_retriever_is_blessed_if_it_holds_one_record(
    results: dict[str, Path], tmp_path: Path
) -> None:
    """As the README has it, results/mine; it was looked for a record.json of its own."""
    folder = results["oracle"].parents[1]
    assert ifir("gate", folder, "--bless", tmp_path / "oracle.json").exit_code == 0
    assert load_record(tmp_path / "oracle.json") == load_record(results["oracle"])
    several = ifir("gate", folder.parent, "--bless", tmp_path / "which.json")
    assert several.exit_code == 2
    assert "oracle on mirror-dev, random:0 on mirror-dev" in several.stderr
    assert not (tmp_path / "which.json").exists()


def test_blessing_writes_a_baseline_that_gates(results: dict[str, Path], tmp_path: Path) -> None:
    baseline = tmp_path / "baselines" / "oracle.json"
    assert ifir("gate", results["oracle"], "--bless", baseline).exit_code == 0
    assert ifir("gate", results["oracle"], "--baseline", baseline).exit_code == 0
    assert ifir("gate", results["random"], "--baseline", baseline).exit_code == 1
    both = ifir("gate", results["oracle"], "--bless", baseline, "--baseline", baseline)
    assert both.exit_code == 2
