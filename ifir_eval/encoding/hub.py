"""Models of the Hugging Face hub: a name becomes one commit, and a commit a local folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ifir_eval.encoding.checkpoint import CODE, PATTERNS, PICKLES, LocalModel, is_adapter, read_config
from ifir_eval.errors import RetrieverError

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")

_DESCRIPTION = ("config.json", "modules.json", "adapter_config.json")


@dataclass(frozen=True)
class HubModel:
    """A model on the hub, at ``revision`` (40 hexadecimal digits), or else at today's commit.

    Whatever needs the hub raises a `RetrieverError` where neither it nor its local cache has the model.
    """

    name: str
    revision: str | None = None
    trust_remote_code: bool = False
    allow_pickle: bool = False

    def __post_init__(self) -> None:
        if self.trust_remote_code and not self.revision:
            raise RetrieverError(
                f"--trust-remote-code runs code that {self.name} brings, so it needs the commit that you have "
                f"read: write {self.name}@ and its hash of 40 hexadecimal digits"
            )

    @property
    def identity(self) -> Mapping[str, str]:
        """The commit, with that of an adapter's base; asking for it may ask the hub.

        Where it cannot be reached, a commit that was given is all that is known, and nothing can be loaded.
        """
        return {"revision": self._commit, **self._base_identity}

    def folder(self) -> Path:
        """The model's files, fetched unless they lie in the hub's cache.

        No code and nothing pickled, unless that was asked for.
        """
        code = CODE if self.trust_remote_code else ()
        pickles = PICKLES if self.allow_pickle else ()
        return self._snapshot(self._commit, (*PATTERNS, *code, *pickles))

    def cached(self) -> Path | None:
        """What lies of the model in the hub's cache, if anything; no network is asked."""
        from huggingface_hub import snapshot_download  # noqa: PLC0415  (as in _snapshot)

        try:
            return Path(snapshot_download(self.name, revision=self.revision, local_files_only=True))
        except Exception:  # noqa: BLE001  (whatever the reason, it is not there)
            return None

    @cached_property
    def _commit(self) -> str:
        return self.revision or self._snapshot(None, _DESCRIPTION).name

    @cached_property
    def _base_identity(self) -> Mapping[str, str]:
        folder = self.cached()
        if folder is None and not self._is_known_adapter():
            return {}
        return base_identity(folder or self._snapshot(self._commit, _DESCRIPTION))

    def _is_known_adapter(self) -> bool:
        """Whether the hub says so; it is asked once, without the retries of a download."""
        from huggingface_hub import HfApi  # noqa: PLC0415  (as in _snapshot)

        try:
            return HfApi().file_exists(self.name, "adapter_config.json", revision=self._commit)
        except Exception:  # noqa: BLE001  (the hub's client lets its HTTP library's errors through)
            return False

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


def locate(
    argument: str, *, trust_remote_code: bool = False, allow_pickle: bool = False
) -> LocalModel | HubModel | None:
    """Where the model or adapter that a user calls ``argument`` is; nothing is fetched. None if it names none.

    Raises:
        RetrieverError: if it is a path to nothing, or a name with a revision that may move.
    """
    if (folder := Path(argument).expanduser()).is_dir():
        return LocalModel(folder, allow_pickle)
    name, at, revision = argument.partition("@")
    if not HUB_NAME.fullmatch(name):
        if "/" in argument or "\\" in argument:
            raise RetrieverError(f"there is no folder {argument!r}, and it is no name of the form org/model")
        return None
    if at and not COMMIT.fullmatch(revision):
        raise RetrieverError(
            f"{argument!r}: the revision {revision!r} is no commit hash of 40 hexadecimal digits; branches and "
            "tags move, so a result could not be repeated"
        )
    return HubModel(name, revision or None, trust_remote_code, allow_pickle)


def base_of(adapter: Path) -> LocalModel | HubModel:
    """The model that the adapter in the folder ``adapter`` was trained on.

    Raises:
        RetrieverError: if its configuration names none that can be found.
    """
    config = read_config(adapter / "adapter_config.json")
    name, revision = str(config.get("base_model_name_or_path")), str(config.get("revision"))
    if Path(name).is_dir():
        return LocalModel(Path(name))
    if HUB_NAME.fullmatch(name):
        return HubModel(name, revision if COMMIT.fullmatch(revision) else None)
    raise RetrieverError(
        f"the adapter in {adapter} stands on {name!r}, which is no folder here and no name on the hub; "
        f"name its base as the model, and {adapter} after --adapter"
    )


def base_identity(folder: Path) -> Mapping[str, str]:
    """The identity of the base model of the adapter in ``folder``; empty for a model of its own."""
    if not is_adapter(folder):
        return {}
    return {f"base_{name}": value for name, value in base_of(folder).identity.items()}
