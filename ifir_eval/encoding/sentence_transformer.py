"""Encoders of this machine: sentence-transformers models and plain `transformers` encoders.

Nothing in this module imports torch; what needs it is in `ifir_eval.encoding.loaded`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ifir_eval.encoding.backends import backend
from ifir_eval.encoding.checkpoint import LocalModel, own_code
from ifir_eval.encoding.encoder import Chunk, Ragged, Role, Setting
from ifir_eval.encoding.hub import HubModel
from ifir_eval.encoding.settings import ModelSettings, library_versions
from ifir_eval.errors import RetrieverError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from ifir_eval.encoding.loaded import LoadedModel


class SentenceTransformerEmbedder:
    """A model and how it is to be used; it is loaded when anything but its identity is asked for.

    Its vectors are those of `SentenceTransformer.encode_query` and `encode_document` but for rounding.

    Raises:
        RetrieverError: for a device that the backend does not compute on.
        MissingPackageError: if a package of the backend is not installed.
    """

    def __init__(self, source: LocalModel | HubModel, settings: ModelSettings) -> None:
        self._versions = backend.versions(settings.backend)
        if backend.converts(settings.backend):
            if settings.device not in {None, "cpu"}:
                raise RetrieverError(
                    f"--backend {settings.backend} computes on the CPU: leave out --device {settings.device}"
                )
            settings = replace(settings, device="cpu")
        self._source = source
        self._settings = settings

    @cached_property
    def identity(self) -> Mapping[str, Setting]:
        """Commit or fingerprint (which holds pooling, prompts and normalisation), settings and versions."""
        return {
            **self._source.identity,
            **self._settings.identity,
            **library_versions(),
            **self._versions,
        }

    @property
    def environment(self) -> Mapping[str, str]:
        """Where and in which precision the model computes, whoever chose it."""
        return self._loaded.environment

    @property
    def limit(self) -> int:
        """The user's maximum length, else the model's."""
        return self._loaded.limit

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about what was seen while encoding, and about code that was not run."""
        code = () if self._settings.trust_remote_code else own_code(self._folder)
        told = (
            f"the model brings code of its own, which was not run ({', '.join(code)}): its authors' vectors "
            "may be others (--trust-remote-code)"
        )
        return (*self._loaded.warnings, *([told] if code else []))

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        """The vectors of each text, window by window and in each window long texts first."""
        return self._loaded.encode(items, role, wanted)

    @property
    def metric(self) -> str | None:
        """The model's own similarity, where it is one of the two."""
        return self._loaded.metric

    def similarity(self, queries: Ragged, documents: Ragged) -> NDArray[np.float32]:
        """The model's own similarity."""
        return self._loaded.similarity(queries, documents)

    def loses(self, text: str, start: int, stop: int, role: Role) -> bool:
        """Whether the tokens from the side that is kept up to the far end do not fit."""
        return self._loaded.loses(text, start, stop, role)

    def load(self) -> SentenceTransformer:
        """The model itself, a new one with each call: for whoever wants to change it, as training does.

        Raises:
            RetrieverError: if it cannot be loaded.
        """
        from ifir_eval.encoding.loading import load  # noqa: PLC0415  (imports torch)

        return load(self._folder, self._settings)

    @cached_property
    def _folder(self) -> Path:
        return self._source.folder()  # asks the hub

    @cached_property
    def _loaded(self) -> LoadedModel:
        from ifir_eval.encoding.loaded import LoadedModel  # noqa: PLC0415  (imports torch)

        return LoadedModel(self.load(), self._settings, self.identity)
