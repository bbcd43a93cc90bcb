"""``run`` and ``score`` as a user types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.benchmarks.folder import write_folder
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.cli import main
from ifir_eval.records.storage import load_record


def ifir(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def record_files(results: Path) -> list[Path]:
    return sorted(results.rglob("record.json"))


def test_run_stores_records_prints_a_table_and_writes_a_page(tmp_path: Path) -> None:
    """The main job: two retrievers, one table with intervals on stdout, files where DESIGN says."""
    done = ifir("run", "-m", "bm25", "-m", "random:0", "-b", "mirror", "--results", tmp_path)
    assert done.exit_code == 0, done.output
    assert "swap-accuracy" in done.stdout
    assert "page: file://" in done.stderr
    folders = [file.parent for file in record_files(tmp_path)]
    assert len(folders) == 2
    for folder in folders:
        files = {"record.json", "run.trec.gz", "documents.jsonl", "timing.json"}
        assert {file.name for file in folder.iterdir()} == files
    assert (tmp_path / "index.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_json_goes_to_stdout_alone(tmp_path: Path) -> None:
    """So that it can be piped; talk goes to stderr."""
    done = ifir("run", "-m", "oracle", "-b", "mirror", "--limit", "3", "--results", tmp_path, "--json")
    (record,) = json.loads(done.stdout)
    assert record["measures"]["swap-accuracy"]["value"] == 1.0
    assert record["complete"] is False


def test_the_same_command_again_asks_nothing(tmp_path: Path) -> None:
    """Finished work is read, not repeated: the record stays byte for byte."""
    command = ("run", "-m", "random:0", "-b", "mirror", "--limit", "5", "--results", tmp_path)
    ifir(*command)
    (file,) = record_files(tmp_path)
    timing = file.with_name("timing.json")
    before, took = file.read_bytes(), timing.read_bytes()
    assert ifir(*command).exit_code == 0
    assert (file.read_bytes(), timing.read_bytes()) == (before, took)
    assert ifir(*command, "--again").exit_code == 0
    assert timing.read_bytes() != took


def test_a_limited_run_does_not_replace_a_whole_one(tmp_path: Path) -> None:
    """Trying something out must not cost the result of last night."""
    ifir("run", "-m", "oracle", "-b", "mirror", "--results", tmp_path)
    ifir("run", "-m", "oracle", "-b", "mirror", "--limit", "2", "--results", tmp_path)
    assert sorted(load_record(file).complete for file in record_files(tmp_path)) == [False, True]


def test_other_measures_are_computed_from_the_stored_run(tmp_path: Path) -> None:
    """`score` needs no model, gives the numbers that a new run would give, and loses none of the old ones."""
    ifir("run", "-m", "bm25", "-b", "mirror", "--limit", "10", "--results", tmp_path / "old")
    (file,) = record_files(tmp_path / "old")
    done = ifir("score", file.parent, "--measure", "nDCG@5", "--measure", "swap-accuracy", "--json")
    assert done.exit_code == 0, done.output
    arguments = ("--measure", "nDCG@5", "--measure", "swap-accuracy", "--limit", "10")
    ifir("run", "-m", "bm25", "-b", "mirror", *arguments, "--results", tmp_path / "new")
    (fresh,) = record_files(tmp_path / "new")
    both, new = load_record(file), load_record(fresh)
    assert {name: both.measures[name] for name in new.measures} == new.measures
    assert "topic-lock" in both.measures


def test_score_measures_the_run_of_any_system(tmp_path: Path) -> None:
    """A TREC file made elsewhere gets the same numbers as the retriever that made it."""
    ifir("run", "-m", "bm25", "-b", "mirror", "--results", tmp_path / "own")
    (file,) = record_files(tmp_path / "own")
    trec = file.parent / "run.trec.gz"
    done = ifir("score", trec, "-b", "mirror", "--results", tmp_path / "other", "--json")
    assert done.exit_code == 0, done.output
    (other,) = record_files(tmp_path / "other")
    assert load_record(other).measures == load_record(file).measures


def test_score_of_a_run_file_asks_for_the_benchmark(tmp_path: Path) -> None:
    """A run does not say what it answers."""
    (tmp_path / "a.trec").write_text("q Q0 d 1 1.0 t\n")
    done = ifir("score", tmp_path / "a.trec")
    assert done.exit_code == 2
    assert "add --benchmark NAME" in done.stderr


def test_a_record_of_other_content_is_not_rescored(tmp_path: Path) -> None:
    """The benchmark changed under the record: its run no longer answers it."""
    ifir("run", "-m", "random:0", "-b", "mirror", "--results", tmp_path)
    (file,) = record_files(tmp_path)
    body = json.loads(file.read_text())
    body["benchmark"]["content_hash"] = "0" * 64
    file.write_text(json.dumps(body))
    done = ifir("score", file)
    assert done.exit_code == 2
    assert "run the retriever again" in done.stderr


def test_all_wrong_names_are_told_before_anything_runs(tmp_path: Path) -> None:
    """Near names and what exists, exit 2, no results folder."""
    results = tmp_path / "results"
    done = ifir("run", "-m", "bm52", "-m", "rnadom:1", "-b", "mirror", "--results", results)
    assert done.exit_code == 2
    assert "'bm52'; did you mean bm25" in done.stderr
    assert "'rnadom:1'; did you mean random" in done.stderr
    done = ifir("run", "-m", "bm25", "-b", "miror", "-b", "csfcub", "--results", results)
    assert done.exit_code == 2
    assert "'miror'; did you mean mirror" in done.stderr
    assert "'csfcub'; did you mean csfcube" in done.stderr
    done = ifir("run", "-m", "bm25", "-b", "mirror", "--measure", "p-mrr", "--results", results)
    assert done.exit_code == 2
    assert "did you mean p-MRR" in done.stderr
    assert not results.exists()


def test_mistakes_in_models_benchmarks_and_measures_are_told_together(tmp_path: Path) -> None:
    """One try tells everything that is wrong with the command."""
    done = ifir("run", "-m", "bm52", "-b", "miror", "--measure", "p-mrr", "--results", tmp_path / "results")
    assert done.exit_code == 2
    for wrong in ("bm52", "miror", "p-mrr"):
        assert f"'{wrong}'; did you mean" in done.stderr


def test_a_results_folder_that_cannot_be_made_is_told_before_anything_runs(tmp_path: Path) -> None:
    """Old wrong behaviour: a traceback after the model had answered."""
    (tmp_path / "file").touch()
    done = ifir(
        "run", "-m", "oracle", "-b", "mirror", "--limit", "2", "--results", tmp_path / "file" / "results"
    )
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr
    assert "oracle on mirror" not in done.stderr


def test_a_retriever_that_cannot_say_who_it_is_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old wrong behaviour: a factory that raises ended the whole grid."""
    (tmp_path / "boom_model.py").write_text("def make():\n    raise RuntimeError('boom')\n")
    monkeypatch.chdir(tmp_path)
    done = ifir("run", "-m", "python:boom_model:make", "-m", "oracle", "-b", "mirror", "--limit", "2")
    assert done.exit_code == 2
    assert "boom" in done.stderr
    assert len(record_files(tmp_path)) == 1


def test_benchmarks_of_one_name_do_not_share_a_folder(tmp_path: Path) -> None:
    """Old wrong behaviour: the second overwrote the first one's record, silently."""
    for seed in (1, 2):
        write_folder(replace(load_mirror(seed=seed).limited(3), name="mine"), tmp_path / f"{seed}" / "mine")
    done = ifir(
        *("run", "-m", "oracle", "-b", tmp_path / "1" / "mine", "-b", tmp_path / "2" / "mine"),
        *("--results", tmp_path / "results"),
    )
    assert done.exit_code == 0, done.stderr
    assert len(record_files(tmp_path / "results")) == 2


def test_a_record_of_a_newer_version_is_not_overwritten(tmp_path: Path) -> None:
    """It is refused by its schema, and stays."""
    command = ("run", "-m", "oracle", "-b", "mirror", "--limit", "2", "--results", tmp_path)
    ifir(*command)
    (file,) = record_files(tmp_path)
    newer = json.dumps(json.loads(file.read_text()) | {"schema": 99})
    file.write_text(newer)
    done = ifir(*command)
    assert done.exit_code == 2
    assert "schema 99" in done.stderr
    assert file.read_text() == newer


def test_a_record_of_another_version_is_measured_again(tmp_path: Path) -> None:
    """Its run is kept, its numbers are not trusted."""
    command = ("run", "-m", "oracle", "-b", "mirror", "--limit", "2", "--results", tmp_path)
    ifir(*command)
    (file,) = record_files(tmp_path)
    body = json.loads(file.read_text())
    body["harness"] = "0.0.1"
    body["measures"]["swap-accuracy"]["value"] = 0.5
    file.write_text(json.dumps(body))
    assert "kept" in ifir(*command).stderr
    assert load_record(file).measures["swap-accuracy"].value == 1.0


def test_an_unknown_command_gets_near_names() -> None:
    """Exit 2, a sentence, no traceback."""
    done = ifir("rnu")
    assert done.exit_code == 2
    assert "did you mean run" in done.stderr


BLIND = """
class Blind:
    def index(self, documents):
        self.ids = [document.id for document in documents]

    def search(self, queries):
        return [{document: float(len(document)) for document in query.candidates} for query in queries]


def make():
    return Blind()
"""


def test_a_model_that_ignores_the_instruction_fails_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other model's finished work stays and is shown; exit 2."""
    (tmp_path / "blind_model.py").write_text(BLIND)
    monkeypatch.chdir(tmp_path)
    done = ifir("run", "-m", "python:blind_model:make", "-m", "oracle", "-b", "mirror", "--limit", "5")
    assert done.exit_code == 2
    assert "the instruction never reached the scores" in done.stderr
    assert len(record_files(tmp_path)) == 1
    assert "oracle" in done.stdout


SLOW = """
import time


class Slow:
    def index(self, documents):
        pass

    def search(self, queries):
        print("asked", flush=True)
        time.sleep(60)


def make():
    return Slow()
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_keeps_what_is_finished(tmp_path: Path, sent: signal.Signals) -> None:
    """Ctrl-C exits 3 with a sentence, kill -9 says nothing; either way the first record is whole."""
    (tmp_path / "slow_model.py").write_text(SLOW)
    command = [
        sys.executable,
        "-c",
        "from ifir_eval.cli import main; main()",
        "run",
        "-b",
        "mirror",
        "--limit",
        "5",
    ]
    models = ["-m", "oracle", "-m", "python:slow_model:make"]
    with subprocess.Popen(
        [*command, *models], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        assert "asked\n" in iter(run.stderr.readline, "")
        time.sleep(0.1)
        run.send_signal(sent)
        talk = run.stderr.read()
    (file,) = record_files(tmp_path)
    before = file.read_bytes()
    if sent is signal.SIGINT:
        assert run.returncode == 3
        assert "1 of 2 are finished" in talk
        assert "Traceback" not in talk
    again = subprocess.run([*command, "-m", "oracle"], cwd=tmp_path, capture_output=True, check=True)
    assert again.returncode == 0
    assert file.read_bytes() == before


def test_project_files_and_variables_set_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table [run] of ifir-eval.toml is a default, a variable goes before it, the command line before both."""
    (tmp_path / "ifir-eval.toml").write_text(
        '[run]\nmodel = ["oracle"]\nbenchmark = ["mirror"]\nmax-length = 64\nlimit = 2\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IFIR_EVAL_RUN_LIMIT", "3")
    (record,) = json.loads(ifir("run", "--json").stdout)
    assert record["benchmark"]["topics"] == 3
    (record,) = json.loads(ifir("run", "--json", "--limit", "4").stdout)
    assert record["benchmark"]["topics"] == 4


def test_a_project_file_may_begin_with_a_byte_order_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As editors on Windows write it; every command failed on it."""
    text = '[run]\nmodel = ["oracle"]\nbenchmark = ["mirror"]\nlimit = 2\n'
    (tmp_path / "ifir-eval.toml").write_text(text, encoding="utf-8-sig")
    monkeypatch.chdir(tmp_path)
    assert ifir("run").exit_code == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[rnu]\nlimit = 2", "'rnu'; did you mean run"),
        ("[run]\nlimmit = 2", "'limmit'; did you mean limit"),
        ("run = 3", "must stand in a table"),
        ("limit = 3", "'limit'"),
    ],
)
def test_mistakes_in_a_project_file_are_not_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    """A default that is misspelled would silently not hold."""
    (tmp_path / "ifir-eval.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    done = ifir("run", "-m", "oracle", "-b", "mirror")
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_broken_project_file_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With file and line."""
    (tmp_path / "pyproject.toml").write_text("[tool\n")
    monkeypatch.chdir(tmp_path)
    done = ifir("models")
    assert done.exit_code == 2
    assert "pyproject.toml" in done.stderr
