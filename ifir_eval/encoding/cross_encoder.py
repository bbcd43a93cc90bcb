"""Cross-encoders: a classifier with one output reads query and document and gives the pair's relevance.

This module imports torch: import it where a model is needed, not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import CrossEncoder as LibraryCrossEncoder
from sentence_transformers.cross_encoder.modules import LogitScore

from ifir_eval.encoding.encoder import Pair
from ifir_eval.encoding.library_model import positions_of, refuse_beyond, stay_within_positions
from ifir_eval.encoding.loading import library_arguments
from ifir_eval.encoding.pairs import PairModel, Tokens, encodings, padded, safe_folder
from ifir_eval.encoding.untrained import refusing_untrained
from ifir_eval.errors import RetrieverError


class CrossEncoder(PairModel):
    """A CrossEncoder of sentence-transformers with one label.

    Scores are its raw outputs. The sigmoid that the library puts on them changes no order, but makes scores
    above 17 equal.
    """

    @property
    def environment(self) -> Mapping[str, str]:
        """Where and in which precision the model computes, whoever chose it."""
        return {"device": self._model.device.type, "dtype": str(self._model.dtype).removeprefix("torch.")}

    @property
    def limit(self) -> int:
        """The user's maximum length, else the model's."""
        return int(self._model.max_seq_length or self._model.tokenizer.model_max_length)

    @property
    def _query_prefix(self) -> str:
        """The user's, else the model's default prompt, which the library puts before the first text."""
        model, chosen = self._model, self._settings.query_prefix
        own = model.prompts.get(model.default_prompt_name or "")
        return own or "" if chosen is None else chosen

    @cached_property
    def _model(self) -> LibraryCrossEncoder:
        folder, settings = safe_folder(self._source, self._settings), self._settings
        try:
            with refusing_untrained(folder, unused=()):  # BERT classifies what its pooling layer gives
                model: LibraryCrossEncoder = LibraryCrossEncoder(
                    str(folder),
                    device=settings.device,
                    trust_remote_code=settings.trust_remote_code,
                    local_files_only=True,
                    **library_arguments(settings),
                )
        except RetrieverError:
            raise
        except Exception as error:  # a checkpoint may fail in any way
            raise RetrieverError(f"cannot load the cross-encoder in {folder}: {error}") from error
        if any(isinstance(module, LogitScore) for module in model):
            raise RetrieverError(f"{folder} holds a causal language model: write causal: instead of cross:")
        if model.num_labels != 1:
            raise RetrieverError(
                f"{folder} holds a classifier of {model.num_labels} labels, and none of them is known to be "
                "the relevance; a cross-encoder for reranking has one"
            )
        if settings.max_length:
            refuse_beyond(positions_of(model.transformers_model), settings.max_length)
            model.max_seq_length = settings.max_length
        stay_within_positions(model)
        model.eval()
        return model

    def _tokenize(self, pairs: Sequence[Pair]) -> list[Tokens]:
        queries, documents = map(list, zip(*pairs, strict=True))
        read = []
        for encoding in encodings(self._model.tokenizer, queries, documents):
            columns = {"input_ids": np.array(encoding.ids), "token_type_ids": np.array(encoding.type_ids)}
            owner = np.array([-1 if text is None else text for text in encoding.sequence_ids])
            read.append(Tokens(columns, np.flatnonzero(owner == 0), np.flatnonzero(owner == 1)))
        return read

    def _score(self, columns: Sequence[Mapping[str, NDArray[np.int64]]]) -> torch.Tensor:
        model, tokenizer = self._model, self._model.tokenizer
        fill = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
        fill = {name: value for name, value in fill.items() if name in tokenizer.model_input_names}
        batch = padded(columns, fill, left=tokenizer.padding_side == "left")
        features = {name: values.to(model.device) for name, values in batch.items()}
        scores: torch.Tensor = model({**features, "modality": "text"})["scores"]
        return scores.reshape(-1)
