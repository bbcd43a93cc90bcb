"""Well-known models are known by name, and the user has the last word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.hub import HubModel
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.options import POOLINGS, Options
from ifir_eval.retrievers.presets import families, preset_for, settings_for, source_for, template_for
from ifir_eval.retrievers.prompt import Template

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "query", "document", "pooling"),
    [
        ("intfloat/e5-base-v2", "query: ", "passage: ", "mean"),
        ("intfloat/multilingual-e5-small", "query: ", "passage: ", "mean"),
        # Trap 8: two spaces, as Promptriever was trained and as its own evaluation has it; RepLLaMA has one.
        ("samaya-ai/promptriever-llama3.1-8b-instruct-v1", "query:  ", "passage:  ", "last"),
        ("castorini/repllama-v1-7b-lora-passage", "query: ", "passage: ", "last"),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", "", "cls"),
        ("BAAI/bge-m3", "", "", "cls"),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: ", "mean"),
        ("sentence-transformers/all-MiniLM-L6-v2", "", "", "mean"),
    ],
)
def test_a_model_gets_the_form_of_its_family(name: str, query: str, document: str, pooling: str) -> None:
    preset = preset_for(name, Options())
    assert preset is not None
    form = preset.form
    assert (form.query_prefix, form.document_prefix, form.pooling) == (query, document, pooling)
    assert preset_for(f"{name.upper()}@{COMMIT}", Options()) == preset


def test_similarities_are_those_of_mteb() -> None:
    """Contriever's cosine is not its published form."""
    mteb = pytest.importorskip("mteb")
    for name in (
        "facebook/contriever-msmarco",
        "sentence-transformers/multi-qa-mpnet-base-dot-v1",
        "intfloat/e5-base-v2",
        "BAAI/bge-m3",
    ):
        preset = preset_for(name, Options())
        assert preset is not None
        assert (preset.similarity or "cosine") == mteb.get_model_meta(name).similarity_fn_name.value


def test_prefixes_and_prompts_are_those_of_mteb() -> None:
    """The reference is mteb's registry, where it has a retrieval prompt for the model."""
    mteb = pytest.importorskip("mteb")
    compared = 0
    for name in (
        "intfloat/e5-large-v2",
        "intfloat/multilingual-e5-base",
        "BAAI/bge-large-en-v1.5",
        "BAAI/bge-base-zh-v1.5",
        "mixedbread-ai/mxbai-embed-large-v1",
        "Snowflake/snowflake-arctic-embed-m-v1.5",
        "nomic-ai/nomic-embed-text-v1",
        "nomic-ai/nomic-embed-text-v2-moe",
    ):
        prompts = mteb.get_model_meta(name).loader_kwargs["model_prompts"]
        preset = preset_for(name, Options())
        assert preset is not None
        assert preset.form.query_prefix == prompts["query"]
        assert preset.form.document_prefix == prompts.get("document", "")
        compared += 1
    assert compared == 8


def test_every_family_is_whole_and_names_its_source() -> None:
    """An instruction must not be lost by a template, nor a name be taken twice."""
    names = [family.preset.name for family in families()]
    assert len(set(names)) == len(names)
    for family in families():
        assert family.preset.source
        assert family.preset.form.pooling in POOLINGS
        assert "{instruction}" in Template.parse(family.preset.template).pattern


@pytest.mark.parametrize("name", ["intfloat/e5-base-v2-reranker", "org/my-e5-base", "bm25", "org/model"])
def test_other_names_have_no_preset(name: str) -> None:
    assert preset_for(name, Options()) is None


def test_a_folder_is_known_by_its_name_or_by_what_it_was_made_from(tmp_path: Path) -> None:
    named, made, adapter = tmp_path / "e5-base-v2", tmp_path / "run-1", tmp_path / "run-2"
    for folder in (named, made, adapter):
        folder.mkdir()
    (made / "config.json").write_text(json.dumps({"_name_or_path": "BAAI/bge-base-en-v1.5"}))
    (adapter / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": "Qwen/Qwen3-Embedding-4B"})
    )
    found = [preset_for(str(folder), Options()) for folder in (named, made, adapter, tmp_path)]
    assert [preset.name if preset else None for preset in found] == ["e5", "bge", "qwen3-embedding", None]


def test_an_adapter_decides_on_the_form() -> None:
    """Promptriever is an adapter on a Llama that nobody has a preset for."""
    options = Options(adapter=f"samaya-ai/promptriever-llama2-7b-v1@{COMMIT}")
    settings = settings_for("meta-llama/Llama-2-7b-hf", options)
    assert settings.preset is not None
    assert settings.preset.name == "promptriever"
    assert settings.adapter == HubModel("samaya-ai/promptriever-llama2-7b-v1", COMMIT)
    with pytest.raises(RetrieverError, match="the adapter 'lora' is no folder"):
        settings_for("org/model", Options(adapter="lora"))


def test_the_identity_tells_what_was_chosen_and_what_was_preset() -> None:
    """And no device: numbers do not depend on it."""
    options = Options(query_prefix="ask: ", pooling="cls", device="cuda", trust_remote_code=True)
    settings = settings_for(f"intfloat/e5-base-v2@{COMMIT}", options)
    assert settings.identity == {
        "query_prefix": "ask: ",
        "document_prefix": None,
        "max_length": None,
        "pooling": "cls",
        "append_eos": None,
        "dtype": None,
        "backend": "torch",
        "trust_remote_code": True,
        "preset": 'e5 {"query_prefix": "query: ", "document_prefix": "passage: ", "max_length": 512, '
        '"pooling": "mean"}',
    }
    assert settings_for("org/model", Options()).identity["preset"] is None


def test_pickles_are_allowed_by_name_only(tmp_path: Path) -> None:
    options = Options(allow_pickle=("org/old", str(tmp_path)))
    assert settings_for("org/old", options).allow_pickle
    assert settings_for(f"org/old@{COMMIT}", options).allow_pickle
    assert not settings_for("org/older", options).allow_pickle
    assert source_for("org/old", options) == HubModel("org/old", allow_pickle=True)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").touch()
    assert source_for(str(tmp_path), options) == LocalModel(tmp_path, allow_pickle=True)
    with pytest.raises(RetrieverError, match="is pickled"):
        source_for(str(tmp_path), Options())


def test_code_is_trusted_at_a_commit_only() -> None:
    options = Options(trust_remote_code=True)
    assert source_for(f"org/model@{COMMIT}", options) == HubModel("org/model", COMMIT, trust_remote_code=True)
    with pytest.raises(RetrieverError, match="needs the commit that you have read"):
        source_for("org/model", options)


def test_the_users_template_wins_over_that_of_the_preset() -> None:
    name = "samaya-ai/promptriever-llama2-7b-v1"
    assert template_for(name, Options()).pattern == "{query} {instruction}"
    assert template_for(name, Options(template="instruction-first")).pattern == "{instruction} {query}"
    assert template_for("org/model", Options()) == Template.parse(None)
