"""One's own object with two methods."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_benchmarks import TEXTS, benchmark

from ifir_eval.errors import RetrieverError
from ifir_eval.progress import silent
from ifir_eval.retrievers import python_object
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.python_object import PythonObject

Build = Callable[[str], PythonObject]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Builds a retriever from the source of a module in the current folder, with the factory ``make``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    monkeypatch.delitem(__import__("sys").modules, "mine", raising=False)

    def from_source(source: str) -> PythonObject:
        (tmp_path / "mine.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return PythonObject.build("python:mine:make", "mine:make", Options())

    return from_source


SEARCHER = """
    class Mine:
        def index(self, documents):
            self.documents = documents
        def search(self, queries):
            return {}
    make = Mine
"""


def test_the_documented_example_runs(build: Build) -> None:
    _, _, example = str(python_object.__doc__).partition("::\n")
    retriever = build(example)
    answer = retriever.answer(benchmark(), silent)
    hits = answer.run.hits["q-changed"]
    assert hits.documents == ("d1", "d2", "d3")
    asked = {"choir", "concerts", "only", "with", "tickets."}
    assert hits.scores.tolist() == [len(asked & {*TEXTS[d].lower().split()}) for d in hits.documents]
    assert retriever.identity.settings.keys() == {"version", "sha256"}
    assert retriever.identity.settings["version"] == "1"
    assert set(retriever.answer(benchmark(candidates=None), silent).run.hits["q-changed"].documents) == set(
        TEXTS
    )


def test_query_instruction_and_candidates_arrive_apart(build: Build) -> None:
    retriever = build(
        SEARCHER.format("[{d: len(q.instruction) + 100 * len(q.text) for d in q.candidates} for q in queries]")
    )
    hits = retriever.answer(benchmark(), silent).run.hits
    assert hits["q-original"].scores.tolist() == [1400 + len("Only free concerts.")] * 3
    assert hits["q-changed"].scores.tolist() == [1400 + len("Only concerts with tickets.")] * 3


def test_metadata_which_may_tell_the_label_is_withheld(build: Build) -> None:
    asked = benchmark()
    corpus = {key: replace(document, metadata={"relevant": True}) for key, document in asked.corpus.items()}
    retriever = build(SEARCHER.format("[{d.id: len(d.metadata) for d in self.documents} for q in queries]"))
    hits = retriever.answer(replace(asked, corpus=corpus), silent).run.hits
    assert hits["q-original"].scores.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("declared", ["{}", "{'version': 1}", "{'sha256': 'mine'}"])
def test_the_file_counts_whatever_identity_is_declared(build: Build, tmp_path: Path, declared: str) -> None:
    """A changed file with an unchanged ``identity`` was taken for the same retriever, its old record kept."""
    source = textwrap.dedent(SEARCHER.format("[]")).replace(
        "class Mine:", f"class Mine:\n    identity = {declared}"
    )
    settings = build(source).identity.settings
    assert settings["sha256"] == hashlib.sha256((tmp_path / "mine.py").read_bytes()).hexdigest()
    assert settings.get("version") == ("1" if "version" in declared else None)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ("[]", r"search\(\) returned 0 results for 2 queries"),
        (
            "[{'d9': 1.0} for q in queries]",
            "the document 'd9' for query 'q-original', which is not in the corpus",
        ),
        ("[[1.0] for q in queries]", "returned a list for query 'q-original'; give a mapping"),
        ("[{'d1': 'high'} for q in queries]", r"reading the scores failed with ValueError.*'high'"),
        ("[{'d1': float('nan')} for q in queries]", "'d1' has the score nan"),
        ("None", r"search\(\) failed with TypeError"),
    ],
)
def test_an_unusable_answer_becomes_a_sentence(build: Build, result: str, sentence: str) -> None:
    with pytest.raises(RetrieverError, match=sentence):
        build(SEARCHER.format(result)).answer(benchmark(), silent)


def test_an_exception_inside_the_users_code_stays_as_the_cause(build: Build) -> None:
    retriever = build(SEARCHER.format("1 / 0"))
    with pytest.raises(RetrieverError, match=r"search\(\) failed with ZeroDivisionError: division") as caught:
        retriever.answer(benchmark(), silent)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_exit_inside_the_users_code_does_not_end_the_program(build: Build) -> None:
    """``sys.exit(0)`` in search() ended the command with success and without a record."""
    with pytest.raises(RetrieverError, match=r"search\(\) failed with SystemExit: 0"):
        build(SEARCHER.format("exit(0)")).answer(benchmark(), silent)


def test_what_the_users_code_prints_stays_out_of_stdout(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stood before the data of ``--json``."""
    source = SEARCHER.format("[print('searching') or {'d1': 1} for q in queries]")
    build(f"{source}    print('importing')").answer(benchmark(), silent)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.split() == ["importing", "searching", "searching"]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "import absent_package",
            "importing mine failed with ModuleNotFoundError: No module named 'absent_package'",
        ),
        ("def make(:", "importing mine failed with SyntaxError"),
        ("other = 1", "the module mine has no function or class 'make' to call"),
        ("make = 1", "the module mine has no function or class 'make' to call"),
    ],
)
def test_a_module_that_cannot_be_used_is_refused_when_built(build: Build, source: str, sentence: str) -> None:
    with pytest.raises(RetrieverError, match=sentence):
        build(source)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def make(): return []", "the factory returned a list without the method search; it needs"),
        ("def make(): raise KeyError('weights')", "the factory failed with KeyError: 'weights'"),
        (
            SEARCHER.format("[]").replace("class Mine:", "class Mine:\n        identity = 3"),
            "reading its identity failed",
        ),
    ],
)
def test_a_factory_that_makes_no_searcher_is_refused(build: Build, source: str, sentence: str) -> None:
    with pytest.raises(RetrieverError, match=sentence):
        _ = build(source).identity


@pytest.mark.parametrize("argument", ["", "mine", "mine:", ":make"])
def test_the_form_of_the_spec_is_explained(argument: str) -> None:
    with pytest.raises(RetrieverError, match=r"not of the form python:package\.module:factory"):
        PythonObject.build(f"python:{argument}", argument, Options())
