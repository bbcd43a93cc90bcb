"""From what a user writes to a retriever: ``bm25``, ``org/model``, ``run:results.trec`` and so on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ifir_eval.errors import IfirEvalError, RetrieverError, UnknownNameError
from ifir_eval.retrievers import (
    causal_reranker,
    cross_encoder,
    dense,
    late_interaction,
    packaged,
    sparse,
    static,
)
from ifir_eval.retrievers.endpoint.build import build_embedder, build_reranker
from ifir_eval.retrievers.fusion import Fusion
from ifir_eval.retrievers.lexical import BM25
from ifir_eval.retrievers.mteb_model import MtebModel
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.oracle import Oracle
from ifir_eval.retrievers.presets import source_for
from ifir_eval.retrievers.python_object import PythonObject
from ifir_eval.retrievers.random_scores import RandomScores
from ifir_eval.retrievers.retriever import Retriever
from ifir_eval.retrievers.run_file import RunFile

__all__ = ["KINDS", "Kind", "Options", "build", "build_all"]


class Kind(NamedTuple):
    """A kind of retriever: its prefix, an example of its spec, one sentence about it, and what makes one.

    ``build`` takes the whole spec, what follows the colon, and the options. The one kind that has none is
    the model's own name or folder.
    """

    name: str
    example: str
    summary: str
    build: Callable[[str, str, Options], Retriever]


def _dense(spec: str, argument: str, options: Options) -> Retriever:
    """A model by its plain name or folder, or after ``dense:``."""
    if not argument or source_for(argument, options) is None:
        raise UnknownNameError("retriever", [spec], [kind.example for kind in KINDS])
    return dense.build(spec, argument, options)


KINDS = (
    Kind("bm25", "bm25", "BM25 over English stems, every candidate scored.", BM25.build),
    Kind(
        "dense",
        "sentence-transformers/all-MiniLM-L6-v2",
        "An encoder: a hub name, name@<40-hex commit>, or a local folder.",
        _dense,
    ),
    Kind(
        "demo",
        "demo:all-MiniLM-L6-v2",
        "That encoder from the package of the extra [demo], without a hub.",
        packaged.build,
    ),
    Kind(
        "static",
        "static:minishlab/potion-base-8M",
        "Static embeddings in model2vec's format: a bag of tokens, the floor of instruction sensitivity.",
        static.build,
    ),
    Kind(
        "splade",
        "splade:naver/splade-v3",
        "A learned sparse encoder (sentence-transformers' SparseEncoder).",
        sparse.build,
    ),
    Kind(
        "colbert",
        "colbert:colbert-ir/colbertv2.0",
        "Late interaction: MaxSim over the vectors of all tokens.",
        late_interaction.build,
    ),
    Kind(
        "cross",
        "cross:BAAI/bge-reranker-base",
        "A cross-encoder over the candidates, or over the best of --first-stage.",
        cross_encoder.build,
    ),
    Kind(
        "causal",
        "causal:jhu-clsp/FollowIR-7B",
        "A language model that says true or false (FollowIR-7B, Qwen3-Reranker), over the same.",
        causal_reranker.build,
    ),
    Kind(
        "openai",
        "openai:text-embedding-3-small",
        "Vectors of any OpenAI-compatible server (--base-url).",
        build_embedder,
    ),
    Kind(
        "rerank",
        "rerank:jina-reranker-v2-base-multilingual",
        "A reranker behind a Cohere- or Jina-style server (--base-url).",
        build_reranker,
    ),
    Kind(
        "rrf",
        "rrf:bm25+demo:all-MiniLM-L6-v2",
        "Two retrievers or more, fused by reciprocal rank.",
        Fusion.build,
    ),
    Kind(
        "mteb",
        "mteb:intfloat/e5-small-v2",
        "An encoder or reranker of mteb's registry, at the revision that mteb pins.",
        MtebModel.build,
    ),
    Kind("run", "run:results.trec", "Any system's TREC run, several files separated by commas.", RunFile.build),
    Kind(
        "python",
        "python:mine:make",
        "An object of your own, made by a function and given all queries.",
        PythonObject.build,
    ),
    Kind("random", "random:0", "Seeded uniform scores, the baseline that knows nothing.", RandomScores.build),
    Kind("oracle", "oracle", "The judgements themselves as scores, the top of every scale.", Oracle.build),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


def build(spec: str, options: Options) -> Retriever:
    """The retriever that ``spec`` describes; its model is loaded when it first answers.

    Raises:
        UnknownNameError: if ``spec`` is no kind of retriever.
        RetrieverError: if it is one, but cannot be used as written.
        InvalidInputError: if a run file has problems.
        MissingPackageError: if its kind needs a package that is not installed.
    """
    prefix, _, argument = spec.partition(":")
    kind = _BY_NAME.get(prefix)
    return kind.build(spec, argument, options) if kind else _dense(spec, spec, options)


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
