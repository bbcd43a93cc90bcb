"""A sentence-transformers model that encodes each distinct text once.

This module imports torch: import it where an encoder is needed, not before.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from ifir_eval.encoding.checkpoint import check
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import Progress

_BATCH_SIZE = 32
_TEXTS_AT_ONCE = 4_096
_DOCUMENTS_AT_ONCE = 16_384

Vectors = NDArray[np.float32]


class Role(Enum):
    """What a text is to the model; the value lists the prompts meant for it, the first that exists counts."""

    QUERY = ("query",)
    DOCUMENT = ("document", "passage", "corpus")


@dataclass(frozen=True, eq=False)
class Encoded:
    """Distinct texts with their vectors.

    ``vectors`` has shape ``(texts, dimension)``. ``tokens``, shape ``(texts,)``, is what each text would
    need with prompt and special tokens; the model reads at most ``limit`` of them.
    """

    rows: Mapping[str, int]
    vectors: Vectors
    tokens: NDArray[np.int64]
    limit: int

    def of(self, texts: Sequence[str]) -> Vectors:
        """The vectors of ``texts``, shape ``(len(texts), dimension)``."""
        return self.vectors[[self.rows[text] for text in texts]]

    def is_cut(self, text: str) -> bool:
        """Whether the model does not see all of ``text``."""
        return bool(self.tokens[self.rows[text]] > self.limit)

    @property
    def tokens_read(self) -> int:
        """How many tokens the model was given, padding aside."""
        return int(np.minimum(self.tokens, self.limit).sum())


class Encoder:
    """A loaded model; the same texts give the same vectors."""

    def __init__(self, model: SentenceTransformer, batch_size: int | None = None) -> None:
        self._model = model
        self._batch_size = batch_size or _BATCH_SIZE

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        device: str | None = None,
        dtype: str | None = None,
        max_length: int | None = None,
        batch_size: int | None = None,
    ) -> Encoder:
        """Load the model in ``folder``: no network, no code of its own, no pickled weights.

        Raises:
            RetrieverError: if the folder cannot be loaded safely, or not with these settings.
        """
        check(folder)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(
                str(folder),
                device=device,
                trust_remote_code=False,
                local_files_only=True,
                model_kwargs={"use_safetensors": True},
            )
            if dtype:
                model.to(getattr(torch, dtype))
        except Exception as error:  # a checkpoint may fail in any way
            raise RetrieverError(f"cannot load the model in {folder}: {error}") from error
        if max_length:
            _set_max_length(model, max_length)
        return cls(model, batch_size)

    @property
    def environment(self) -> Mapping[str, str]:
        """Where and in which precision the model computes, whoever chose it."""
        return {"device": str(self._model.device), "dtype": str(self._model.dtype).removeprefix("torch.")}

    def prompt(self, role: Role) -> str:
        """The model's own prompt for texts of this role.

        Chosen here because sentence-transformers 6.2 gives every model an empty ``document`` prompt, which
        hides a configured ``passage`` from ``encode_document`` (METHODS.md, trap 8).
        """
        prompts = self._model.prompts
        return next((prompt for name in role.value if (prompt := prompts.get(name))), "")

    def encode(self, texts: Sequence[str], role: Role, progress: Progress) -> Encoded:
        """Encode each distinct text of ``texts`` once, long ones first so that little is padded.

        Raises:
            RetrieverError: if the model fails on a batch.
        """
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        distinct = list(rows)
        tokens = self._count_tokens(distinct, role, progress)
        order = np.argsort(-tokens, kind="stable")
        batches = []
        with progress(f"encoding {role.name.lower()} texts", total=len(distinct)) as advance:
            for start in range(0, len(order), self._batch_size):
                batch = [distinct[row] for row in order[start : start + self._batch_size]]
                batches.append(self._encode_batch(batch, role))
                advance(len(batch))
        return Encoded(rows, np.concatenate(batches)[np.argsort(order)], tokens, self._limit)

    def _count_tokens(self, texts: Sequence[str], role: Role, progress: Progress) -> NDArray[np.int64]:
        """What each of ``texts`` needs with its prompt; the tokens themselves are dropped block by block.

        Those of 40,000 documents at once took 1.4 GB.
        """
        blocks, prompt = [], self.prompt(role)
        with progress(f"counting tokens of {role.name.lower()} texts", total=len(texts)) as advance:
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                block = [prompt + text for text in texts[start : start + _TEXTS_AT_ONCE]]
                blocks.append(self._lengths(block))
                advance(len(block))
        return np.concatenate(blocks)

    def similarity(self, queries: Vectors, documents: Vectors) -> NDArray[np.float32]:
        """The model's own similarity, shape ``(len(queries), len(documents))``.

        Computed in float64: rounded to float32, a pair then has one score in whichever block it stands.
        """
        given = torch.from_numpy(queries).double()
        blocks = [
            self._model.similarity(
                given, torch.from_numpy(documents[start : start + _DOCUMENTS_AT_ONCE]).double()
            )
            for start in range(0, len(documents), _DOCUMENTS_AT_ONCE)
        ]
        return torch.cat(blocks, dim=1).numpy().astype(np.float32)

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """Whether the maximum length cuts into ``text[start:stop]``.

        It does where the tokens from the side that is kept up to its far end do not fit; nothing cuts
        into an empty stretch.
        """
        from_left = getattr(self._model.tokenizer, "truncation_side", "right") == "left"
        needed = text[start:] if from_left else self.prompt(role) + text[:stop]
        return stop > start and bool(self._lengths([needed])[0] > self._limit)

    def _encode_batch(self, texts: list[str], role: Role) -> Vectors:
        encode = self._model.encode_query if role is Role.QUERY else self._model.encode_document
        try:
            vectors = encode(texts, prompt=self.prompt(role), batch_size=len(texts), show_progress_bar=False)
        except (RuntimeError, IndexError) as error:
            raise RetrieverError(
                f"the model failed on {len(texts)} {role.name.lower()} texts ({str(error).splitlines()[0]}); "
                "a smaller batch size or maximum length may help"
            ) from error
        return np.asarray(vectors, dtype=np.float32)

    @property
    def _limit(self) -> int:
        tokenizer = self._model.tokenizer
        if isinstance(tokenizer, Tokenizer):  # static embeddings read all, unless the tokenizer cuts
            return int((tokenizer.truncation or {}).get("max_length", sys.maxsize))
        return int(min(self._model.max_seq_length or sys.maxsize, sys.maxsize))

    def _lengths(self, texts: list[str]) -> NDArray[np.int64]:
        """Tokens of each of ``texts``, special ones included, nothing cut off; shape ``(len(texts),)``."""
        tokenizer = self._model.tokenizer
        if isinstance(tokenizer, Tokenizer):
            whole = Tokenizer.from_str(tokenizer.to_str())
            whole.no_truncation()
            ids = [encoding.ids for encoding in whole.encode_batch(texts, add_special_tokens=False)]
        else:
            ids = tokenizer(
                texts,
                truncation=False,
                verbose=False,
                return_attention_mask=False,
                return_token_type_ids=False,
            )["input_ids"]
        return np.array([len(tokens) for tokens in ids], dtype=np.int64)


def _set_max_length(model: SentenceTransformer, max_length: int) -> None:
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    positions = getattr(config, "max_position_embeddings", None)
    if positions and max_length > positions:
        raise RetrieverError(
            f"the maximum length {max_length} is more than the {positions} positions that the model knows"
        )
    try:
        model.max_seq_length = max_length
    except AttributeError:
        raise RetrieverError("this model reads texts of any length and takes no maximum length") from None
