"""A model's folder: the files that make it up, whether they are safe to load, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ifir_eval.errors import RetrieverError

PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "artifact.metadata")
"""The kinds of file that a model is made of: configuration, weights, vocabulary, templates."""

CODE = ("*.py",)
"""A model's own code, which runs only where the user trusts it."""

PICKLES = ("pytorch_model*.bin", "adapter_model.bin")
"""Pickled weights, read only where the user allows it, and where there are no others."""

_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_NAMES_CODE = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model, or an adapter, in a folder of this machine."""

    path: Path
    allow_pickle: bool = False

    @property
    def identity(self) -> Mapping[str, str]:
        """The fingerprint, with that of an adapter's base; takes the time of reading the weights once."""
        from ifir_eval.encoding.hub import base_identity  # noqa: PLC0415  (it stands on this module)

        return {"fingerprint": fingerprint(self.path), **base_identity(self.path)}

    def folder(self) -> Path:
        """Where the model's files are."""
        return self.path


def check(
    folder: Path, *, allow_pickle: bool = False, trust_remote_code: bool = False, adapters: bool = False
) -> None:
    """Refuse a folder that is no model, one that would have to be unpickled, or code that nothing pins.

    With ``adapters``, a LoRA adapter without its base is a model too.

    Raises:
        RetrieverError: with the remedy.
    """
    adapter = is_adapter(folder)
    if not adapter and not any((folder / name).is_file() for name in ("modules.json", "config.json")):
        raise RetrieverError(f"{folder} holds no model (neither modules.json nor config.json)")
    if adapter and not adapters:
        raise RetrieverError(f"{folder} holds no model but only an adapter; save it merged into its base model")
    if not allow_pickle:
        _refuse_pickles(folder)
    if trust_remote_code:
        _refuse_foreign_code(folder)
    if not any(file.suffix in {".safetensors", ".bin"} for file in files(folder)):
        raise RetrieverError(f"{folder} holds no weights in the safetensors format")


def is_adapter(folder: Path) -> bool:
    """Whether ``folder`` holds a LoRA adapter (of `peft`); `transformers`, too, then loads its base."""
    return (folder / "adapter_config.json").is_file()


def own_code(folder: Path) -> list[str]:
    """What the model's configuration wants to run of code that is not installed, as ``file.Class``."""
    named: set[str] = set()
    for name in _NAMES_CODE:
        named.update(_strings((read_config(folder / name).get("auto_map") or {}).values()))
    for module in modules(folder):
        kind = module["type"]
        if "--" in kind or (folder / f"{kind.partition('.')[0]}.py").is_file():
            named.add(kind)
    return sorted(named)


def read_config(file: Path) -> dict[str, Any]:
    """The JSON object in ``file``, empty where there is no such file.

    Raises:
        RetrieverError: if it is something else.
    """
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise RetrieverError(f"{file} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise RetrieverError(f"{file} holds no JSON object")
    return content


def _strings(values: Iterable[Any]) -> Iterator[str]:
    """Every text in ``values`` and in the lists among them."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from _strings(value)


def _refuse_foreign_code(folder: Path) -> None:
    for reference in own_code(folder):
        repository, elsewhere, _ = reference.partition("--")
        if elsewhere:
            raise RetrieverError(
                f"the model's code ({reference}) lies in another repository, {repository}, which no commit "
                "hash pins; save model and code in one folder and write its path"
            )


def _refuse_pickles(folder: Path) -> None:
    for part in _parts(folder):
        weights = sorted(file.name for pattern in _PICKLED for file in part.glob(pattern))
        if weights and not any(part.glob("*.safetensors")):
            raise RetrieverError(
                f"{part / weights[0]} is pickled, and unpickling can run any code, so only safetensors are "
                "loaded; where you trust it, name the model after --allow-pickle, or load it once and save it "
                "with save_pretrained"
            )


def fingerprint(folder: Path) -> str:
    """SHA-256 over names and contents of all that `files` lists: pooling, prompts and weights alike.

    Two checkpoints never share it because their folders have the same name (docs/methods.md, trap 2).
    """
    digest = hashlib.sha256()
    for file in files(folder):
        state = file.stat()
        content = _content_hash(file, state.st_size, state.st_mtime_ns)
        digest.update(f"{file.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def files(folder: Path) -> list[Path]:
    """The files that may be read from ``folder``, sorted by name: pickles only where there is nothing else."""
    found: set[Path] = set()
    for part in _parts(folder):
        pickles = () if any(part.glob("*.safetensors")) else PICKLES
        found.update(file for pattern in (*PATTERNS, *CODE, *pickles) for file in part.glob(pattern))
    return sorted(found)


def _parts(folder: Path) -> Iterator[Path]:
    """``folder`` and the folders of its modules: not a training run's other checkpoints inside it."""
    yield folder
    for part in [folder / module["path"] for module in modules(folder) if module["path"]]:
        yield part
        yield from (path for path in part.rglob("*") if path.is_dir())


def modules(folder: Path) -> list[Mapping[str, str]]:
    """The modules that sentence-transformers joins, each with ``path`` and ``type``."""
    listing = folder / "modules.json"
    if not listing.is_file():
        return []
    try:
        return [
            {"path": each["path"], "type": each.get("type", "")} for each in json.loads(listing.read_bytes())
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RetrieverError(f"{listing} does not list a model's modules: {error!r}") from error


def module_types(folder: Path) -> list[str]:
    """The class names of the modules that sentence-transformers joins; empty if ``folder`` lists none."""
    return [module["type"].rpartition(".")[2] for module in modules(folder)]


def architectures(folder: Path) -> list[str]:
    """The classes that ``config.json`` names for `transformers`."""
    return list(read_config(folder / "config.json").get("architectures") or [])


@cache
def _content_hash(file: Path, size: int, modified: int) -> str:
    """The hash of one file's content; ``size`` and ``modified`` make the cache notice a new one."""
    del size, modified
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
