"""Models of the Hugging Face hub: a name becomes one commit, and a commit a local folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ifir_eval.encoding.checkpoint import PATTERNS
from ifir_eval.errors import RetrieverError


@dataclass(frozen=True)
class HubModel:
    """A model on the hub, at ``revision`` (40 hexadecimal digits), or else at today's commit.

    Whatever needs the hub raises a `RetrieverError` where neither it nor its local cache has the model.
    """

    name: str
    revision: str | None = None

    @property
    def identity(self) -> Mapping[str, str]:
        """The commit; asking for it may ask the hub."""
        return {"revision": self._commit}

    def folder(self) -> Path:
        """The model's files, fetched unless they lie in the hub's cache; no code and nothing pickled."""
        return self._snapshot(self._commit, PATTERNS)

    @cached_property
    def _commit(self) -> str:
        return self.revision or self._snapshot(None, ("config.json", "modules.json")).name

    def _snapshot(self, commit: str | None, patterns: tuple[str, ...]) -> Path:
        from huggingface_hub import snapshot_download  # noqa: PLC0415  (local folders do without it)

        try:
            return Path(snapshot_download(self.name, revision=commit, allow_patterns=list(patterns)))
        except Exception as error:  # the hub's client lets its HTTP library's errors through
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise RetrieverError(
                f"{self.name!r} is no folder here, and the hub does not give it "
                f"(at {commit or 'its present commit'}): {reason}; "
                "without a network, write the path of a local folder that holds the model"
            ) from error
