"""Models come in their published form, and nothing comes that was not asked for."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
transformers = pytest.importorskip("transformers")

from tiny_models import TEXTS, model, save, tokenizer  # noqa: E402 - needs the packages above

from ifir_eval.encoding.checkpoint import LocalModel, fingerprint  # noqa: E402
from ifir_eval.encoding.form import own  # noqa: E402
from ifir_eval.encoding.loading import load  # noqa: E402
from ifir_eval.encoding.settings import Form, ModelSettings, Preset  # noqa: E402
from ifir_eval.errors import RetrieverError  # noqa: E402

CPU = ModelSettings(device="cpu")
LONG = "choir concerts in june " * 20


def by_hand(inner: Any, batch: Any, pooling: str) -> NDArray[np.float32]:
    """Pooling as the model cards of BGE (cls), E5 (mean) and E5-mistral (last) write it, normalised."""
    mask = batch["attention_mask"]
    with torch.no_grad():
        hidden = inner(**batch).last_hidden_state
    rows = torch.arange(len(mask))
    if pooling == "cls":
        vectors = hidden[rows, mask.argmax(dim=1)]
    elif pooling == "mean":
        vectors = hidden.masked_fill(~mask[..., None].bool(), 0.0).sum(dim=1) / mask.sum(dim=1)[..., None]
    elif mask[:, -1].sum() == len(mask):
        vectors = hidden[:, -1]
    else:
        vectors = hidden[rows, mask.sum(dim=1) - 1]
    return np.asarray(torch.nn.functional.normalize(vectors, dim=1))


def reference(folder: Path, texts: list[str], pooling: str) -> NDArray[np.float32]:
    """The model through `transformers` alone, padded on the side that its tokenizer says."""
    batch = transformers.AutoTokenizer.from_pretrained(folder)(
        texts, padding=True, return_tensors="pt", return_token_type_ids=False
    )
    return by_hand(transformers.AutoModel.from_pretrained(folder).eval(), batch, pooling)


def encode(folder: Path, texts: list[str], settings: ModelSettings) -> NDArray[np.float32]:
    return np.asarray(load(folder, settings).encode_document(texts))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("pooling", ["cls", "mean", "last"])
@pytest.mark.parametrize("shape", ["llama", "qwen3"])
def test_a_plain_causal_model_gives_the_vectors_of_its_card(
    tmp_path: Path, shape: str, pooling: str, side: str
) -> None:
    """The reference pads on either side; ours must not depend on it."""
    folder = save(tmp_path, shape, padding_side=side)
    found = encode(folder, TEXTS, replace(CPU, pooling=pooling))
    np.testing.assert_allclose(found, reference(folder, TEXTS, pooling), atol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("pooling", ["cls", "mean", "last"])
def test_a_plain_bert_gives_the_vectors_of_texts_that_stand_alone(
    tmp_path: Path, pooling: str, side: str
) -> None:
    """Padding on the left would move its learned positions with whatever shares the batch."""
    folder = save(tmp_path, "bert", padding_side=side, closes=True)
    alone = np.concatenate([reference(folder, [text], pooling) for text in TEXTS])
    np.testing.assert_allclose(encode(folder, TEXTS, replace(CPU, pooling=pooling)), alone, atol=1e-5)


def test_pooling_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match="write --pooling cls, mean or last"):
        load(save(tmp_path, "bert"), CPU)


def test_an_appended_end_of_text_token_is_read_last_and_counted(tmp_path: Path) -> None:
    """The reference cuts at one token less and appends the token by hand, as RepLLaMA's evaluation does."""
    folder = save(tmp_path, "llama", pad_token=None)
    found = load(folder, replace(CPU, pooling="last", append_eos=True, max_length=8))
    tokens = transformers.AutoTokenizer.from_pretrained(folder)
    batch = tokens([LONG, *TEXTS], max_length=7, truncation=True, return_token_type_ids=False)
    tokens.pad_token = tokens.eos_token
    batch = tokens.pad({"input_ids": [[*ids, 3] for ids in batch["input_ids"]]}, return_tensors="pt")
    expected = by_hand(transformers.AutoModel.from_pretrained(folder).eval(), batch, "last")
    np.testing.assert_allclose(found.encode_document([LONG, *TEXTS]), expected, atol=1e-5)
    assert found.tokenizer(LONG, truncation=True, max_length=8)["input_ids"][-1] == 3
    assert len(found.tokenizer(LONG)["input_ids"]) == 1 + 80 + 1


def test_a_text_that_the_tokenizer_ends_is_not_ended_twice(tmp_path: Path) -> None:
    found = load(save(tmp_path, "bert", closes=True), replace(CPU, pooling="mean", append_eos=True))
    assert found.tokenizer("noon")["input_ids"].count(3) == 1


def test_the_end_of_text_token_that_a_configuration_promises_is_there(tmp_path: Path) -> None:
    """e5-mistral-7b-instruct says add_eos_token; transformers 5 drops it and the last word was pooled."""
    folder = save(tmp_path, "llama")
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "add_eos_token": True}))
    assert load(folder, replace(CPU, pooling="last")).tokenizer("noon")["input_ids"][-1] == 3


def test_a_tokenizer_without_an_end_of_text_token_cannot_append_one(tmp_path: Path) -> None:
    folder = save(tmp_path, "llama", eos_token=None)
    with pytest.raises(RetrieverError, match="tokenizer has no end-of-text token"):
        load(folder, replace(CPU, pooling="last", append_eos=True))


def test_a_chat_template_does_not_wrap_the_texts(tmp_path: Path) -> None:
    """sentence-transformers renders every text as a message of a causal model that has a template."""
    folder = save(tmp_path, "llama", chat_template="{% for m in messages %}query : {{ m.content }}{% endfor %}")
    found = encode(folder, TEXTS, replace(CPU, pooling="last"))
    np.testing.assert_allclose(found, reference(folder, TEXTS, "last"), atol=1e-5)


PRESET = Preset("family", "its card", Form("query : ", "passage : ", 16, "last", append_eos=True))


def test_a_preset_gives_a_plain_model_its_form_and_the_user_has_the_last_word(tmp_path: Path) -> None:
    folder = save(tmp_path, "llama")
    found = load(folder, replace(CPU, preset=PRESET))
    assert (found.prompts["query"], found.prompts["passage"], found.max_seq_length) == (
        "query : ",
        "passage : ",
        16,
    )
    assert found.tokenizer("noon")["input_ids"][-1] == 3
    typed = load(folder, replace(CPU, pooling="last", append_eos=True))
    np.testing.assert_allclose(
        found.encode_query(TEXTS), typed.encode([f"query : {text}" for text in TEXTS]), atol=1e-6
    )
    chosen = replace(CPU, preset=PRESET, query_prefix="", pooling="mean", append_eos=False, max_length=12)
    other = load(folder, chosen)
    assert (other.prompts["query"], other.prompts["document"], other.max_seq_length) == ("", "passage : ", 12)
    np.testing.assert_allclose(other.encode_query(TEXTS), reference(folder, TEXTS, "mean"), atol=1e-5)


def configured(folder: Path, **config: object) -> Path:
    """A model with a sentence-transformers configuration: mean pooling, no normalisation."""
    save(folder, "bert", closes=True)
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            ]
        )
    )
    (folder / "1_Pooling").mkdir()
    pooling = {
        "word_embedding_dimension": 16,
        "pooling_mode_mean_tokens": True,
        "pooling_mode_cls_token": False,
    }
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 32}')
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config))
    return folder


DOT = Preset("family", "its card", Form(pooling="mean"), similarity="dot")


def test_a_plain_model_of_a_family_that_compares_by_dot_product_keeps_its_lengths(tmp_path: Path) -> None:
    """Contriever's and TAS-B's published form; by cosine, as any other plain model, they were another model."""
    found = load(save(tmp_path, "bert"), replace(CPU, preset=DOT))
    vectors = found.encode(TEXTS)
    assert found.similarity_fn_name == "dot"
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).min() > 0.1
    unit = load(tmp_path, replace(CPU, pooling="mean"))
    assert unit.similarity_fn_name == "cosine"
    np.testing.assert_allclose(
        unit.encode(TEXTS), vectors / np.linalg.norm(vectors, axis=1, keepdims=True), atol=1e-5
    )


def test_a_configuration_goes_before_the_similarity_of_a_preset(tmp_path: Path) -> None:
    """Only one that says nothing of it takes the preset's."""
    silent = configured(tmp_path / "silent")
    assert load(silent, replace(CPU, preset=DOT)).similarity_fn_name == "dot"
    outspoken = configured(tmp_path / "outspoken", similarity_fn_name="cosine")
    assert load(outspoken, replace(CPU, preset=DOT)).similarity_fn_name == "cosine"


def test_prompts_of_the_model_itself_are_neither_doubled_nor_dropped(tmp_path: Path) -> None:
    """Trap 8: a model that prompts queries only keeps its documents bare, whatever its preset says."""
    folder = configured(tmp_path, prompts={"query": "choir : ", "passage": ""})
    assert own(folder) == Form("choir : ", "", 32, "mean")
    found = load(folder, replace(CPU, preset=PRESET))
    assert (found.prompts["query"], found.prompts["document"], found.max_seq_length) == ("choir : ", "", 32)
    told = load(folder, replace(CPU, preset=PRESET, document_prefix="soil : "))
    assert (told.prompts["query"], told.prompts["document"]) == ("choir : ", "soil : ")


def test_a_preset_gives_prefixes_to_a_configured_model_without_prompts_and_nothing_else(tmp_path: Path) -> None:
    """E5 has a sentence-transformers configuration and no prompts in it."""
    folder = configured(tmp_path, prompts={"query": "", "document": ""})
    (folder / "sentence_bert_config.json").unlink()
    found = load(folder, replace(CPU, preset=PRESET))
    assert (found.prompts["query"], found.prompts["document"]) == ("query : ", "passage : ")
    assert found.max_seq_length == 64
    expected = reference(folder, [f"query : {text}" for text in TEXTS], "mean")
    np.testing.assert_allclose(found.encode_query(TEXTS, normalize_embeddings=True), expected, atol=1e-5)


def test_the_user_may_pool_a_configured_model_otherwise(tmp_path: Path) -> None:
    folder = configured(tmp_path)
    found = load(folder, replace(CPU, pooling="cls")).encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(found, reference(folder, TEXTS, "cls"), atol=1e-5)


def test_a_maximum_length_beyond_the_positions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match="65 is more than the 64 positions"):
        load(save(tmp_path, "llama"), replace(CPU, pooling="last", max_length=65))


def test_the_positions_of_a_roberta_begin_after_its_padding(tmp_path: Path) -> None:
    """Of 64 positions 62 hold tokens (pad token 1): a text of 64 tokens was an index error."""
    folder = save(tmp_path, "roberta", closes=True)
    found = load(folder, replace(CPU, pooling="cls"))
    assert found.max_seq_length == 62
    assert np.isfinite(found.encode([LONG])).all()


def test_a_smaller_dtype_leaves_the_rotary_frequencies_alone(tmp_path: Path) -> None:
    """Model.to(bfloat16) rounds them, which moves every position."""
    found: Any = load(save(tmp_path, "llama"), replace(CPU, pooling="last", dtype="bfloat16"))
    assert found.dtype == torch.bfloat16
    assert found[0].auto_model.rotary_emb.inv_freq.dtype == torch.float32


# Adapters

# peft asks transformers for a property of an old name.
old_name = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")


def adapter(folder: Path, inner: Any, base: str, **changed: object) -> Any:
    """A LoRA adapter on ``inner`` with weights that matter, saved in ``folder``; returns peft's own model."""
    peft = pytest.importorskip("peft")
    torch.manual_seed(1)
    config = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    adapted = peft.get_peft_model(inner, config).eval()
    adapted.save_pretrained(folder, **changed)
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "base_model_name_or_path": base}))
    return adapted


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return save(tmp_path / "base", "llama")


@old_name
def test_an_adapter_gives_the_vectors_of_peft(tmp_path: Path, base: Path) -> None:
    """Named alone it brings its base, and on a base it is the same model."""
    adapted = adapter(tmp_path / "lora", transformers.AutoModel.from_pretrained(base), str(base))
    batch = tokenizer()(TEXTS, padding=True, return_tensors="pt", return_token_type_ids=False)
    expected = by_hand(adapted, batch, "last")
    last = replace(CPU, pooling="last")
    np.testing.assert_allclose(encode(tmp_path / "lora", TEXTS, last), expected, atol=1e-5)
    on_base = replace(last, adapter=LocalModel(tmp_path / "lora"))
    np.testing.assert_allclose(encode(base, TEXTS, on_base), expected, atol=1e-5)
    assert np.abs(encode(base, TEXTS, last) - expected).max() > 0.01


def test_an_adapter_saved_by_sentence_transformers_brings_its_own_pooling(tmp_path: Path, base: Path) -> None:
    """Its folder has modules and adapter, and no weights of the base."""
    peft = pytest.importorskip("peft")
    trained = load(base, replace(CPU, pooling="mean", query_prefix="query : "))
    trained.add_adapter(peft.LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
    trained.save(str(tmp_path / "lora"))
    found = load(tmp_path / "lora", CPU)
    np.testing.assert_allclose(found.encode_query(TEXTS), trained.encode_query(TEXTS), atol=1e-6)
    assert np.abs(found.encode_query(TEXTS) - encode(base, TEXTS, replace(CPU, pooling="mean"))).max() > 0.01


@old_name
def test_the_identity_of_an_adapter_holds_its_base_too(tmp_path: Path, base: Path) -> None:
    adapter(tmp_path / "lora", transformers.AutoModel.from_pretrained(base), str(base))
    prints = {"fingerprint": fingerprint(tmp_path / "lora"), "base_fingerprint": fingerprint(base)}
    assert LocalModel(tmp_path / "lora").identity == prints
    settings = ModelSettings(adapter=LocalModel(tmp_path / "lora"))
    assert settings.identity["adapter_fingerprint"] == prints["fingerprint"]


@old_name
def test_an_adapter_of_another_architecture_is_refused(tmp_path: Path, base: Path) -> None:
    """`peft` only warns that its weights find no place, and the base model alone is measured."""
    causal = transformers.LlamaForCausalLM(transformers.AutoConfig.from_pretrained(base))
    adapter(tmp_path / "lora", causal, str(base))
    with pytest.raises(RetrieverError, match="does not fit the model: 16 weights are on one side only"):
        load(tmp_path / "lora", replace(CPU, pooling="last"))


@pytest.mark.parametrize(
    ("base", "sentence"),
    [("../absent/model", "no folder here and no name on the hub"), (None, "no folder here")],
)
def test_an_adapter_without_its_base_gives_the_remedy(tmp_path: Path, base: str | None, sentence: str) -> None:
    tmp_path.joinpath("adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    tmp_path.joinpath("adapter_model.safetensors").touch()
    with pytest.raises(RetrieverError, match=rf"{sentence}.*after --adapter"):
        load(tmp_path, CPU)


def test_a_folder_that_is_no_adapter_is_called_so(tmp_path: Path, base: Path) -> None:
    with pytest.raises(RetrieverError, match="holds no adapter"):
        load(base, replace(CPU, pooling="last", adapter=LocalModel(save(tmp_path / "other", "llama"))))


# What may run


class Evil:
    """Unpickling it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def pickled(folder: Path) -> Path:
    save(folder, "bert", closes=True)
    torch.save(model("bert").state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def test_pickled_weights_are_read_only_where_that_is_allowed(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "pickled")
    settings = replace(CPU, pooling="mean")
    with pytest.raises(RetrieverError, match=r"is pickled.*--allow-pickle"):
        load(folder, settings)
    found = encode(folder, TEXTS, replace(settings, allow_pickle=True))
    expected = encode(save(tmp_path / "safe", "bert", closes=True), TEXTS, settings)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_pickled_weights_that_are_allowed_still_run_no_code(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "pickled")
    torch.save({"weights": Evil(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(RetrieverError, match="cannot load the model"):
        load(folder, replace(CPU, pooling="mean", allow_pickle=True))
    assert not (tmp_path / "ran").exists()


CODE = """
from transformers import BertModel


class Custom(BertModel):
    def forward(self, *arguments, **keywords):
        found = super().forward(*arguments, **keywords)
        found.last_hidden_state = -found.last_hidden_state
        return found
"""


def with_code(folder: Path, reference: str) -> Path:
    save(folder, "bert", closes=True)
    (folder / "custom.py").write_text(CODE)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": reference}}))
    return folder


def test_code_of_a_folder_runs_only_where_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code turns every vector round."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = with_code(tmp_path / "model", "custom.Custom")
    settings = replace(CPU, pooling="mean")
    plain = encode(folder, TEXTS, settings)
    np.testing.assert_allclose(
        encode(folder, TEXTS, replace(settings, trust_remote_code=True)), -plain, atol=1e-5
    )


def test_code_of_another_repository_is_refused_even_where_code_is_trusted(tmp_path: Path) -> None:
    """Its commit is not the one that the user has read."""
    folder = with_code(tmp_path / "model", "org/other--custom.Custom")
    with pytest.raises(
        RetrieverError, match="lies in another repository, org/other, which no commit hash pins"
    ):
        load(folder, replace(CPU, pooling="mean", trust_remote_code=True))


def test_code_and_pickles_that_are_loaded_are_in_the_fingerprint(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "a")
    copy = Path(shutil.copytree(folder, tmp_path / "b"))
    assert fingerprint(copy) == fingerprint(folder)
    (copy / "pytorch_model.bin").write_bytes(b"other weights")
    assert fingerprint(copy) != fingerprint(folder)
    coded = with_code(tmp_path / "c", "custom.Custom")
    before = fingerprint(coded)
    (coded / "custom.py").write_text(CODE.replace("-found", "+found"))
    assert fingerprint(coded) != before
