"""The model that training begins with: loaded as a retriever would, and refused where it cannot be trained."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ifir_eval.encoding.encoder import Role, Setting
from ifir_eval.encoding.sentence_transformer import SentenceTransformerEmbedder
from ifir_eval.errors import IfirEvalError, MissingPackageError
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.prompt import Template
from ifir_eval.retrievers.spec import build
from ifir_eval.training.recipe import ATTENTION, Recipe
from ifir_eval.training.rows import Row

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class Base(NamedTuple):
    """A model to be changed, how query and instruction become one text for it, and what it is."""

    model: SentenceTransformer
    template: Template
    identity: Mapping[str, Setting]


class Found(NamedTuple):
    """A base before its weights are loaded."""

    embedder: SentenceTransformerEmbedder
    template: Template
    identity: Mapping[str, Setting]


def find(spec: str, recipe: Recipe) -> Found:
    """The base that a user calls ``spec``; reads its files, loads nothing.

    Raises:
        IfirEvalError: if there is no such model, or one whose weights are not at hand.
    """
    for package in ("accelerate", "datasets"):
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(package, "training", "ifir-eval[train]")
    retriever = build(spec, recipe.as_options())
    if not (isinstance(retriever, ByVectors) and isinstance(retriever.embedder, SentenceTransformerEmbedder)):
        raise IfirEvalError(
            f"{spec!r} cannot be trained: only dense encoders can, by hub name, folder or demo:all-MiniLM-L6-v2"
        )
    identity = retriever.identity.settings
    return Found(retriever.embedder, Template.parse(str(identity["template"])), identity)


def load(found: Found, spec: str, recipe: Recipe) -> Base:
    """The model itself, on the CPU, in fp32 and with the pooling and dropout of ``recipe``.

    Raises:
        IfirEvalError: if it cannot be loaded, or has no weights that can be trained.
    """
    model = found.embedder.load().to("cpu")
    if reason := _hindrance(model, recipe):
        raise IfirEvalError(f"{spec!r} cannot be trained: {reason}")
    model.float()
    # All losses are over cosines: the model is scored as it was trained.
    model.similarity_fn_name = "cosine"
    if recipe.dropout is not None:
        _set_dropout(model, recipe.dropout)
    template = found.template
    if recipe.pooling == ATTENTION:
        template = _attend(model, template, given=recipe.template is not None)
    return Base(model, template, found.identity)


def check_fit(rows: Sequence[Row], recipe: Recipe) -> None:
    """Refuse rows from which ``recipe`` learns nothing.

    Raises:
        IfirEvalError: with what is missing.
    """
    instructed = any(row.instruction.strip() for row in rows)
    needs = recipe.objective == "query-preserving" or (recipe.objective == "inf-embed" and "I" in recipe.blocks)
    if needs and not instructed:
        raise IfirEvalError(f"the objective {recipe.objective} learns from instructions, and no row has one")
    alone = recipe.objective != "inf-embed" and not recipe.in_batch
    if alone and (bare := [row for row in rows if not row.negatives]):
        raise IfirEvalError(
            f"{len(bare)} of {len(rows)} rows have no negatives, such as {bare[0].pair_id!r} ({bare[0].view}): "
            "without in-batch negatives they teach nothing; leave them out, or train with in-batch negatives"
        )


def _hindrance(model: SentenceTransformer, recipe: Recipe) -> str:
    """Why ``model`` cannot be trained; empty if it can."""
    from sentence_transformers.sentence_transformer.modules import Transformer  # noqa: PLC0415  (imports torch)

    from ifir_eval.encoding.reading import Padded, reading  # noqa: PLC0415  (imports torch)

    if not isinstance(model[0], Transformer):
        return f"it begins with a {type(model[0]).__name__}, and only transformers are trained here"
    weights = list(model.parameters())
    if not all(weight.is_floating_point() for weight in weights):
        return "its weights are quantised; name the model that it was made from"
    if not any(weight.requires_grad for weight in weights):
        return "all its weights are frozen"
    if recipe.objective == "query-preserving" and not isinstance(reading(model, Role.QUERY), Padded):
        return f"{recipe.objective} has to know which tokens are the query's, which its tokenizer does not tell"
    return ""


def _set_dropout(model: SentenceTransformer, share: float) -> None:
    """Dropout everywhere; the configuration that is saved with the model keeps its own."""
    from torch.nn import Dropout  # noqa: PLC0415  (imports torch)

    for module in model.modules():
        if isinstance(module, Dropout):
            module.p = share
        elif isinstance(getattr(module, "attention_dropout", None), float):
            setattr(module, "attention_dropout", share)  # noqa: B010 - typed as a module's tensor


def _attend(model: SentenceTransformer, template: Template, *, given: bool) -> Template:
    """Pool ``model`` by instruction-query attention; the template that puts the separator between both."""
    from sentence_transformers.sentence_transformer.modules import Pooling  # noqa: PLC0415  (imports torch)

    from ifir_eval.encoding.instruction_attention import (  # noqa: PLC0415  (imports torch)
        InstructionQueryAttention,
    )

    tokenizer: Any = model.tokenizer
    separator = tokenizer.sep_token
    places = [place for place, module in enumerate(model) if isinstance(module, Pooling)]
    if separator is None or len(places) != 1:
        raise IfirEvalError(
            "instruction-query attention needs a tokenizer with a separator token and a model that pools in "
            "one place; name another base or another pooling"
        )
    if not given:
        template = Template.parse(f"{{query}}{separator}{{instruction}}")
    elif separator not in template.pattern:
        raise IfirEvalError(
            f"instruction-query attention tells query and instruction apart by {separator!r}, which the "
            f"template {template.pattern!r} lacks"
        )
    first: Any = model[0]
    query_first = template.pattern.index("{query}") < template.pattern.find("{instruction}")
    model[places[0]] = InstructionQueryAttention(
        first.get_embedding_dimension(),
        tokenizer.sep_token_id,
        tokenizer.cls_token_id,
        query_first=query_first,
    )
    return template


def token_count(model: SentenceTransformer) -> Callable[[str], int]:
    """What a text costs in tokens of ``model``: special ones included, nothing cut off; 0 if it is empty."""
    from ifir_eval.encoding.reading import tokens_needed  # noqa: PLC0415  (imports torch)

    @cache
    def count(text: str) -> int:
        return int(tokens_needed(model, [text])[0]) if text else 0

    return count
