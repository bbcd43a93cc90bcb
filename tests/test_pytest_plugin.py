"""The plugin as another project's tests use it: run by pytest in a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from ifir_eval.cli import main

TESTS = """
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
    assert_not_regressed(ifir_record("random:0", benchmark="mirror-dev"), "oracle.json", policy="gate.toml")
"""


def test_a_project_s_test_fails_where_the_gate_fails(tmp_path: Path) -> None:
    """One test is equal, one lost much, one has a policy that lets everything go."""
    run = ("run", "-m", "oracle", "-b", "mirror-dev", "--results", str(tmp_path / "results"))
    assert CliRunner().invoke(main, run).exit_code == 0
    (record,) = (tmp_path / "results").rglob("record.json")
    (tmp_path / "oracle.json").write_bytes(record.read_bytes())
    (tmp_path / "gate.toml").write_text('[loss]\n"swap-accuracy" = 1\n', encoding="utf-8")
    (tmp_path / "test_retriever.py").write_text(TESTS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    assert "gate FAILED: python:SharedWords on mirror-dev against oracle" in done.stdout
