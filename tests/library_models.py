"""Small, randomly initialised late-interaction, sparse and static models, in the layouts of the hub."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from model2vec import StaticModel
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, BertModel, PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "[unused1]")
MARKERS = ("[Q] ", "[D] ")
WIDTH = 8


def tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Knows the words of ``texts``, lower-cased, each a token; texts stand between ``[CLS]`` and ``[SEP]``."""
    inner = Tokenizer(models.WordPiece({}, unk_token="[UNK]"))
    inner.normalizer = normalizers.BertNormalizer()
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = {
        word
        for text in texts
        for word, _ in inner.pre_tokenizer.pre_tokenize_str(inner.normalizer.normalize_str(text))
    }
    vocabulary = {token: number for number, token in enumerate((*SPECIAL, *sorted(words - set(SPECIAL))))}
    inner.model = models.WordPiece(vocabulary, unk_token="[UNK]")
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=128,
    )


def _config(vocabulary: int, **settings: Any) -> BertConfig:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    # Weights that differ enough for positions and neighbours to matter.
    return BertConfig(
        vocab_size=vocabulary,
        intermediate_size=32,
        max_position_embeddings=128,
        initializer_range=0.3,
        **sizes,
        **settings,
    )


def pylate(folder: Path, texts: Iterable[str], **settings: Any) -> Path:
    """A ColBERT as PyLate saves it: marker tokens, a projection in ``1_Dense``, its lengths."""
    words = tokenizer(texts)
    words.add_tokens(list(MARKERS))
    BertModel(_config(len(words))).save_pretrained(folder)
    words.save_pretrained(folder)
    save_file({"linear.weight": torch.randn(WIDTH, 16)}, _made(folder / "1_Dense") / "model.safetensors")
    _write(folder / "1_Dense" / "config.json", _DENSE)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 99, "do_lower_case": False})
    modules = (("", "sentence_transformers.models.Transformer"), ("1_Dense", "pylate.models.Dense.Dense"))
    listed = [{"idx": i, "name": str(i), "path": path, "type": name} for i, (path, name) in enumerate(modules)]
    (folder / "modules.json").write_text(json.dumps(listed))
    _write(folder / "config_sentence_transformers.json", {**_PYLATE, **settings})
    return folder


def stanford(folder: Path, texts: Iterable[str]) -> Path:
    """A ColBERT as Stanford's code saves it: the projection beside the encoder's weights, no modules."""
    words = tokenizer(texts)
    BertModel(_config(len(words))).save_pretrained(folder)
    words.save_pretrained(folder)
    weights = {f"bert.{name}": weight for name, weight in load_file(folder / "model.safetensors").items()}
    save_file(
        {**weights, "linear.weight": torch.randn(WIDTH, 16)}, folder / "model.safetensors", {"format": "pt"}
    )
    config = json.loads((folder / "config.json").read_bytes())
    _write(folder / "config.json", {**config, "architectures": ["HF_ColBERT"]})
    return folder


def splade(folder: Path, texts: Iterable[str]) -> Path:
    """A masked language model without a sentence-transformers configuration."""
    words = tokenizer(texts)
    BertForMaskedLM(_config(len(words))).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def static(folder: Path, texts: Iterable[str], *, max_length: int | None = 512, normalize: bool = True) -> Path:
    """A table of random vectors in the model2vec format."""
    words = tokenizer(texts).backend_tokenizer
    table = np.random.default_rng(0).standard_normal((words.get_vocab_size(), 64)).astype(np.float32)
    StaticModel(table, words, normalize=normalize, max_length=max_length).save_pretrained(folder)
    return folder


_DENSE = {
    "in_features": 16,
    "out_features": WIDTH,
    "bias": False,
    "activation_function": "torch.nn.modules.linear.Identity",
}
_PYLATE = {
    "prompts": {},
    "similarity_fn_name": "MaxSim",
    "query_prefix": MARKERS[0],
    "document_prefix": MARKERS[1],
    "query_length": 32,
    "document_length": 100,
    "attend_to_expansion_tokens": False,
    "skiplist_words": [",", "."],
}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content))
