"""``ifir-eval rows``: what a user sees of training rows."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.cli import main
from ifir_eval.training.readers.benchmark import rows_of
from ifir_eval.training.rows import Row, read_rows, write_rows

MIX = '[[parts]]\nviews = ["original", "reversed"]\nsources = { mirror-train = 1 }\n'


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_check_counts_rows_and_shows_one_as_it_is_sent(tmp_path: Path) -> None:
    """Through the template, with its passages."""
    write_rows(tmp_path / "rows.jsonl", rows_of(load_mirror("train").limited(2)))
    done = ifir("rows", "check", tmp_path / "rows.jsonl", "--row", "2", "--template", "instruct")
    assert done.exit_code == 0, done.output
    shown = read_rows(tmp_path / "rows.jsonl")[1]
    assert "60 rows of 12 pairs, no faults" in done.stdout
    assert repr(f"Instruct: {shown.instruction}\nQuery: {shown.query}") in done.stdout
    assert f"pair {shown.pair_id}, {shown.view}" in done.stdout


def test_check_warns_of_passages_that_give_the_answer_away(tmp_path: Path) -> None:
    """Originals that always ask for what the positive has; beside their reversals they give nothing away."""
    texts = [(f"pond {n}: fish were counted twice", f"pond {n}: nobody has looked yet") for n in range(60)]
    originals = [
        Row(str(n), "original", f"pond {n}", "Give me those with a survey.", has, (lacks,))
        for n, (has, lacks) in enumerate(texts)
    ]
    reversals = [
        Row(str(n), "reversed", f"pond {n}", "Leave out those with a survey.", lacks, (has,))
        for n, (has, lacks) in enumerate(texts)
    ]
    write_rows(tmp_path / "originals.jsonl", originals)
    write_rows(tmp_path / "both.jsonl", [*originals, *reversals])
    done = ifir("rows", "check", tmp_path / "originals.jsonl", tmp_path / "both.jsonl")
    assert done.exit_code == 0, done.output
    assert "passage alone gives away: 100% (chance: 50%)\n  from such rows a model learns" in done.stdout
    assert "passage alone gives away: 50% (chance: 50%)\n\n" in done.stdout
    (line,) = ifir("rows", "check", "--json", tmp_path / "both.jsonl").stdout.splitlines()
    assert json.loads(line)["told_by_document"] == 0.5


def test_check_prints_json_for_machines(tmp_path: Path) -> None:
    """A line for each file."""
    files = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for file in files:
        write_rows(file, rows_of(load_mirror("train").limited(1)))
    first, second = map(json.loads, ifir("rows", "check", "--json", *files).stdout.splitlines())
    assert [first.pop("file"), second.pop("file")] == list(map(str, files))
    assert first == second
    assert (first["pairs"], first["views"]["reversed"]) == (6, 6)
    assert first["row"]["text"].endswith(read_rows(files[0])[0].instruction)


def test_check_lists_the_faults_of_all_files(tmp_path: Path) -> None:
    """Exit code 2, and no traceback."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text('{"anchor": "q", "positive": "p", "negative": "p"}\n')
    done = ifir("rows", "check", tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert done.exit_code == 2
    for name in ("a", "b"):
        assert f"{name}.jsonl:1: a negative equals the positive" in done.stderr


def test_check_says_which_file_has_too_few_rows_to_show_one(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"anchor": "q", "positive": "p"}\n')
    done = ifir("rows", "check", tmp_path / "a.jsonl", "--row", "2")
    assert done.exit_code == 2
    assert "there is no row 2 to show" in done.stderr


def test_draw_writes_the_rows_of_a_mix(tmp_path: Path) -> None:
    """Which can be read again; what was drawn is told on standard error."""
    (tmp_path / "mix.toml").write_text(MIX)
    done = ifir("rows", "draw", tmp_path / "mix.toml", "--budget", "100 rows", "--out", tmp_path / "rows.jsonl")
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(tmp_path / "rows.jsonl")
    assert "100 rows" in done.stderr
    assert "views: original 50, reversed 50" in done.stderr
    assert len(read_rows(tmp_path / "rows.jsonl")) == 100


def test_draw_leaves_out_what_will_be_judged(tmp_path: Path) -> None:
    """Every row of mirror-train is in the benchmark of that name: nothing is left, and nothing is written."""
    (tmp_path / "mix.toml").write_text(MIX)
    out = tmp_path / "rows.jsonl"
    done = ifir("rows", "draw", tmp_path / "mix.toml", "--budget", "100", "--out", out, "-b", "mirror-train")
    assert done.exit_code == 2
    assert "has 0 of 100 rows" in done.stderr
    assert not out.exists()
