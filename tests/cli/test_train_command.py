"""``train`` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_models import tokenizer
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel

from ifir_eval.benchmarks.folder import write_folder
from ifir_eval.benchmarks.mirror import load_mirror
from ifir_eval.cli import main
from ifir_eval.training.rows import Row, write_rows


def ifir(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A very small BERT."""
    folder = tmp_path_factory.mktemp("base")
    words = tokenizer(["red old apple stone only ones a the b"])
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    BertModel(config).save_pretrained(folder / "plain")
    words.save_pretrained(folder / "plain")
    modules = [Transformer(str(folder / "plain")), Pooling(16, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(
        str(folder / "base"), create_model_card=False
    )
    return folder / "base"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pairs."""
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    passages = [(f"a red apple {pair}", f"the old stone {pair}") for pair in "abcd"]
    write_rows(
        file,
        [
            Row(one, view, "apple", f"only {word} ones", right, (wrong,))
            for one, other in passages
            for view, word, right, wrong in (("original", "red", one, other), ("reversed", "old", other, one))
        ],
    )
    return file


def test_rows_become_a_model_that_run_measures(base: Path, rows: Path, tmp_path: Path) -> None:
    """Trained, judged on a benchmark of one's own while training, and evaluated, by two commands."""
    write_folder(load_mirror("dev").limited(1), tmp_path / "dev")
    arguments = ("--base", base, "--rows", rows, "--out", tmp_path / "model", "--batch-rows", "4", "--cpu")
    done = ifir("train", *arguments, "--dev", tmp_path / "dev", "--checkpoints", "1", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["step"], told["steps"]) == (2, 2)
    assert [judged["step"] for judged in told["judged"]] == [0, 2]
    assert "rows.jsonl" in (tmp_path / "model" / "README.md").read_text()

    again = ifir("train", *arguments, "--dev", tmp_path / "dev", "--checkpoints", "1")
    assert "the model after step 2 of 2" in again.stdout
    assert "after step 2 (kept): swap-accuracy 0." in again.stdout

    ran = ifir(
        "run", "-m", tmp_path / "model", "-b", tmp_path / "dev", "--results", tmp_path / "results", "--json"
    )
    assert ran.exit_code == 0, ran.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--rows", "ROWS", "--budget", "5"), "not on both"),
        (("--mix", "ROWS"), "--mix FILE needs --budget N"),
        (("--rows", "ROWS", "--dev", "mirro"), "did you mean mirror"),
        (("--rows", "ROWS", "--objective", "infonce"), "is not one of"),
        (("--rows", "ROWS", "--epochs", "0"), "epochs is 0, but must be at least 1"),
        (("--budget", "many"), "'many' is no budget"),
    ],
)
def test_mistakes_are_sentences(
    base: Path, rows: Path, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    given = [f"{rows}" if argument == "ROWS" else argument for argument in arguments]
    done = ifir("train", "--base", base, "--out", tmp_path / "out", *given)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()
