"""Language models: behind a server, or on this machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ifir_eval.errors import MissingPackageError, RetrieverError
from ifir_eval.servers.completion import Complete, Completion, Message
from ifir_eval.servers.server import OPENAI, Server

SERVED = "openai:"
PROBE = (Message("user", "Answer with the one word yes."),)
"""What a job asks first, to learn whether it is answered at all."""

_LESS = "shorter passages or a smaller --max-tokens ask for less"
_LONGEST_ANSWER = 600.0
"""Seconds: on a small machine a server reads and writes a few tokens a second, silent till the end."""


class LanguageModel(Protocol):
    """Completes conversations, several at a time."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that can change what it answers."""
        ...

    def session(self) -> AbstractContextManager[Complete]:
        """A function that threads may call while the session lasts."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn: the most likely one at ``temperature`` 0; ``max_tokens`` ends an answer."""

    temperature: float = 0.0
    max_tokens: int = 1_024
    seed: int = 0


class Nobody:
    """Stands where a job has nothing to be written."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    @contextmanager
    def session(self) -> Iterator[Complete]:
        """Whatever is asked, there is no answer."""
        yield lambda messages: Completion("")


@dataclass(frozen=True, slots=True)
class Hosting:
    """Where a model runs: at ``base_url``, or on ``device`` in ``dtype``; ``concurrency`` answers at a time.

    ``request`` are fields of a server's requests, more of them or others than usual; null leaves one out.
    """

    base_url: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    concurrency: int = 4
    device: str | None = None
    dtype: str | None = None


def language_model(spec: str, sampling: Sampling, hosting: Hosting) -> LanguageModel:
    """``openai:MODEL`` behind a server, or a `transformers` model by its hub name or folder.

    Raises:
        RetrieverError: if it names no model, or cannot be used as written.
        MissingPackageError: for lack of an HTTP client, or of transformers.
    """
    if spec.startswith(SERVED):
        return _served(spec, sampling, hosting)
    if hosting.base_url:
        raise RetrieverError(f"--base-url is for a model behind a server: write {SERVED}{spec}")
    if importlib.util.find_spec("sentence_transformers") is None:
        raise MissingPackageError("transformers", spec, "ifir-eval[dense]")
    from ifir_eval.retrievers.options import Options  # noqa: PLC0415  (the packages behind these are heavy)
    from ifir_eval.retrievers.presets import settings_for, source_for  # noqa: PLC0415

    options = Options(device=hosting.device, dtype=hosting.dtype)
    source = source_for(spec, options) if spec else None
    if source is None:
        raise RetrieverError(f"{spec!r} is no language model: write {SERVED}MODEL, org/model or a folder")
    from ifir_eval.synthesis.local import LocalLanguageModel  # noqa: PLC0415

    return LocalLanguageModel(source, settings_for(spec, options), sampling, batch=hosting.concurrency)


def _served(spec: str, sampling: Sampling, hosting: Hosting) -> LanguageModel:
    if importlib.util.find_spec("httpx2") is None:
        raise MissingPackageError("httpx2", "a model behind a server", "ifir-eval[endpoint]")
    model = spec.removeprefix(SERVED)
    if not model:
        raise RetrieverError(f"{spec!r} names no model; write {spec}MODEL")
    from ifir_eval.servers.chat import ChatModel  # noqa: PLC0415  (imports the HTTP client)
    from ifir_eval.servers.client import Client, Patience  # noqa: PLC0415

    server = Server.at(hosting.base_url or OPENAI)
    patience = Patience(timeout=_LONGEST_ANSWER)
    client = Client(server, concurrency=hosting.concurrency, patience=patience, less=_LESS)
    parameters = {
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        **hosting.request,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    return ChatModel(client, model, given)
