"""What late-interaction and sparse encoders share: sentence-transformers runs them, this feeds them."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.batching import plan
from ifir_eval.encoding.checkpoint import LocalModel, check
from ifir_eval.encoding.encoder import Chunk, Ragged, Role, Setting
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.memory import Room
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.encoding.untrained import refusing_untrained
from ifir_eval.errors import RetrieverError

if TYPE_CHECKING:
    from sentence_transformers.base import BaseModel


Model = TypeVar("Model", bound="BaseModel")


class LibraryEmbedder(ABC, Generic[Model]):
    """An embedder around a model class of sentence-transformers.

    ``cpu_tokens`` and ``gpu_tokens`` are read at a time, padding included, unless the user says otherwise.
    """

    cpu_tokens = 2_048
    gpu_tokens = 65_536

    def __init__(self, source: LocalModel | HubModel, settings: ModelSettings) -> None:
        self._source = source
        self._settings = settings
        self._room = Room()

    @abstractmethod
    def _load(self, folder: str, arguments: Mapping[str, Any]) -> Model:
        """The model in ``folder``; whatever this raises is told to the user."""

    @abstractmethod
    def _embed(self, texts: list[str], role: Role) -> Ragged:
        """The vectors of one batch."""

    @property
    def identity(self) -> Mapping[str, Setting]:
        """Commit or fingerprint (which holds the model's own lengths and prompts), settings and versions."""
        return {**self._source.identity, **self._settings.library_identity}

    @property
    def environment(self) -> Mapping[str, str]:
        """Where and in which precision the model computes, whoever chose it."""
        return {"device": self._model.device.type, "dtype": str(self._model.dtype).removeprefix("torch.")}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about what was seen while encoding."""
        return self._room.warnings

    @property
    def limit(self) -> int:
        """The maximum length of documents, the user's or the model's; see `reads`."""
        return self.reads(Role.DOCUMENT)

    def reads(self, role: Role) -> int:
        """The tokens that the model reads of a text of this role at most."""
        del role
        return int(min(self._model.max_seq_length or sys.maxsize, sys.maxsize))

    def prompt(self, role: Role) -> str:
        """What stands before every text: the user's prefix, else the model's own prompt or marker."""
        settings = self._settings
        prefix = settings.query_prefix if role is Role.QUERY else settings.document_prefix
        if prefix is not None:
            return prefix
        prompts = self._model.prompts
        return next((prompt for name in role.value if (prompt := prompts.get(name))), "")

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """The vectors of each text, a batch a chunk, the longest texts first; see `Encoder.encode`."""
        tokens = self._lengths([self.prompt(role) + text for text in items])
        on_cpu = self._model.device.type == "cpu"
        budget = self._settings.batch_tokens or (self.cpu_tokens if on_cpu else self.gpu_tokens)
        asked = frozenset(wanted)
        for planned in plan(np.minimum(tokens, self.reads(role)), budget):
            batch = [i for i in planned.tolist() if i in asked]
            if batch:
                longest = int(min(tokens[batch].max(), self.reads(role)))
                texts, what = [items[i] for i in batch], f"{role.name.lower()} texts"
                parts = self._room.halving(texts, longest, lambda part: self._embed(part, role), what)
                values = np.concatenate([part.values for part in parts])
                rows = np.concatenate([part.rows for part in parts])
                yield Chunk(np.array(batch, dtype=np.int64), values, rows, tokens[batch])

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """Whether the tokens from the side that is kept up to the far end do not fit."""
        from_left = getattr(self._model.tokenizer, "truncation_side", "right") == "left"
        needed = text[start:] if from_left else self.prompt(role) + text[:stop]
        return stop > start and bool(self._lengths([needed])[0] > self.reads(role))

    @cached_property
    def _model(self) -> Model:
        import torch  # noqa: PLC0415  (heavy, and not needed to tell the identity)
        from transformers.utils import logging  # noqa: PLC0415  (likewise)

        settings = self._settings
        folder = self._source.folder()
        check(folder, allow_pickle=settings.allow_pickle, trust_remote_code=settings.trust_remote_code)
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        source = {"local_files_only": True, "trust_remote_code": settings.trust_remote_code}
        # Converted while it is read: a model that is converted afterwards also rounds its rotary frequencies.
        dtype = {"dtype": getattr(torch, settings.dtype)} if settings.dtype else {}
        weights = {"use_safetensors": None if settings.allow_pickle else True, "weights_only": True}
        try:
            with refusing_untrained(folder):
                model = self._load(
                    str(folder), {**source, "device": settings.device, "model_kwargs": {**weights, **dtype}}
                )
            stay_within_positions(model)
            return model.to(**dtype) if dtype else model  # the modules behind the transformer too
        except RetrieverError:
            raise
        except Exception as error:  # a checkpoint may fail in any way
            raise RetrieverError(f"cannot load the model in {folder}: {error}") from error

    def _lengths(self, texts: list[str]) -> NDArray[np.int64]:
        """Tokens of each of ``texts``, special ones included, nothing cut off; shape ``(len(texts),)``."""
        ids = self._model.tokenizer(
            texts, truncation=False, verbose=False, return_attention_mask=False, return_token_type_ids=False
        )["input_ids"]
        return np.fromiter(map(len, ids), dtype=np.int64, count=len(texts))


def refuse_beyond(positions: int, max_length: int | None) -> None:
    """Refuse a maximum length for which a model has no positions."""
    if (max_length or 0) > positions:
        raise RetrieverError(
            f"the maximum length {max_length} is more than the {positions} positions that the model knows"
        )


def stay_within_positions(model: BaseModel) -> None:
    """Lower the maximum length of a loaded model that would read on beyond its last position and fail."""
    positions = positions_of(model.transformers_model)
    if positions < sys.maxsize and (model.max_seq_length or sys.maxsize) > positions:
        model.max_seq_length = positions


def positions_of(transformer: Any) -> int:
    """How many tokens a model of `transformers` has positions for; `sys.maxsize` where that is not limited."""
    positions = getattr(getattr(transformer, "config", None), "max_position_embeddings", None)
    if not positions or positions < 0:
        return sys.maxsize
    # RoBERTa's positions begin after that of the padding token.
    padding = getattr(getattr(transformer.base_model, "embeddings", None), "padding_idx", None)
    return int(positions) - (0 if padding is None else padding + 1)
