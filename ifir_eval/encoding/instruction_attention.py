"""Instruction-query attention (InF-Embed), a pooling without parameters that is saved with its model.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from sentence_transformers.base.modules import Module
from torch import Tensor


class InstructionQueryAttention(Module):
    """The instruction's tokens look at the query's: mean over i of softmax(H_i H_Q^T / sqrt(d)) H_Q.

    H are the last hidden states (docs/methods.md, section 6). Query and instruction are told apart by the
    ``separator`` token between them, the query standing first or not; the token ``first`` that opens every
    text belongs to neither. A text of one part, such as a document, is the mean of all its tokens.
    """

    config_keys: list[str] = [  # noqa: RUF012 - as the library declares it
        "embedding_dimension",
        "separator",
        "first",
        "query_first",
    ]

    def __init__(
        self, embedding_dimension: int, separator: int, first: int | None, *, query_first: bool
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.embedding_dimension = embedding_dimension
        self.separator = separator
        self.first = first
        self.query_first = query_first

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Adds ``sentence_embedding``, shape (texts, dimension)."""
        del kwargs
        tokens: Tensor = features["token_embeddings"]
        ids, read = features["input_ids"], features["attention_mask"].bool()
        separates = (ids == self.separator) & read
        part = separates.cumsum(dim=1)
        words = read & ~separates & (ids != self.first if self.first is not None else True)
        parts = [words & (part == place) for place in (0, 1)]
        query, instruction = parts if self.query_first else parts[::-1]
        # Not -inf: a text without a query would become NaN, and its gradient with it.
        scores = (tokens @ tokens.transpose(1, 2)).float() / math.sqrt(tokens.shape[2])
        scores = scores.masked_fill(~query[:, None, :], torch.finfo(scores.dtype).min)
        seen = torch.softmax(scores, dim=2).to(tokens.dtype) @ tokens
        is_asked = (query.any(dim=1) & instruction.any(dim=1))[:, None]
        features["sentence_embedding"] = torch.where(is_asked, _mean(seen, instruction), _mean(tokens, read))
        return features

    def get_embedding_dimension(self) -> int:
        """That of the hidden states."""
        return self.embedding_dimension

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Write the configuration; there are no weights."""
        del args, safe_serialization, kwargs
        self.save_config(output_path)


def _mean(vectors: Tensor, chosen: Tensor) -> Tensor:
    """The mean of the chosen vectors of each text, 0 where there is none; shape (texts, dimension)."""
    weights = chosen[:, :, None].to(vectors.dtype)
    return (vectors * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
