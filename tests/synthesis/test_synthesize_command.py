"""``ifir-eval synthesize`` as a user types it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from misbehaving_server import MisbehavingServer, good_one, status
from written_rows import obedient, row, rows

from ifir_eval.cli import main
from ifir_eval.training.rows import Row, read_rows, write_rows


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["synthesize", *map(str, arguments)])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_rows(tmp_path / "source.jsonl", [*rows(3), row(3, negatives=0)])
    return tmp_path / "source.jsonl"


def test_a_job_tells_counts_agreement_and_examples(source: Path, tmp_path: Path) -> None:
    with MisbehavingServer(obedient) as server:
        command = ["polarity-reversal", source, "--out", tmp_path / "out", "-m", "openai:tiny"]
        command += ["--base-url", server.url, "--judge", "openai:tiny", "--price", "1", "--price-written", "1"]
        done = ifir(*command)
        again = ifir(*command, "--json")
        assert server.received[1].body["model"] == "tiny"
        assert server.received[1].body["temperature"] == 0
    assert done.exit_code == 0, done.output
    assert "written   3 of 3" in done.stdout
    assert "kept      3 of 3 (100%) by the judge" in done.stdout
    assert "agreement reversed: positives 3/3, negatives 6/6, whole rows 3/3" in done.stdout
    assert "tokens    39 for writing, 234 for judging, cost 0.0003" in done.stdout
    told = json.loads(again.stdout)
    assert (told["unusable"], told["kept"], told["survival"]) == ({"no instruction negative": 1}, 3, 1.0)
    assert len(read_rows(tmp_path / "out" / "rows.jsonl")) == 6


@pytest.mark.parametrize("method", ["poisoning", "paraphrase"])
def test_other_methods_run_alike(method: str, source: Path, tmp_path: Path) -> None:
    with MisbehavingServer(obedient) as server:
        done = ifir(method, source, "--out", tmp_path / "out", "-m", "openai:tiny", "--base-url", server.url)
    assert done.exit_code == 0, done.output
    assert {one.view for one in read_rows(tmp_path / "out" / "rows.jsonl")} > {"original"}


def test_a_users_prompt_is_what_is_asked(source: Path, tmp_path: Path) -> None:
    prompt = tmp_path / "mine.j2"
    prompt.write_text("Query: {{ query }} in my own words")
    with MisbehavingServer(obedient) as server:
        command = ["paraphrase", source, "--out", tmp_path / "out", "-m", "openai:tiny", "--limit", "1"]
        done = ifir(*command, "--base-url", server.url, "--prompt", prompt)
        assert server.received[1].body["messages"][0]["content"] == "Query: query 0 in my own words"
    assert done.exit_code == 0, done.output


def test_fields_of_a_request_can_be_added_replaced_and_left_out(source: Path, tmp_path: Path) -> None:
    """Servers of reasoning models take max_completion_tokens in place of max_tokens, and no temperature."""
    with MisbehavingServer(obedient) as server:
        command = [
            "paraphrase",
            source,
            "--out",
            tmp_path / "out",
            "-m",
            "openai:tiny",
            "--base-url",
            server.url,
        ]
        fields = {"temperature": None, "max_tokens": None, "max_completion_tokens": 99, "seed": 5}
        assert ifir(*command, "--request", json.dumps(fields)).exit_code == 0
        body = server.received[0].body
    assert body.keys() == {"model", "messages", "max_completion_tokens", "seed"}
    assert (body["max_completion_tokens"], body["seed"]) == (99, 5)
    assert "no JSON object" in ifir(*command, "--request", "[1]").stderr


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    command = ["polarity-reversal", tmp_path / "none.jsonl", "--out", tmp_path / "out", "-m", "openai:"]
    done = ifir(*command, "--judge", f"metadata:{tmp_path / 'gone.jsonl'}", "--prompt", tmp_path / "mine.j2")
    assert done.exit_code == 2
    for said in ("names no model", "none.jsonl", "gone.jsonl", "mine.j2"):
        assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_server_that_gives_up_leaves_the_job_to_go_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3; the key of the environment is sent, and stands neither in the output nor in a file."""
    monkeypatch.setenv("IFIR_EVAL_API_KEY", "sk-secret")
    gone = status(429, "out of credit, sk-secret", Retry_After="9999")
    command = ["paraphrase", source, "--out", tmp_path / "out", "-m", "openai:tiny", "--concurrency", "1"]
    with MisbehavingServer(obedient, good_one, good_one, gone) as server:
        command += ["--base-url", server.url]
        done = ifir(*command)
        assert (done.exit_code, ifir(*command).exit_code) == (3, 0)
        assert server.received[0].headers["Authorization"] == "Bearer sk-secret"
        assert len(server.received) == 3 + 1 + 3
    assert "the same command goes on" in done.stderr
    assert "sk-secret" not in done.output + "".join(file.read_text() for file in (tmp_path / "out").iterdir())


def test_written_rows_can_be_judged_again_by_another_judge(tmp_path: Path) -> None:
    """By metadata: of three reversals one is wrong, and its pair goes with it."""
    lines = [{"_id": f"{n}", "text": f"Film {n}.", "metadata": {"year": 1900 + n}} for n in range(120)]
    (tmp_path / "films.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pairs = []
    for number, limit in enumerate((1930, 1940, 1990)):
        one = Row(f"p{number}", "original", "films", "Only films before 1935.", "Film 20.", ("Film 60.",))
        twin = replace(one, view="reversed", instruction=f"Only films after {limit}.")
        pairs += [one, replace(twin, positive="Film 60.", instruction_negatives=("Film 20.",))]
    write_rows(tmp_path / "pairs.jsonl", pairs)
    judge = f"metadata:{tmp_path / 'films.jsonl'}"
    done = ifir("judge", tmp_path / "pairs.jsonl", "--out", tmp_path / "out", "--judge", judge)
    assert done.exit_code == 0, done.output
    assert "kept      2 of 3 (67%) by the judge" in done.stdout
    assert read_rows(tmp_path / "out" / "rows.jsonl") == pairs[:4]


def test_controls_write_rows(source: Path, tmp_path: Path) -> None:
    swapped = ifir("swap-instruct", source, "--out", tmp_path / "swapped.jsonl")
    negated = ifir("textual-negation", source, "--out", tmp_path / "negated.jsonl")
    assert swapped.exit_code == negated.exit_code == 0
    assert len(read_rows(tmp_path / "swapped.jsonl")) == 4
    assert len(read_rows(tmp_path / "negated.jsonl")) == 6
