"""What an encoder would be sent for one example, told without loading its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.benchmark import Document, View
from ifir_eval.encoding.checkpoint import LocalModel, is_adapter, own_code
from ifir_eval.encoding.encoder import Pair
from ifir_eval.encoding.form import is_plain, resolve, similarity
from ifir_eval.encoding.hub import HubModel, base_of
from ifir_eval.encoding.settings import Form, ModelSettings
from ifir_eval.encoding.tokens import append_eos
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers import packaged
from ifir_eval.retrievers.causal_reranker import reranker_for
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.presets import families, settings_for, source_for, template_for
from ifir_eval.retrievers.prompt import Template, document_text

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

    ``place`` says where the model is, ``notes`` what cannot be told or will be refused. ``read`` is the text
    of one input as a whole: the query, or for a reranker its prompt with query and document in it, and then
    ``answers`` are the two words that it chooses from. Tokens are None where the model is not on this machine.
    """

    name: str
    place: str
    preset: str | None
    preset_source: str | None
    template: str
    form: Form
    similarity: str | None
    answers: tuple[str, str] | None
    query: str
    document: str
    read: str
    query_tokens: Tokens | None
    document_tokens: Tokens | None
    notes: tuple[str, ...]


def preview(name: str, options: Options) -> Preview | None:
    """What the model called ``name`` is sent for one example; None if that names no encoder and no preset.

    Nothing is fetched: of a hub model that is not in the hub's cache, only the preset is known.

    Raises:
        RetrieverError: if the model cannot be used as written, or is of a kind that cannot be shown.
    """
    from ifir_eval.retrievers.spec import KINDS  # imports all kinds

    kind, _, argument = name.partition(":")
    if kind == "causal" and argument:
        return _reranker(name, argument, options)
    if kind in {each.name for each in KINDS} - {"dense", "demo"}:
        raise RetrieverError(
            f"{name!r}: what is sent is shown of encoders, of presets, and of causal: rerankers; 'ifir-eval "
            f"doctor --model {name}' examines any retriever"
        )
    if kind == "demo":
        return _encoder(name, str(packaged.folder(argument)), options)
    return _encoder(name, argument if kind == "dense" else name, options)


def _encoder(name: str, argument: str, options: Options) -> Preview | None:
    source, settings = source_for(argument, options), settings_for(argument, options)
    if source is None:
        named = next((family.preset for family in families() if family.preset.name == argument), None)
        if named is None:
            return None
        settings = replace(settings, preset=named)
        template = Template.parse(options.template or named.template)
        folder, notes = None, ["a preset: a model's own configuration may have other prompts, which win"]
    else:
        template = template_for(argument, options)
        folder, notes = _folder(source)
    preset, form = settings.preset, resolve(folder, settings)
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
        preset=preset.name if preset else None,
        preset_source=preset.source if preset else None,
        template=template.pattern,
        form=form,
        similarity=similarity(folder, settings),
        answers=None,
        query=query,
        document=document,
        read=query,
        query_tokens=_cut(tokenizer, query, form) if tokenizer else None,
        document_tokens=_cut(tokenizer, document, form) if tokenizer else None,
        notes=tuple(notes),
    )


def _reranker(name: str, argument: str, options: Options) -> Preview:
    reranker, source = reranker_for(argument), source_for(argument, options)
    question, settings = reranker.question, settings_for(argument, options)
    form = Form(options.query_prefix, options.document_prefix, options.max_length or question.max_length)
    folder, notes = _folder(source) if source else (None, [])
    template = Template.parse(options.template or reranker.template)
    query = (form.query_prefix or "") + template.render(QUERY).text
    document = (form.document_prefix or "") + document_text(DOCUMENT)
    read = question.ask(Pair(query, document)).text
    return Preview(
        name=name,
        place=str(folder or "not on this machine"),
        preset=reranker.name or None,
        preset_source=reranker.source or None,
        template=template.pattern,
        form=form,
        similarity=None,
        answers=(question.relevant, question.irrelevant),
        query=query,
        document=document,
        read=read,
        query_tokens=_cut(_tokenizer(folder, settings, form), read, form) if folder else None,
        document_tokens=None,
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
