"""Small rerankers with random weights, saved in the hub's own layout."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.retrievers.prompt import document_text

_CHAT = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]


def words_of(benchmark: Benchmark) -> list[str]:
    """All texts of ``benchmark``, for a tokenizer to learn from."""
    asked = [text for view in benchmark.views() for text in (view.query, view.instruction)]
    return asked + [document_text(document) for document in benchmark.corpus.values()]


def save_cross_encoder(folder: Path, texts: list[str], *, labels: int = 1, positions: int = 96) -> Path:
    """A BERT of two layers that classifies pairs."""
    torch.manual_seed(0)
    # No trainer: it breaks ties anew each time, and the random weights would then mean other words.
    splits = pre_tokenizers.BertPreTokenizer()
    words = {word for text in texts for word, _ in splits.pre_tokenize_str(text)}
    letters = {letter for word in words for letter in word}
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *sorted(words | letters | {f"##{letter}" for letter in letters})]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = splits
    ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=positions,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=positions,
        id2label={number: str(number) for number in range(labels)},
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def save_causal_reranker(folder: Path, texts: list[str], *, extra: tuple[str, ...] = ()) -> Path:
    """A Qwen3 of two layers whose tokenizer knows the chat's signs, and words to answer with."""
    torch.manual_seed(0)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    answers = ["yes", "no", "true", "false"]
    learn = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=[*_CHAT, *extra],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *answers * 2_000], learn)
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>"
    )
    wrapped.save_pretrained(folder)
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        intermediate_size=64,
        max_position_embeddings=4_096,
        initializer_range=0.5,
        tie_word_embeddings=True,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    return folder
