"""The plugin as another project's tests use it: run by pytest in a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ifir_eval.cli import main
from ifir_eval.records.storage import load_record

TESTS = """
import pytest
from ifir_eval.pytest_plugin import UndecidedWarning


class SharedWords:
    def index(self, documents):
        self.words = {document.id: set(document.text.lower().split()) for document in documents}

    def search(self, queries):
        return [self.scores(query) for query in queries]

    def scores(self, query):
        asked = set(f"{query.text} {query.instruction}".lower().split())
        return {id: len(asked & self.words[id]) for id in query.candidates}


def test_equal(ifir_record, assert_not_regressed):
    assert_not_regressed(ifir_record("oracle", benchmark="mirror-dev"), "oracle.json")


def test_lost(ifir_record, assert_not_regressed):
    assert_not_regressed(ifir_record(SharedWords(), benchmark="mirror-dev"), "oracle.json")


def test_tolerated(ifir_record, assert_not_regressed):
    record = ifir_record("bm25", benchmark="mirror-dev", template="instruct")
    assert record.retriever["settings"]["template"].startswith("Instruct:")
    assert_not_regressed(record, "oracle.json", policy="gate.toml")


def test_undecided(assert_not_regressed):
    with pytest.warns(UndecidedWarning, match="too few topics to decide"):
        assert_not_regressed("random.json", "oracle.json", policy="close.toml")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two records and policies."""
    run = ("run", "-m", "oracle", "-m", "random:0", "-b", "mirror-dev", "--results", str(tmp_path / "results"))
    assert CliRunner().invoke(main, run).exit_code == 0
    for file in (tmp_path / "results").rglob("record.json"):
        name = file.parent.parent.name.partition("-")[0]
        (tmp_path / f"{name}.json").write_bytes(file.read_bytes())
    lost = 1 - load_record(tmp_path / "random.json").measures["swap-accuracy"].value
    for name, margin in (("gate", 1.0), ("close", lost - 0.001)):
        (tmp_path / f"{name}.toml").write_text(f'[loss]\n"swap-accuracy" = {margin}\n', encoding="utf-8")
    return tmp_path


def pytest_in(folder: Path) -> str:
    """What pytest says of the tests in ``folder``."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-Werror"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_project_s_test_fails_where_the_gate_fails(project: Path) -> None:
    """One test is equal, one lost much, one has a policy that lets everything go, one cannot be decided."""
    (project / "test_retriever.py").write_text(TESTS, encoding="utf-8")
    told = pytest_in(project)
    assert "1 failed, 3 passed" in told, told
    assert "gate FAILED: python:SharedWords on mirror-dev against oracle" in told


def test_the_policy_in_the_project_file_counts(project: Path) -> None:
    """A floor that nothing reaches, from whichever folder of the project the tests are run."""
    text = '[tool.pytest.ini_options]\n[tool.ifir-eval.gate.floor]\n"swap-accuracy" = 1.1\n'
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    tests = project / "tests"
    tests.mkdir()
    (tests / "test_floor.py").write_text(
        "def test_floor(assert_not_regressed):\n    assert_not_regressed('../oracle.json', '../oracle.json')\n",
        encoding="utf-8",
    )
    assert "swap-accuracy is 1.000, floor 1.100" in pytest_in(tests)
