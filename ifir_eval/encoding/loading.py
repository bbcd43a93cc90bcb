"""From a model's folder to a loaded sentence-transformers model, safely.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any, TypedDict

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from sentence_transformers.util import fullname
from transformers.utils import logging as transformers_logging

from ifir_eval.encoding.checkpoint import check, is_adapter
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.form import POOLING_MODES, is_plain, resolve, similarity
from ifir_eval.encoding.hub import base_of
from ifir_eval.encoding.instruction_attention import InstructionQueryAttention
from ifir_eval.encoding.library_model import positions_of, refuse_beyond
from ifir_eval.encoding.settings import Form, ModelSettings
from ifir_eval.encoding.tokens import append_eos
from ifir_eval.encoding.untrained import refusing_untrained
from ifir_eval.errors import MissingPackageError, RetrieverError

# A plain causal model often brings a chat template, which would wrap every text if it were not for this.
_TEXT_ONLY: Any = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}


def load(folder: Path, settings: ModelSettings) -> SentenceTransformer:
    """Load the model in ``folder`` in the form that `resolve` finds; its prompts have all names of their role.

    No code of its own and no pickled weights unless ``settings`` say so, and no network, but for the base of
    an adapter. A plain `transformers` encoder becomes transformer, pooling and normalisation.

    Raises:
        RetrieverError: if the folder cannot be loaded safely, or not with these settings.
        MissingPackageError: for an adapter, if `peft` is not installed.
    """
    check(
        folder,
        allow_pickle=settings.allow_pickle,
        trust_remote_code=settings.trust_remote_code,
        adapters=True,
    )
    adapter = folder if is_adapter(folder) else _given_adapter(settings)
    base = _base(folder) if is_adapter(folder) else folder
    # An adapter that sentence-transformers saved has its own modules, and finds its base by itself.
    described = base if is_plain(folder) else folder
    form = resolve(described, settings)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with refusing_untrained(described):
            model = (_plain if is_plain(described) else _configured)(described, form, settings)
        compared: Any = similarity(described, settings)
        if compared:
            model.similarity_fn_name = compared
        if adapter and adapter != described:
            _merge(adapter, model)
        if settings.dtype and model.dtype != getattr(torch, settings.dtype):
            model.to(getattr(torch, settings.dtype))
    except (RetrieverError, MissingPackageError):
        raise
    except Exception as error:  # a checkpoint may fail in any way
        raise RetrieverError(f"cannot load the model in {folder}: {error}") from error
    _shape(model, form, settings)
    return model


def _given_adapter(settings: ModelSettings) -> Path | None:
    if settings.adapter is None:
        return None
    folder = settings.adapter.folder()
    check(folder, allow_pickle=settings.adapter.allow_pickle, adapters=True)
    if not (folder / "adapter_config.json").is_file():
        raise RetrieverError(f"{folder} holds no adapter (no adapter_config.json)")
    return folder


def _base(adapter: Path) -> Path:
    folder = base_of(adapter).folder()
    check(folder)
    return folder


class LibraryArguments(TypedDict):
    """Keywords that all model classes of sentence-transformers share."""

    model_kwargs: dict[str, Any]
    processor_kwargs: dict[str, Any]
    config_kwargs: dict[str, Any]


def library_arguments(settings: ModelSettings) -> LibraryArguments:
    """What any model class of sentence-transformers is told for weights, tokenizer and configuration."""
    source = {"local_files_only": True, "trust_remote_code": settings.trust_remote_code}
    weights = {"use_safetensors": None if settings.allow_pickle else True, "weights_only": True}
    # Converted while it is read: a model that is converted afterwards also rounds its rotary frequencies.
    dtype = {"dtype": getattr(torch, settings.dtype)} if settings.dtype else {}
    return {
        "model_kwargs": {**source, **weights, **dtype},
        "processor_kwargs": {**source},
        "config_kwargs": {**source},
    }


def _configured(folder: Path, _: Form, settings: ModelSettings) -> SentenceTransformer:
    """The model as its sentence-transformers configuration describes it."""
    # Modules of other packages than its own count as remote code for the library; this one is our own.
    ours = {fullname(InstructionQueryAttention): InstructionQueryAttention}
    return SentenceTransformer._load_with_module_classes(  # noqa: SLF001
        str(folder),
        ours,
        device=settings.device,
        trust_remote_code=settings.trust_remote_code,
        local_files_only=True,
        **library_arguments(settings),
    )


def _plain(folder: Path, form: Form, settings: ModelSettings) -> SentenceTransformer:
    """A `transformers` model with pooling and normalisation behind it."""
    if form.pooling is None:
        raise RetrieverError(
            f"{folder} is a plain transformers model and does not say how the vectors of its tokens become "
            "one; its authors do: write --pooling cls, mean or last"
        )
    transformer = Transformer(
        str(folder),
        modality_config=_TEXT_ONLY,
        module_output_name="token_embeddings",
        **library_arguments(settings),
    )
    tokenizer = transformer.tokenizer
    # Padding on the right moves no position: a causal model does not see it, and pooling goes by the mask.
    tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token  # masked, so any token will do
    pooling = Pooling(transformer.get_embedding_dimension(), POOLING_MODES[form.pooling])
    normal = [Normalize()] if similarity(folder, settings) == "cosine" else []
    return SentenceTransformer(modules=[transformer, pooling, *normal], device=settings.device)


def _merge(adapter: Path, model: SentenceTransformer) -> None:
    """Merge the weights of ``adapter`` into the model's transformer.

    Weights that find no place are refused: `peft` warns, and what it then measures is the base model.
    """
    try:
        from peft import PeftModel, get_peft_model_state_dict, load_peft_weights  # noqa: PLC0415  (optional)
    except ImportError:
        raise MissingPackageError("peft", "a LoRA adapter", "ifir-eval[lora]") from None
    inner: Any = model[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapted = PeftModel.from_pretrained(inner.auto_model, str(adapter))
        places = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    given = load_peft_weights(str(adapter), device="cpu")
    if misfits := sorted(places.keys() ^ given.keys()):
        raise RetrieverError(
            f"the adapter in {adapter} does not fit the model: {len(misfits)} weights are on one side only, "
            f"such as {misfits[0]!r}"
        )
    adapted.merge_and_unload()


def _shape(model: SentenceTransformer, form: Form, settings: ModelSettings) -> None:
    """Give the loaded model prompts, end-of-text token, pooling and maximum length as ``form`` has them."""
    for role, prefix in ((Role.QUERY, form.query_prefix), (Role.DOCUMENT, form.document_prefix)):
        if prefix is not None:
            model.prompts.update(dict.fromkeys(role.value, prefix))
    if form.append_eos:
        append_eos(model.tokenizer)
    if settings.pooling:
        _set_pooling(model, POOLING_MODES[settings.pooling])
    positions = positions_of(getattr(model[0], "auto_model", None))
    refuse_beyond(positions, settings.max_length)
    if form.max_length or positions < sys.maxsize:
        _set_max_length(model, min(form.max_length or model.max_seq_length or positions, positions))


def _set_pooling(model: SentenceTransformer, mode: str) -> None:
    places = [place for place, module in enumerate(model) if isinstance(module, Pooling)]
    if len(places) != 1:
        raise RetrieverError("this model does not pool tokens in one place, and takes no --pooling")
    inner: Any = model[0]
    before: Any = model[places[0]]
    model[places[0]] = Pooling(inner.get_embedding_dimension(), mode, before.include_prompt)


def _set_max_length(model: SentenceTransformer, max_length: int) -> None:
    try:
        model.max_seq_length = max_length
    except AttributeError:
        raise RetrieverError("this model reads texts of any length and takes no maximum length") from None
