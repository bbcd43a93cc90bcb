"""``encode`` as a user types it, with a real encoder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.benchmarks.folder import write_folder
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.cli import main
from ifir_eval.cli.encode import _as_file, _under_torchrun
from ifir_eval.retrievers.options import Options
from ifir_eval.shares import Share

MODEL = "demo:all-MiniLM-L6-v2"


def ifir(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def contents(out: Path) -> dict[str, bytes]:
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in out.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark") / "small"
    whole = load_mirror("dev").limited(1)
    asked = {document.id: document for document in whole.documents_asked_for()}
    write_folder(replace(whole, corpus=asked, is_limited=False), folder)
    return folder


def test_shares_make_the_bytes_of_the_whole_and_a_run_finds_all_documents_there(
    benchmark: Path, tmp_path: Path
) -> None:
    """With a transformer, whose vectors depend on the batch; afterwards only queries are left to encode."""
    size = ("--documents-per-shard", "8")
    whole, shares = tmp_path / "whole", tmp_path / "shares"
    done = ifir("encode", benchmark, "-m", MODEL, "--out", whole, *size)
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    for share in ("1/2", "0/2"):
        assert ifir("encode", benchmark, "-m", MODEL, "--out", shares, "--shard", share, *size).exit_code == 0
    assert contents(whole) == contents(shares)
    assert len(contents(whole)) > 7

    again = ifir("encode", benchmark, "-m", MODEL, "--out", whole, *size)
    documents = json.loads((whole / "corpus.json").read_text())["documents"]
    assert f"{documents} from before" in again.stderr
    assert contents(whole) == contents(shares)

    results = tmp_path / "results"
    ran = ifir("run", "-m", MODEL, "-b", benchmark, "--cache", whole, "--results", results)
    assert ran.exit_code == 0, ran.output
    (timing,) = results.rglob("timing.json")
    queries = len((benchmark / "queries.jsonl").read_text(encoding="utf-8").splitlines())
    assert 0 < json.loads(timing.read_text())["texts_computed"] <= queries


def test_a_benchmark_is_written_out_as_a_corpus(tmp_path: Path) -> None:
    """So that every engine and every process reads the same files."""
    file = Path(_as_file("mirror-dev", tmp_path, None))
    ids = [json.loads(line)["_id"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert ids == [document.id for document in load_mirror("dev").documents_asked_for()]
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert _as_file("corpus.jsonl", tmp_path, None) == "corpus.jsonl"


def test_the_processes_of_torchrun_split_a_share_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share 1/2 under three processes is shares 3/6, 4/6 and 5/6; without torchrun nothing changes."""
    assert _under_torchrun(Share(1, 2), Options())[0] == Share(1, 2)
    monkeypatch.setenv("WORLD_SIZE", "3")
    taken = []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        taken.append(_under_torchrun(Share(1, 2), Options(device="cpu"))[0])
    assert taken == [Share(3, 6), Share(4, 6), Share(5, 6)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-m", "bm25"), "makes no vectors"),
        (("-m", "nosuch"), "no retriever"),
        (("-m", MODEL, "--shard", "4/4"), "write 0/4"),
        (("-m", MODEL, "--shard", "first"), "write 0/4"),
        (("-m", MODEL), "no corpus at"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence_before_anything_is_written(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2 and no traceback."""
    done = ifir("encode", tmp_path / "absent.jsonl", "--out", tmp_path / "out", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()
