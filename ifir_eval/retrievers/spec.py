"""From what a user writes to a retriever: ``bm25``, ``org/model``, ``run:results.trec`` and so on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ifir_eval.errors import IfirEvalError, RetrieverError, UnknownNameError
from ifir_eval.retrievers import packaged
from ifir_eval.retrievers.dense import Dense, locate
from ifir_eval.retrievers.lexical import BM25
from ifir_eval.retrievers.mteb_model import MtebModel
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.oracle import Oracle
from ifir_eval.retrievers.python_object import PythonObject
from ifir_eval.retrievers.random_scores import RandomScores
from ifir_eval.retrievers.retriever import Retriever
from ifir_eval.retrievers.run_file import RunFile

__all__ = ["KINDS", "Kind", "Options", "build", "build_all"]


class Kind(NamedTuple):
    """A kind of retriever, an example of its spec, and one sentence about it."""

    name: str
    example: str
    summary: str


KINDS = (
    Kind("bm25", "bm25", "BM25 over English stems, every candidate scored."),
    Kind(
        "dense",
        "sentence-transformers/all-MiniLM-L6-v2",
        "A sentence-transformers encoder: a hub name, name@<40-hex commit>, or a local folder.",
    ),
    Kind("demo", "demo:all-MiniLM-L6-v2", "That encoder from the package of the extra [demo], without a hub."),
    Kind(
        "mteb",
        "mteb:intfloat/e5-small-v2",
        "An encoder or reranker of mteb's registry, at the revision that mteb pins.",
    ),
    Kind("run", "run:results.trec", "Any system's TREC run, several files separated by commas."),
    Kind("python", "python:mine:make", "An object of your own, made by a function and given all queries."),
    Kind("random", "random:0", "Seeded uniform scores, the baseline that knows nothing."),
    Kind("oracle", "oracle", "The judgements themselves as scores, the top of every scale."),
)

_BY_PREFIX: dict[str, Callable[[str, str, Options], Retriever]] = {
    "bm25": BM25.build,
    "demo": packaged.build,
    "mteb": MtebModel.build,
    "run": RunFile.build,
    "python": PythonObject.build,
    "random": RandomScores.build,
    "oracle": Oracle.build,
}


def build(spec: str, options: Options) -> Retriever:
    """The retriever that ``spec`` describes; its model is loaded when it first answers.

    Raises:
        UnknownNameError: if ``spec`` is no kind of retriever.
        RetrieverError: if it is one, but cannot be used as written.
        InvalidInputError: if a run file has problems.
        MissingPackageError: if its kind needs a package that is not installed.
    """
    prefix, _, argument = spec.partition(":")
    if prefix in _BY_PREFIX:
        return _BY_PREFIX[prefix](spec, argument, options)
    model = locate(spec)
    if model is None:
        raise UnknownNameError("retriever", [spec], [kind.example for kind in KINDS])
    return Dense.build(spec, model, options)


def build_all(specs: Sequence[str], options: Options) -> list[Retriever]:
    """The retrievers that ``specs`` describe, in their order.

    Raises:
        IfirEvalError: one for all wrong specs; of their own kind if they are wrong in one way.
    """
    built: list[Retriever] = []
    unknown: list[str] = []
    errors: list[IfirEvalError] = []
    for spec in specs:
        try:
            built.append(build(spec, options))
        except IfirEvalError as error:
            if isinstance(error, UnknownNameError) and error.unknown == (spec,):
                unknown.append(spec)
            else:
                errors.append(error)
    if unknown:
        errors.append(UnknownNameError("retriever", unknown, [kind.example for kind in KINDS]))
    distinct = {str(error): error for error in errors}
    if len(distinct) == 1:
        raise errors[0]
    if distinct:
        raise RetrieverError("\n".join(distinct))
    return built
