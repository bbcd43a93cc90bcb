"""The published forms of well-known families of encoders (`presets.toml`), and what options make of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path

from ifir_eval.encoding.checkpoint import LocalModel, check, read_config
from ifir_eval.encoding.hub import HubModel, locate
from ifir_eval.encoding.settings import Form, ModelSettings, Preset
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template

TRAINING = "ifir_eval.json"
"""Beside a model that `ifir_eval.training` has made: how it was made, and the template that goes with it."""


@dataclass(frozen=True, slots=True)
class Family:
    """A preset and the names of the models that it is meant for: regular expressions without organisation."""

    preset: Preset
    models: tuple[str, ...]

    def holds(self, name: str) -> bool:
        """Whether a model called ``name`` belongs to the family."""
        return any(re.fullmatch(model, name, re.IGNORECASE) for model in self.models)


@cache
def families() -> tuple[Family, ...]:
    """All families, in the order of the file: the first that holds a name counts."""
    entries = tomllib.loads(files(__package__).joinpath("presets.toml").read_text(encoding="utf-8"))["preset"]
    names = [field.name for field in fields(Form)]
    return tuple(
        Family(
            Preset(
                entry["name"],
                entry["source"],
                Form(**{name: entry[name] for name in names if name in entry}),
                entry.get("template"),
                entry.get("similarity"),
            ),
            tuple(entry["models"]),
        )
        for entry in entries
    )


def preset_for(argument: str, options: Options) -> Preset | None:
    """The preset of the model that a user calls ``argument``, or of the adapter on it; None if there is none.

    A folder is known by its own name, or by the name that its configuration gives the model it was made from.
    """
    for name in (*(model_names(options.adapter) if options.adapter else ()), *model_names(argument)):
        for family in families():
            if family.holds(name):
                return family.preset
    return None


def settings_for(argument: str, options: Options) -> ModelSettings:
    """How to load the model that a user calls ``argument``, which is the spec without its kind.

    Raises:
        RetrieverError: if the adapter is neither a folder nor a name on the hub.
    """
    return ModelSettings(
        query_prefix=options.query_prefix,
        document_prefix=options.document_prefix,
        max_length=options.max_length,
        pooling=options.pooling,
        append_eos=options.append_eos,
        dtype=options.dtype,
        device=options.device,
        backend=options.backend,
        trust_remote_code=options.trust_remote_code,
        allow_pickle=_is_allowed(argument, options),
        batch_tokens=options.batch_tokens,
        preset=preset_for(argument, options),
        adapter=_adapter_for(options),
        cache=options.cache,
    )


def template_for(argument: str, options: Options) -> Template:
    """The user's template, else the one the model was trained with, else its preset's, else the default."""
    preset = preset_for(argument, options)
    trained = trained_template(Path(argument).expanduser())
    return Template.parse(options.template or trained or (preset.template if preset else None))


def trained_template(folder: Path) -> str | None:
    """What ``ifir-eval train`` has noted beside a model; None in any other folder."""
    return read_config(folder / TRAINING).get("template")


def source_for(argument: str, options: Options) -> LocalModel | HubModel | None:
    """Where the model that a user calls ``argument`` is, as far as it may be read; None if it names none.

    Raises:
        RetrieverError: if it is a path to nothing, a revision that may move, code of no fixed commit, or a
            folder that cannot be loaded safely.
    """
    allowed = _is_allowed(argument, options)
    trusted = options.trust_remote_code
    source = locate(argument, trust_remote_code=trusted, allow_pickle=allowed)
    if isinstance(source, LocalModel):
        check(source.path, allow_pickle=allowed, trust_remote_code=trusted, adapters=True)
    return source


def _adapter_for(options: Options) -> LocalModel | HubModel | None:
    if options.adapter is None:
        return None
    source = locate(options.adapter, allow_pickle=_is_allowed(options.adapter, options))
    if source is None:
        raise RetrieverError(f"the adapter {options.adapter!r} is no folder, and no name of the form org/model")
    return source


def _is_allowed(argument: str, options: Options) -> bool:
    return bool({argument, argument.partition("@")[0]} & set(options.allow_pickle))


def model_names(argument: str) -> Iterator[str]:
    """What the model may be called, without its organisation; the surest first."""
    folder = Path(argument).expanduser()
    if not folder.is_dir():
        yield argument.partition("@")[0].rpartition("/")[2].rpartition(":")[2]
        return
    yield folder.resolve().name
    for file, key in (("config.json", "_name_or_path"), ("adapter_config.json", "base_model_name_or_path")):
        yield str(read_config(folder / file).get(key, "")).rstrip("/").rpartition("/")[2]
