"""``causal:MODEL``: a causal language model asked for each document whether it is relevant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ifir_eval.encoding.question import Question
from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.by_pairs import ByPairs, first_stage
from ifir_eval.retrievers.by_vectors import vector_cache
from ifir_eval.retrievers.cross_encoder import pair_model
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.presets import model_names, settings_for
from ifir_eval.retrievers.prompt import Template

_OWN = "reranker.toml"


@dataclass(frozen=True, slots=True)
class Reranker:
    """How a family of models reranks, from `rerankers.toml`, or one model, from its own `reranker.toml`.

    ``name`` and ``source`` are the family's; empty for a model that says it itself.
    """

    question: Question
    template: str | None = None
    default_instruction: str = ""
    name: str = ""
    source: str = ""

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Reranker:
        """What ``table`` of such a file says."""
        said = {name: table.get(name, "") for name in ("default_instruction", "name", "source")}
        return cls(Question.of(table), table.get("template"), **said)


def build(spec: str, argument: str, options: Options) -> ByPairs:
    """Make one for a hub name, name@commit or a local folder; nothing is loaded yet.

    Raises:
        MissingPackageError: if sentence-transformers is not installed.
        RetrieverError: if there is no such model, nothing says how it is asked, or an option cannot reach it.
    """
    source = pair_model(spec, argument, options)
    reranker = reranker_for(argument)
    from ifir_eval.encoding.causal_reranker import CausalReranker

    return ByPairs(
        spec,
        "causal",
        CausalReranker(source, settings_for(argument, options), reranker.question),
        Template.parse(options.template or reranker.template),
        vector_cache(options),
        first=first_stage(options),
        default_instruction=reranker.default_instruction,
    )


def reranker_for(argument: str) -> Reranker:
    """How the model that a user calls ``argument`` is asked: by its own file, else as its family is.

    Raises:
        RetrieverError: if nothing says it, or its own file is of no use.
    """
    own = Path(argument).expanduser() / _OWN
    if own.is_file():
        try:
            return Reranker.of(tomllib.loads(own.read_text(encoding="utf-8")))
        except (ValueError, RetrieverError) as error:
            raise RetrieverError(f"{own}: {error}") from error
    for name in model_names(argument):
        for models, reranker in _families():
            if any(re.fullmatch(model, name, re.IGNORECASE) for model in models):
                return reranker
    known = ", ".join(model for models, _ in _families() for model in models)
    raise RetrieverError(
        f"nothing says how to ask {argument!r} whether a document is relevant: its name is none of {known}; "
        f"write its prompt into a file {_OWN} in its folder, with the keys of ifir_eval's rerankers.toml"
    )


@cache
def _families() -> tuple[tuple[tuple[str, ...], Reranker], ...]:
    """The names of each family's models and how they rerank, in the order of the file."""
    text = files(__package__).joinpath("rerankers.toml").read_text(encoding="utf-8")
    return tuple((tuple(table["models"]), Reranker.of(table)) for table in tomllib.loads(text)["reranker"])
