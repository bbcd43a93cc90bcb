"""A causal language model of `transformers` on this machine.

This module imports torch: import it where a model is needed, not before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

import torch
from sentence_transformers.util import get_device_name
from transformers import AutoModelForCausalLM, AutoTokenizer

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.loading import library_arguments
from ifir_eval.encoding.pairs import safe_folder
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.untrained import refusing_untrained
from ifir_eval.errors import RetrieverError
from ifir_eval.servers.completion import Complete, Completion, Message
from ifir_eval.synthesis.language_model import Sampling


class _Asked(NamedTuple):
    messages: Sequence[Message]
    answer: Future[Completion]


class LocalLanguageModel:
    """Whatever threads ask while the model is busy, up to ``batch`` conversations, it completes together next.

    The numbers of a batch depend a little on who shares it, so that with more than one conversation at a time
    an answer may differ from run to run.
    """

    def __init__(
        self, source: LocalModel | HubModel, settings: ModelSettings, sampling: Sampling, batch: int
    ) -> None:
        self._source = source
        self._settings = settings
        self._sampling = sampling
        self._batch = batch
        self._waiting: list[_Asked] = []
        self._busy = threading.Lock()

    @property
    def identity(self) -> Mapping[str, Any]:
        """Commit or fingerprint, precision and sampling."""
        return {
            **self._source.identity,
            "dtype": self._settings.dtype,
            "temperature": self._sampling.temperature,
            "max_tokens": self._sampling.max_tokens,
            "seed": self._sampling.seed,
        }

    @contextmanager
    def session(self) -> Iterator[Complete]:
        """See `LanguageModel.session`.

        Raises:
            RetrieverError: if the model cannot be loaded, or is none to talk to.
        """
        if self._tokenizer.chat_template is None:
            raise RetrieverError(
                f"the language model in {self._source.folder()} has no chat template; take one that was tuned "
                "to follow instructions"
            )
        torch.manual_seed(self._sampling.seed)
        yield self._complete

    def _complete(self, messages: Sequence[Message]) -> Completion:
        asked = _Asked(messages, Future())
        self._waiting.append(asked)
        with self._busy:
            # Whoever waited for the model may find that an earlier batch has answered meanwhile.
            if not asked.answer.done():
                batch, self._waiting[: self._batch] = self._waiting[: self._batch], []
                self._answer(batch)
        return asked.answer.result()

    def _answer(self, batch: Sequence[_Asked]) -> None:
        try:
            for asked, completion in zip(batch, self._generate([a.messages for a in batch]), strict=True):
                asked.answer.set_result(completion)
        except Exception as error:  # noqa: BLE001 - a model may fail in any way, and each of the batch must hear
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            for asked in batch:
                asked.answer.set_exception(
                    RetrieverError(f"the language model fails ({reason}); a smaller --concurrency may help")
                )

    @torch.inference_mode()
    def _generate(self, conversations: Sequence[Sequence[Message]]) -> list[Completion]:
        tokenizer, model = self._tokenizer, self._model
        texts = [
            tokenizer.apply_chat_template(
                [message._asdict() for message in messages], tokenize=False, add_generation_prompt=True
            )
            for messages in conversations
        ]
        # The template has put the special tokens already.
        given = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False).to(model.device)
        drawn = self._sampling.temperature > 0
        output = model.generate(
            **given,
            max_new_tokens=self._sampling.max_tokens,
            do_sample=drawn,
            pad_token_id=tokenizer.pad_token_id,
            **({"temperature": self._sampling.temperature} if drawn else {}),
        )
        written = output[:, given["input_ids"].shape[1] :]
        return [
            self._completion(mask, tokens)
            for mask, tokens in zip(given["attention_mask"], written.tolist(), strict=True)
        ]

    def _completion(self, mask: torch.Tensor, tokens: list[int]) -> Completion:
        ends = [place for place, token in enumerate(tokens) if token in self._ends]
        length = ends[0] if ends else len(tokens)
        text = self._tokenizer.decode(tokens[:length], skip_special_tokens=True)
        return Completion(text, not ends, int(mask.sum()), length)

    @cached_property
    def _ends(self) -> frozenset[int]:
        """The tokens that end an answer."""
        ends = self._model.generation_config.eos_token_id
        return frozenset(ends if isinstance(ends, list) else [ends, self._tokenizer.eos_token_id])

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = self._load(AutoTokenizer, library_arguments(self._settings)["processor_kwargs"])
        tokenizer.padding_side = "left"
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token  # masked, so any token will do
        return tokenizer

    @cached_property
    def _model(self) -> Any:
        arguments = {"dtype": "auto", **library_arguments(self._settings)["model_kwargs"]}
        model = self._load(AutoModelForCausalLM, arguments)
        return model.to(self._settings.device or get_device_name()).eval()

    def _load(self, kind: Any, arguments: Mapping[str, Any]) -> Any:
        folder = safe_folder(self._source, self._settings)
        try:
            with refusing_untrained(folder):
                return kind.from_pretrained(folder, **arguments)
        except RetrieverError:
            raise
        except Exception as error:  # a checkpoint may fail in any way
            raise RetrieverError(f"cannot load the language model in {folder}: {error}") from error
