"""What a model's own configuration says of its form, and who has the last word about it.

Nothing here loads a model: the form is read from the small files beside the weights.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ifir_eval.encoding.checkpoint import modules, read_config
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.settings import Form, ModelSettings

_LAST = "lasttoken"
POOLING_MODES = {"cls": "cls", "mean": "mean", "last": _LAST}
"""Our names of poolings, and those of sentence-transformers."""


def is_plain(folder: Path) -> bool:
    """Whether ``folder`` holds a `transformers` model without a sentence-transformers configuration."""
    return not (folder / "modules.json").is_file()


def resolve(folder: Path | None, settings: ModelSettings) -> Form:
    """The form in which the model in ``folder`` is used: the user's word, else its own, else its preset's.

    A model with a sentence-transformers configuration takes only prefixes and the end-of-text token from a
    preset; prompts of its own are kept, never doubled and never dropped (docs/methods.md, trap 8). Without a
    folder (a hub model that is not here yet) its own word is not known.
    """
    preset = settings.preset.form if settings.preset else Form()
    if folder is None:
        return settings.form.over(preset)
    if not is_plain(folder):
        preset = replace(preset, max_length=None, pooling=None)
    return settings.form.over(own(folder)).over(preset)


def similarity(folder: Path | None, settings: ModelSettings) -> str | None:
    """How vectors are compared: the model's own word, else its preset's, else for a plain model the cosine.

    None where none of these is known.
    """
    preset = settings.preset.similarity if settings.preset else None
    if folder is None:
        return preset
    said = read_config(folder / "config_sentence_transformers.json").get("similarity_fn_name")
    return said or preset or ("cosine" if is_plain(folder) else None)


def own(folder: Path) -> Form:
    """What the configuration in ``folder`` says; a model with any prompt for retrieval has said all of them."""
    prompts = read_config(folder / "config_sentence_transformers.json").get("prompts") or {}
    query, document = (
        next((prompts[name] for name in role.value if prompts.get(name)), "")
        for role in (Role.QUERY, Role.DOCUMENT)
    )
    prompted = bool(query or document)
    return Form(
        query_prefix=query if prompted else None,
        document_prefix=document if prompted else None,
        max_length=read_config(folder / "sentence_bert_config.json").get("max_seq_length"),
        pooling=_pooling(folder),
        # transformers 5 believes tokenizer.json, whose post-processor often lacks what this flag promises:
        # e5-mistral-7b-instruct then pools its last word.
        append_eos=read_config(folder / "tokenizer_config.json").get("add_eos_token") or None,
    )


def _pooling(folder: Path) -> str | None:
    for module in modules(folder):
        if module["type"].endswith("Pooling"):
            config = read_config(folder / module["path"] / "config.json")
            flags = [
                name for name, value in config.items() if name.startswith("pooling_mode_") and value is True
            ]
            mode = str(config.get("pooling_mode") or ", ".join(flags))
            named = mode.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
            return "last" if named == _LAST else named
    return None
