"""Small, randomly initialised models in the hub's layout, with tokenizers made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
    RobertaConfig,
    RobertaModel,
)

SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")
WORDS = (
    "query passage : choir concerts in june potatoes are planted when soil is warm ferry leaves at noon".split()
)
SIZES = {"vocab_size": len(SPECIAL) + len(WORDS), "hidden_size": 16, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64}
TEXTS = ["choir concerts in june", "potatoes are planted when soil is warm", "noon"]


def model(shape: str) -> PreTrainedModel:
    """A model of this shape; weights differ enough for positions and words to matter."""
    torch.manual_seed(0)
    common: dict[str, Any] = {**SIZES, **HEADS, "initializer_range": 0.5}
    causal = {**common, "num_key_value_heads": 1, "head_dim": 8, "pad_token_id": 0}
    if shape == "bert":
        return BertModel(BertConfig(**common))
    if shape == "roberta":
        return RobertaModel(RobertaConfig(**common))
    if shape == "llama":
        return LlamaModel(LlamaConfig(**causal))
    return Qwen3Model(Qwen3Config(**causal))


def tokenizer(*, closes: bool = False, **settings: Any) -> PreTrainedTokenizerFast:
    """Splits at spaces and begins texts with ``<s>``; with ``closes`` it also ends them with ``</s>``."""
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single=["<s>", "$A", *(["</s>"] if closes else [])], special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, **{**tokens, **settings}
    )


def save(folder: Path, shape: str, **settings: Any) -> Path:
    """A plain `transformers` model with its tokenizer in ``folder``."""
    model(shape).save_pretrained(folder)
    tokenizer(**settings).save_pretrained(folder)
    return folder
