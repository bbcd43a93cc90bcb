"""A model of this machine, loaded: fed by token budget while the next texts are tokenised.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.backends import backend
from ifir_eval.encoding.batching import ahead, plan
from ifir_eval.encoding.cache import CONVERTED, VectorCache, default_folder, describe
from ifir_eval.encoding.encoder import Chunk, Ragged, Role, Setting, Vectors
from ifir_eval.encoding.memory import Room
from ifir_eval.encoding.reading import Reading, Texts, limit_of, prompt_of, reading, tokens_needed
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import RetrieverError
from ifir_eval.files import writing

BATCH_TOKENS = {"cpu": 2_048, "cuda": 65_536, "mps": 16_384}
"""Padded tokens computed at a time: what fits a processor's caches (perf/encode.py), what fills a GPU."""

WINDOW = 8_192
"""Texts whose batches are planned together."""

_BATCHES_AHEAD = 64
_TEXTS_IN_A_CHUNK = 64
_DOCUMENTS_AT_ONCE = 16_384


class LoadedModel:
    """What `SentenceTransformerEmbedder` does once it needs its model; ``identity`` is the embedder's."""

    def __init__(
        self, model: SentenceTransformer, settings: ModelSettings, identity: Mapping[str, Setting]
    ) -> None:
        self._model = model
        int8 = settings.backend.endswith("-int8")
        self.environment: Mapping[str, str] = {
            "device": model.device.type,  # vectors of cuda:0 serve cuda:1
            "dtype": "int8" if int8 else str(model.dtype).removeprefix("torch."),
        }
        self.limit = limit_of(model)
        self._settings = settings
        self._identity = {**identity, **self.environment}
        self._room = Room()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about what was seen while encoding."""
        return self._room.warnings

    @property
    def metric(self) -> str | None:
        """``dot`` or ``cosine``, None for the other similarities of sentence-transformers."""
        name = str(self._model.similarity_fn_name)
        return name if name in {"dot", "cosine"} else None

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """The vectors of each text, window by window and in each window long texts first."""
        kind = reading(self._model, role)
        done: list[tuple[_Batch, Vectors]] = []
        for batch in ahead(self._batches(kind, items, frozenset(wanted)), _BATCHES_AHEAD):
            done.append((batch, self._vectors(batch, kind, role)))
            if sum(len(computed.items) for computed, _ in done) >= _TEXTS_IN_A_CHUNK:
                yield _chunk(done)
                done = []
        if done:
            yield _chunk(done)

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """The model's own similarity, in float64 for blocks of documents."""
        given = torch.from_numpy(queries.values).double()
        blocks = [
            self._model.similarity(
                given, torch.from_numpy(documents.values[start : start + _DOCUMENTS_AT_ONCE]).double()
            )
            for start in range(0, len(documents), _DOCUMENTS_AT_ONCE)
        ]
        return torch.cat(blocks, dim=1).numpy().astype(np.float32)

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """Whether the tokens from the side that is kept up to the far end do not fit."""
        from_left = getattr(self._model.tokenizer, "truncation_side", "right") == "left"
        needed = text[start:] if from_left else prompt_of(self._model, role) + text[:stop]
        return stop > start and bool(tokens_needed(self._model, [needed])[0] > self.limit)

    @cached_property
    def _compute(self) -> backend.Backend:
        if not backend.converts(self._settings.backend):
            return backend.make(self._settings.backend, self._model, Path())
        folder = VectorCache(self._settings.cache or default_folder()).folder_of(self._identity)
        with writing(folder):
            describe(folder, self._identity, "")
        return backend.make(self._settings.backend, self._model, folder / CONVERTED)

    @property
    def _batch_tokens(self) -> int:
        return self._settings.batch_tokens or BATCH_TOKENS.get(self._model.device.type, BATCH_TOKENS["cuda"])

    def _batches(self, kind: Reading, items: Sequence[str], wanted: frozenset[int]) -> Iterator[_Batch]:
        """What is wanted of each batch; made ahead of its use, in a thread of its own."""
        for start in range(0, len(items), WINDOW):
            window = items[start : start + WINDOW]
            if wanted.isdisjoint(range(start, start + len(window))):
                continue
            texts = _read(kind, window)
            for places in plan(texts.lengths, self._batch_tokens):
                chosen = [place for place in places.tolist() if start + place in wanted]
                if chosen:
                    contents = [texts.contents[place] for place in chosen]
                    longest = int(texts.lengths[chosen].max())
                    items_of = np.array(chosen, dtype=np.int64) + start
                    yield _Batch(items_of, texts.needed[chosen], contents, longest, kind.features(contents))

    def _vectors(self, batch: _Batch, kind: Reading, role: Role) -> Vectors:
        """The vectors of ``batch``."""

        def compute(contents: list[Any]) -> Vectors:
            features = batch.features if contents is batch.contents else kind.features(contents)
            return self._compute(features, role.value[0])

        what = f"{role.name.lower()} texts"
        return np.concatenate(self._room.halving(batch.contents, batch.longest, compute, what))


class _Batch(NamedTuple):
    """Texts to compute together: their positions, the tokens each needs, and those read of the longest."""

    items: NDArray[np.int64]
    tokens: NDArray[np.int64]
    contents: list[Any]
    longest: int
    features: dict[str, Any]


def _read(kind: Reading, texts: Sequence[str]) -> Texts:
    """The tokens of ``texts``, or a sentence about the first text that has none."""
    try:
        return kind.read(texts)
    except Exception as error:  # tokenizers raise what they like
        if len(texts) > 1:
            for text in texts:
                _read(kind, [text])
        raise RetrieverError(f"the text {texts[0][:80]!r} cannot be tokenised: {error}") from error


def _chunk(done: Sequence[tuple[_Batch, Vectors]]) -> Chunk:
    items = np.concatenate([batch.items for batch, _ in done])
    tokens = np.concatenate([batch.tokens for batch, _ in done])
    return Chunk(items, np.concatenate([vectors for _, vectors in done]), np.ones_like(items), tokens)
