"""A model's folder: the files that make it up, whether they are safe to load, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ifir_eval.errors import RetrieverError

PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
"""The kinds of file that a model is made of: configuration, weights, vocabulary, templates."""

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model in a folder of this machine."""

    path: Path

    @property
    def identity(self) -> Mapping[str, str]:
        """The fingerprint; takes the time of reading the weights once."""
        return {"fingerprint": fingerprint(self.path)}

    def folder(self) -> Path:
        """Where the model's files are."""
        return self.path


def check(folder: Path) -> None:
    """Refuse a folder that is no model, or one that would have to be unpickled.

    Raises:
        RetrieverError: with the remedy.
    """
    if not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        adapter = " but only an adapter; save it merged into its base model"
        reason = adapter if (folder / "adapter_config.json").is_file() else ""
        raise RetrieverError(f"{folder} holds no model (neither modules.json nor config.json){reason}")
    for part in _parts(folder):
        weights = sorted(file.name for pattern in _PICKLED for file in part.glob(pattern))
        if weights and not any(part.glob("*.safetensors")):
            raise RetrieverError(
                f"{part / weights[0]} is pickled, and unpickling can run any code, so only safetensors are "
                "loaded; where you trust it, load it once and save it with save_pretrained"
            )
    if not any(file.suffix == ".safetensors" for file in files(folder)):
        raise RetrieverError(f"{folder} holds no weights in the safetensors format")


def fingerprint(folder: Path) -> str:
    """SHA-256 over names and contents of all that `files` lists: pooling, prompts and weights alike.

    Two checkpoints never share it because their folders have the same name (METHODS.md, trap 2).
    """
    digest = hashlib.sha256()
    for file in files(folder):
        state = file.stat()
        content = _content_hash(file, state.st_size, state.st_mtime_ns)
        digest.update(f"{file.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def files(folder: Path) -> list[Path]:
    """The files that sentence-transformers may read from ``folder``, sorted by name."""
    return sorted({file for part in _parts(folder) for pattern in PATTERNS for file in part.glob(pattern)})


def _parts(folder: Path) -> Iterator[Path]:
    """``folder`` and the folders of its modules: not a training run's other checkpoints inside it."""
    yield folder
    listing = folder / "modules.json"
    if not listing.is_file():
        return
    try:
        modules = [folder / module["path"] for module in json.loads(listing.read_bytes()) if module["path"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RetrieverError(f"{listing} does not list a model's modules: {error!r}") from error
    for module in modules:
        yield module
        yield from (path for path in module.rglob("*") if path.is_dir())


@cache
def _content_hash(file: Path, size: int, modified: int) -> str:
    """The hash of one file's content; ``size`` and ``modified`` make the cache notice a new one."""
    del size, modified
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
