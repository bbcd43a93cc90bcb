"""The GitHub Action, its steps run as the shell of a runner would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # transformers brings it, its types are a package of their own
from click.testing import CliRunner

from ifir_eval.cli import main

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, GATE = ACTION["runs"]["steps"]

# Creates what `python -m venv` does, with the tools of this environment; its pip writes down what it is told.
PYTHON = """#!/usr/bin/env bash
mkdir -p "$3/bin"
cat > "$3/bin/python" <<'END'
#!/usr/bin/env bash
if [[ $2 == pip ]]; then printf '%s\\n' "$@" > "$RUNNER_TEMP/installed"; exit; fi
exec {real} "$@"
END
ln -s {tool} "$3/bin/ifir-eval"
chmod +x "$3/bin/python"
"""


class Runner:
    """Runs the action in a workspace of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temp, self.workspace = folder / "temp", folder / "workspace"
        for each in (self.temp, self.workspace):
            each.mkdir()
        python = folder / "python"
        tool = Path(sys.executable).with_name("ifir-eval")
        python.write_text(PYTHON.format(real=sys.executable, tool=tool), encoding="utf-8")
        python.chmod(0o755)
        self.log = ""

    def __call__(self, **inputs: str) -> int:
        """The exit code of the last step that ran; ``log`` is what the steps printed."""
        given = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
        given |= {"python": str(self.folder / "python"), **inputs}
        for step in (INSTALL, GATE):
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.workspace,
                env=self._environment(step, given),
                capture_output=True,
                text=True,
                check=False,
            )
            self.log += done.stdout + done.stderr
            if done.returncode:
                return done.returncode
        return 0

    def told(self, name: str) -> str:
        """What the steps wrote to a file of the runner's."""
        file = self.temp / name
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _environment(self, step: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
        values = {f"inputs.{name}": value for name, value in given.items()}
        values["github.action_path"] = str(ROOT)
        own = {
            name: values[text.removeprefix("${{ ").removesuffix(" }}")] for name, text in step["env"].items()
        }
        files = {name: str(self.temp / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        return {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(self.temp), **files, **own}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Records of the oracle and of a random ranking."""
    folder = tmp_path_factory.mktemp("results")
    run = ("run", "-m", "random:0", "-m", "oracle", "-b", "mirror-dev", "--results", str(folder))
    assert CliRunner().invoke(main, run).exit_code == 0
    return {file.parent.parent.name.partition("-")[0]: str(file) for file in folder.rglob("record.json")}


def test_a_loss_fails_the_step_with_annotations_summary_and_report(
    runner: Runner, results: dict[str, str]
) -> None:
    code = runner(candidate=results["random"], baseline=results["oracle"], junit="reports/gate.xml")
    assert code == 1
    assert "\n::error title=ifir-eval%3A swap-accuracy::" in f"\n{runner.log}"
    assert "**gate FAILED" in runner.told("GITHUB_STEP_SUMMARY")
    assert runner.told("GITHUB_OUTPUT") == "outcome=failed\n"
    assert "<failure" in (runner.workspace / "reports" / "gate.xml").read_text(encoding="utf-8")


def test_an_equal_record_passes_and_a_policy_is_heard(runner: Runner, results: dict[str, str]) -> None:
    assert runner(candidate=results["oracle"], baseline=results["oracle"]) == 0
    assert runner.told("GITHUB_OUTPUT") == "outcome=passed\n"
    (runner.workspace / "gate.toml").write_text('[loss]\n"p-MRR" = 2\n', encoding="utf-8")
    assert runner(candidate=results["random"], baseline=results["oracle"], policy="gate.toml") == 0


def test_what_cannot_be_verified_fails_and_says_why(runner: Runner, results: dict[str, str]) -> None:
    """A file that is no record, and one that is not there."""
    (runner.workspace / "broken.json").write_text("{}", encoding="utf-8")
    assert runner(candidate="broken.json", baseline=results["oracle"]) == 2
    assert "::error title=ifir-eval gate::records has 1 problem" in runner.log
    assert "gate UNVERIFIABLE" in runner.told("GITHUB_STEP_SUMMARY")
    assert runner(candidate="absent.json", baseline=results["oracle"]) == 2
    assert "an input is wrong" in runner.log
    assert runner.told("GITHUB_OUTPUT") == "outcome=unverifiable\n" * 2


def test_the_action_installs_itself_or_the_release_that_is_asked_for(
    runner: Runner, results: dict[str, str]
) -> None:
    same = {"candidate": results["oracle"], "baseline": results["oracle"]}
    assert runner(**same) == 0
    assert runner.told("installed").splitlines()[-1] == str(ROOT)
    assert runner(**same, version="0.1.0") == 0
    assert runner.told("installed").splitlines()[-1] == "ifir-eval==0.1.0"
    assert runner(**same, version="0 --index-url=elsewhere") == 2
    assert "is no release number" in runner.log


@pytest.mark.parametrize("text", ["$(touch ran)", '"; touch ran; "', "`touch ran`", "a\ntouch ran", "--help"])
def test_no_input_is_run_as_shell(runner: Runner, results: dict[str, str], text: str) -> None:
    """A branch's name or a path from a pull request may be anything."""
    for name in ("candidate", "baseline", "policy", "version"):
        inputs = {"candidate": results["oracle"], "baseline": results["oracle"], name: text}
        assert runner(**inputs) == 2, name
    runner(candidate=results["oracle"], baseline=results["oracle"], junit=text)
    assert not (runner.workspace / "ran").exists()


def test_scripts_hold_no_expressions() -> None:
    """``${{ }}`` in a script is replaced before the shell reads it, quotes or not."""
    assert [step["shell"] for step in (INSTALL, GATE)] == ["bash", "bash"]
    for step in (INSTALL, GATE):
        assert "${{" not in step["run"]
        assert all(re.fullmatch(r"\$\{\{ [a-z._]+ \}\}", text) for text in step["env"].values())
    named = {text for step in (INSTALL, GATE) for text in step["env"].values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]} <= named
