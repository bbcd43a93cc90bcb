"""How a model of this machine is loaded and fed: the part of the user's options that concerns it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Setting
from ifir_eval.encoding.hub import HubModel


@dataclass(frozen=True, slots=True)
class Form:
    """How a model reads texts and gives vectors; None: nothing is said about it.

    ``pooling`` is ``cls``, ``mean`` or ``last``; ``append_eos`` ends every text with the end-of-text token,
    which no truncation removes.
    """

    query_prefix: str | None = None
    document_prefix: str | None = None
    max_length: int | None = None
    pooling: str | None = None
    append_eos: bool | None = None

    def over(self, other: Form) -> Form:
        """This form, and ``other`` where it says nothing."""
        pairs = {field.name: (getattr(self, field.name), getattr(other, field.name)) for field in fields(Form)}
        return Form(**{name: theirs if mine is None else mine for name, (mine, theirs) in pairs.items()})


@dataclass(frozen=True, slots=True)
class Preset:
    """The published form of a family of models, and what goes with it; ``source`` published it.

    ``similarity`` is ``dot`` where vectors are compared as they are, None where by their cosine.
    """

    name: str
    source: str
    form: Form
    template: str | None = None
    similarity: str | None = None

    def __str__(self) -> str:
        every = {**asdict(self.form), "similarity": self.similarity}
        said = {name: value for name, value in every.items() if value is not None}
        return f"{self.name} {json.dumps(said, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """None leaves the choice to the model; see `ifir_eval.retrievers.options.Options` for the names.

    ``cache`` is where converted models are kept, None for the user's own folder.

    What the model says of itself wins over ``preset``, and what the user says over both
    (`ifir_eval.encoding.form.resolve`).
    """

    query_prefix: str | None = None
    document_prefix: str | None = None
    max_length: int | None = None
    pooling: str | None = None
    append_eos: bool | None = None
    dtype: str | None = None
    device: str | None = None
    backend: str = "torch"
    trust_remote_code: bool = False
    allow_pickle: bool = False
    batch_tokens: int | None = None
    preset: Preset | None = None
    adapter: LocalModel | HubModel | None = None
    cache: Path | None = None

    @property
    def form(self) -> Form:
        """What the user says."""
        return Form(self.query_prefix, self.document_prefix, self.max_length, self.pooling, self.append_eos)

    @property
    def identity(self) -> Mapping[str, Setting]:
        """All of this that changes a number; may hash an adapter's weights."""
        adapter = self.adapter.identity if self.adapter else {}
        return {
            **asdict(self.form),
            "dtype": self.dtype,
            "backend": self.backend,
            "trust_remote_code": self.trust_remote_code,
            "preset": str(self.preset) if self.preset else None,
            **{f"adapter_{name}": value for name, value in adapter.items()},
        }

    @property
    def library_identity(self) -> Mapping[str, Setting]:
        """What changes a number of a model that only sentence-transformers itself runs, and the versions."""
        return {
            "query_prefix": self.query_prefix,
            "document_prefix": self.document_prefix,
            "max_length": self.max_length,
            "dtype": self.dtype,
            "trust_remote_code": self.trust_remote_code,
            **library_versions(),
        }


def library_versions() -> Mapping[str, str]:
    """The versions of what computes; builds for other devices (2.13.0+cpu) compute the same numbers."""
    packages = ("sentence-transformers", "transformers", "torch")
    return {package: version(package).partition("+")[0] for package in packages}
