"""Causal language models as rerankers: asked whether a document is relevant, which answer is likelier?

This module imports torch: import it where a model is needed, not before.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers.util import get_device_name
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Pair, Setting
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.library_model import refuse_beyond
from ifir_eval.encoding.loading import library_arguments
from ifir_eval.encoding.pairs import PairModel, Tokens, encodings, padded, safe_folder
from ifir_eval.encoding.question import Question
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.untrained import refusing_untrained
from ifir_eval.errors import RetrieverError


class CausalReranker(PairModel):
    """Scores a pair by the logit of the relevant answer less that of the irrelevant one, after the prompt.

    That is the log-odds of the published softmax over the two: the same order, and no scores that are equal
    because they are close to 1. The prompt's end, which asks for the answer, is never cut off.
    """

    def __init__(self, source: LocalModel | HubModel, settings: ModelSettings, question: Question) -> None:
        super().__init__(source, settings)
        self._question = question

    @property
    def identity(self) -> Mapping[str, Setting]:
        """Commit or fingerprint, the question, settings and versions."""
        return {**super().identity, **self._question.identity, "max_length": self._wanted_length}

    @property
    def environment(self) -> Mapping[str, str]:
        """Where and in which precision the model computes, whoever chose it: by default as it was saved."""
        return {"device": self._device.type, "dtype": str(self._dtype).removeprefix("torch.")}

    @property
    def limit(self) -> int:
        """The user's maximum length, else the question's, as far as the model knows positions."""
        positions = getattr(self._config, "max_position_embeddings", None) or self._wanted_length
        refuse_beyond(positions, self._settings.max_length)
        return min(self._wanted_length, positions)

    @property
    def _wanted_length(self) -> int:
        return self._settings.max_length or self._question.max_length

    @property
    def _query_prefix(self) -> str:
        return self._settings.query_prefix or ""

    @property
    def _device(self) -> torch.device:
        return torch.device(self._settings.device or get_device_name())

    @property
    def _dtype(self) -> torch.dtype:
        return getattr(torch, self._settings.dtype or "", None) or self._config.dtype or torch.float32

    @cached_property
    def _config(self) -> Any:
        return self._load(AutoConfig, "config_kwargs")

    @cached_property
    def _tokenizer(self) -> Any:
        return self._load(AutoTokenizer, "processor_kwargs")

    @cached_property
    def _model(self) -> Any:
        model = self._load(AutoModelForCausalLM, "model_kwargs", dtype=self._dtype)
        return model.to(self._device).eval()

    def _load(
        self, kind: Any, arguments: Literal["model_kwargs", "processor_kwargs", "config_kwargs"], **more: Any
    ) -> Any:
        """A part of the model; the small ones without its weights, which a warm cache does not need."""
        folder = safe_folder(self._source, self._settings)
        try:
            with refusing_untrained(folder):
                return kind.from_pretrained(folder, **{**library_arguments(self._settings)[arguments], **more})
        except RetrieverError:
            raise
        except Exception as error:  # a checkpoint may fail in any way
            raise RetrieverError(f"cannot load the causal language model in {folder}: {error}") from error

    @cached_property
    def _answers(self) -> list[int]:
        """The tokens of the relevant and the irrelevant answer."""
        words, known = (self._question.relevant, self._question.irrelevant), self._tokenizer.get_vocab()
        if unknown := [word for word in words if word not in known]:
            raise RetrieverError(
                f"the model is to answer {' or '.join(map(repr, unknown))}, which is no token of its vocabulary"
            )
        return [known[word] for word in words]

    def _tokenize(self, pairs: Sequence[Pair]) -> list[Tokens]:
        asked = [self._question.ask(pair) for pair in pairs]
        read = []
        for question, encoding in zip(
            asked, encodings(self._tokenizer, [each.text for each in asked]), strict=True
        ):
            spans = np.array(encoding.offsets).reshape(-1, 2)
            columns = {"input_ids": np.array(encoding.ids)}
            read.append(Tokens(columns, _within(spans, question.query), _within(spans, question.document)))
        return read

    def _score(self, columns: Sequence[Mapping[str, NDArray[np.int64]]]) -> torch.Tensor:
        # Padding stands on the left, so that the last place is the answer's in every row.
        batch = padded(columns, {"input_ids": self._tokenizer.pad_token_id or 0}, left=True)
        mask = batch["attention_mask"]
        extra = {"position_ids": (mask.cumsum(1) - 1).clamp(min=0), "logits_to_keep": 1}
        taken = inspect.signature(self._model.forward).parameters
        given = {**batch, **{name: value for name, value in extra.items() if name in taken}}
        device = self._model.device
        there = {
            name: value.to(device) if isinstance(value, torch.Tensor) else value
            for name, value in given.items()
        }
        logits = self._model(**there, use_cache=False).logits[:, -1, self._answers].float()
        scores: torch.Tensor = logits[:, 0] - logits[:, 1]
        return scores


def _within(spans: NDArray[np.int64], stretch: tuple[int, int]) -> NDArray[np.int64]:
    """The places of the tokens whose characters all lie in ``stretch``; special tokens have none."""
    start, stop = stretch
    return np.flatnonzero((spans[:, 0] >= start) & (spans[:, 1] <= stop) & (spans[:, 1] > spans[:, 0]))
