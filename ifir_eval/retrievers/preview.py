"""What an encoder would be sent for one example, told without loading its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.benchmark import Document, View
from ifir_eval.encoding.checkpoint import LocalModel, is_adapter, own_code
from ifir_eval.encoding.form import is_plain, resolve
from ifir_eval.encoding.hub import HubModel, base_of
from ifir_eval.encoding.settings import Form, ModelSettings
from ifir_eval.encoding.tokens import append_eos
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.presets import settings_for, source_for, template_for
from ifir_eval.retrievers.prompt import document_text

QUERY = View("example", "example", "choir concerts", "Only free concerts in churches.", {})
DOCUMENT = Document("example", "Admission is free; the concert begins at noon.", "St Mary's choir")


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as the model's tokenizer cuts it up, with special tokens, at most the maximum length."""

    ids: tuple[int, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The texts of one example with their prefixes, and how the model reads them.

    ``place`` says where the model is, ``notes`` what cannot be told or will be refused. ``query_tokens`` and
    ``document_tokens`` are None where the model is not on this machine.
    """

    name: str
    place: str
    preset: str | None
    preset_source: str | None
    template: str
    form: Form
    query: str
    document: str
    query_tokens: Tokens | None
    document_tokens: Tokens | None
    notes: tuple[str, ...]


def preview(name: str, options: Options) -> Preview | None:
    """What the encoder called ``name`` is sent for one example; None if that names no encoder.

    Nothing is fetched: of a hub model that is not in the hub's cache, only the preset is known.

    Raises:
        RetrieverError: if the model cannot be used as written.
    """
    argument = name.removeprefix("dense:")
    source = source_for(argument, options)
    if source is None:
        return None
    settings = settings_for(argument, options)
    folder, notes = _folder(source)
    form = resolve(folder, settings)
    template = template_for(argument, options)
    query = (form.query_prefix or "") + template.render(QUERY).text
    document = (form.document_prefix or "") + document_text(DOCUMENT)
    tokenizer = _tokenizer(folder, settings, form) if folder else None
    if folder and is_plain(folder) and form.pooling is None:
        notes.append("no pooling is known: write --pooling cls, mean or last, as the model's authors say")
    if folder and (code := own_code(folder)) and not settings.trust_remote_code:
        notes.append(f"the model brings code of its own, which is not run: {', '.join(code)}")
    return Preview(
        name=name,
        place=str(folder or "not on this machine"),
        preset=settings.preset.name if settings.preset else None,
        preset_source=settings.preset.source if settings.preset else None,
        template=template.pattern,
        form=form,
        query=query,
        document=document,
        query_tokens=_cut(tokenizer, query, form) if tokenizer else None,
        document_tokens=_cut(tokenizer, document, form) if tokenizer else None,
        notes=tuple(notes),
    )


def _folder(source: LocalModel | HubModel) -> tuple[Path | None, list[str]]:
    """The folder that describes the model (an adapter's base, if the adapter says nothing), and notes."""
    folder = source.path if isinstance(source, LocalModel) else source.cached()
    if folder is None:
        return None, ["not in the hub's cache: a configuration of its own may have other prompts, which win"]
    if not (is_adapter(folder) and is_plain(folder)):
        return folder, []
    base = base_of(folder)
    name = str(base.path) if isinstance(base, LocalModel) else base.name
    found, notes = _folder(base)
    return found, [f"an adapter on {name}", *notes]


def _tokenizer(folder: Path, settings: ModelSettings, form: Form) -> Any:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=settings.trust_remote_code
        )
    except Exception as error:  # a checkpoint may fail in any way
        raise RetrieverError(f"cannot load the tokenizer in {folder}: {error}") from error
    if form.append_eos:
        append_eos(tokenizer)
    return tokenizer


def _cut(tokenizer: Any, text: str, form: Form) -> Tokens:
    length: Mapping[str, Any] = {"truncation": True, "max_length": form.max_length} if form.max_length else {}
    ids = tokenizer(text, **length)["input_ids"]
    return Tokens(tuple(ids), tuple(tokenizer.convert_ids_to_tokens(ids)))
