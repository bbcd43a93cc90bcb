"""From texts to what a model takes: tokenised once, counted whole, cut to the limit, padded by the batch.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer

from ifir_eval.encoding.encoder import Role

Features = dict[str, Any]
"""What a sentence-transformers model takes: tensors by name."""

_AT_ONCE = 1_024
"""Texts handed to a tokenizer at a time; what it says of them takes far more memory than their tokens."""


class Texts(NamedTuple):
    """Texts as a `Reading` keeps them until they are computed.

    ``contents[i]`` is for `Reading.features`; the model reads ``lengths[i]`` tokens of the text, which needs
    ``needed[i]`` with prompt and special tokens, were nothing cut off.
    """

    contents: list[Any]
    lengths: NDArray[np.int64]
    needed: NDArray[np.int64]


class Reading(Protocol):
    """How a model reads texts of one role, with the prompt before them."""

    def read(self, texts: Sequence[str]) -> Texts:
        """Tokenise ``texts``, each once."""
        ...

    def features(self, contents: Sequence[Any]) -> Features:
        """One batch for the model."""
        ...


def reading(model: SentenceTransformer, role: Role) -> Reading:
    """How ``model`` reads texts of ``role``."""
    prompt, first = prompt_of(model, role), model[0]
    if isinstance(first, StaticEmbedding):
        return Bags(first, prompt)
    if _is_plain(first):
        return Padded(model, prompt)
    return Own(model, prompt, role)


def prompt_of(model: SentenceTransformer, role: Role) -> str:
    """The model's own prompt for texts of this role.

    Chosen here because sentence-transformers 6.2 gives every model an empty ``document`` prompt, which
    hides a configured ``passage`` from ``encode_document`` (docs/methods.md, trap 8).
    """
    return next((prompt for name in role.value if (prompt := model.prompts.get(name))), "")


def limit_of(model: SentenceTransformer) -> int:
    """The tokens that the model reads of a text at most; `sys.maxsize` where there is no limit."""
    if isinstance(model.tokenizer, Tokenizer):  # static embeddings read all, unless the tokenizer cuts
        return int((model.tokenizer.truncation or {}).get("max_length", sys.maxsize))
    return int(min(model.max_seq_length or sys.maxsize, sys.maxsize))


def tokens_needed(model: SentenceTransformer, texts: Sequence[str]) -> NDArray[np.int64]:
    """Tokens of each of ``texts`` without a prompt, special ones included, nothing cut off."""
    tokenizer = model.tokenizer
    if isinstance(tokenizer, Tokenizer):
        return _tokenize(tokenizer, texts, limit_of(model), "right", special=False).needed
    quiet = {"verbose": False, "return_attention_mask": False, "return_token_type_ids": False}
    ids = tokenizer(list(texts), truncation=False, **quiet)["input_ids"]
    return np.array([len(tokens) for tokens in ids], dtype=np.int64)


class Padded:
    """The reading of a text-only transformer with a fast tokenizer."""

    def __init__(self, model: SentenceTransformer, prompt: str) -> None:
        self._tokenizer = model.tokenizer
        self._prompt = prompt
        self._limit = limit_of(model)
        sample = model.preprocess([""], prompt=prompt)
        self._types = "token_type_ids" in sample
        # Only a pooling that leaves the prompt out asks for its length.
        leaves_out = any(isinstance(part, Pooling) and not part.include_prompt for part in model)
        self._constant = {"prompt_length": sample["prompt_length"]} if leaves_out and prompt else {}

    def read(self, texts: Sequence[str]) -> Texts:
        """Each content is an array of token ids."""
        whole = [self._prompt + text for text in texts]
        side = self._tokenizer.truncation_side
        return _tokenize(self._tokenizer.backend_tokenizer, whole, self._limit, side, special=True)

    def features(self, contents: Sequence[Any]) -> Features:
        """Token ids and their mask, both padded to the longest text."""
        lengths = np.array([len(ids) for ids in contents])
        places = np.arange(lengths.max())
        filled = places < lengths[:, None]
        if self._tokenizer.padding_side == "left":
            filled = filled[:, ::-1]
        ids = np.full(filled.shape, self._tokenizer.pad_token_id or 0, dtype=np.int64)
        ids[filled] = np.concatenate(contents)
        features = {"input_ids": ids, "attention_mask": filled.astype(np.int64)}
        if self._types:
            features["token_type_ids"] = np.zeros_like(ids)
        return {**{name: torch.from_numpy(array) for name, array in features.items()}, **self._constant}


class Bags:
    """The reading of static embeddings: nothing is padded."""

    def __init__(self, module: StaticEmbedding, prompt: str) -> None:
        self._tokenizer = module.tokenizer
        self._prompt = prompt
        self._limit = int((module.tokenizer.truncation or {}).get("max_length", sys.maxsize))

    def read(self, texts: Sequence[str]) -> Texts:
        """Each content is an array of token ids."""
        whole = [self._prompt + text for text in texts]
        return _tokenize(self._tokenizer, whole, self._limit, "right", special=False)

    def features(self, contents: Sequence[Any]) -> Features:
        """The token ids of all texts, and where each text begins."""
        ends = np.cumsum([len(ids) for ids in contents])
        ids = np.concatenate(contents).astype(np.int64)
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        return {"input_ids": torch.from_numpy(ids), "offsets": torch.from_numpy(starts)}


class Own:
    """The reading of any other model through its own preprocessing, after the tokens were counted."""

    def __init__(self, model: SentenceTransformer, prompt: str, role: Role) -> None:
        self._model = model
        self._prompt = prompt
        self._task = role.value[0]

    def read(self, texts: Sequence[str]) -> Texts:
        """The contents are the texts."""
        needed = tokens_needed(self._model, [self._prompt + text for text in texts])
        return Texts(list(texts), np.minimum(needed, limit_of(self._model)), needed)

    def features(self, contents: Sequence[Any]) -> Features:
        """Whatever the model's first module makes of them."""
        return self._model.preprocess(list(contents), prompt=self._prompt or None, task=self._task)


def _is_plain(first: torch.nn.Module) -> bool:
    """Whether a model's first module only tokenises, pads and runs a transformer; only that is done here."""
    return (
        isinstance(first, Transformer)
        and type(first).preprocess is Transformer.preprocess
        and first.transformer_task == "feature-extraction"
        and first.modalities == ["text"]
        and not first.can_flatten_inputs
        and not any((first.query_length, first.document_length, first.query_expansion, first.processing_kwargs))
        and getattr(first.tokenizer, "is_fast", False)
        and not any(first.tokenizer("a").get("token_type_ids", ()))
    )


def _tokenize(tokenizer: Tokenizer, texts: Sequence[str], limit: int, side: str, *, special: bool) -> Texts:
    """The ids of each text, cut to ``limit``; what was cut off is only counted."""
    tokenizer.no_padding()
    if limit < sys.maxsize:
        tokenizer.enable_truncation(limit, direction=side)
    else:
        tokenizer.no_truncation()
    added = tokenizer.num_special_tokens_to_add(is_pair=False) if special else 0
    contents, needed = [], []
    for start in range(0, len(texts), _AT_ONCE):
        block = list(texts[start : start + _AT_ONCE])
        for encoding in tokenizer.encode_batch_fast(block, add_special_tokens=special):
            contents.append(np.array(encoding.ids, dtype=np.int32))
            needed.append(len(encoding) + sum(len(rest) - added for rest in encoding.overflowing))
    lengths = [len(ids) for ids in contents]
    return Texts(contents, np.array(lengths, dtype=np.int64), np.array(needed, dtype=np.int64))
