"""From ``openai:MODEL`` and ``rerank:MODEL`` to retrievers."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from ifir_eval.encoding.encoder import Role
from ifir_eval.errors import MissingPackageError, Mistakes, RetrieverError
from ifir_eval.retrievers.by_pairs import ByPairs, first_stage
from ifir_eval.retrievers.by_vectors import ByVectors, vector_cache
from ifir_eval.retrievers.endpoint.served import Served
from ifir_eval.retrievers.options import Options, refuse_what_encoders_take
from ifir_eval.retrievers.prompt import Template
from ifir_eval.servers.server import OPENAI, Server


def build_embedder(spec: str, argument: str, options: Options) -> Served:
    """``openai:MODEL``: the vectors of an OpenAI-compatible server, OpenAI's own unless a base URL is given.

    Raises:
        RetrieverError: for options that a server cannot follow.
        MissingPackageError: without the HTTP client.
    """
    server = _checked(spec, argument, options, options.base_url or OPENAI)
    from ifir_eval.retrievers.endpoint.embeddings import EndpointEmbedder
    from ifir_eval.servers.client import Client

    client = Client(server, concurrency=options.concurrency, price=options.price)
    embedder = EndpointEmbedder(
        client, argument, prefixes=_prefixes(options), batch_tokens=options.batch_tokens
    )
    template = Template.parse(options.template)
    return Served(ByVectors(spec, "openai", embedder, template, vector_cache(options)), client)


def build_reranker(spec: str, argument: str, options: Options) -> Served:
    """``rerank:MODEL``: the scores of a server that answers ``/rerank``, whose base URL must be given.

    Raises:
        RetrieverError: for options that a server cannot follow.
        MissingPackageError: without the HTTP client.
        IfirEvalError: if the first stage cannot be built.
    """
    server = _checked(spec, argument, options, options.base_url, hands_on=options.first_stage is not None)
    from ifir_eval.retrievers.endpoint.rerank import EndpointReranker
    from ifir_eval.servers.client import Client

    client = Client(server, concurrency=options.concurrency, price=options.price)
    scorer = EndpointReranker(client, argument, prefixes=_prefixes(options), batch_tokens=options.batch_tokens)
    template, cache = Template.parse(options.template), vector_cache(options)
    inner = ByPairs(spec, "rerank", scorer, template, cache, first=first_stage(options))
    return Served(inner, client)


def _prefixes(options: Options) -> Mapping[Role, str]:
    return {Role.QUERY: options.query_prefix or "", Role.DOCUMENT: options.document_prefix or ""}


def _checked(
    spec: str, model: str, options: Options, base_url: str | None, *, hands_on: bool = False
) -> Server:
    """The server to ask, with everything wrong about the request for it told at once.

    ``hands_on``: the options are handed on to a retriever that may heed those which a server does not.
    """
    if importlib.util.find_spec("httpx2") is None:
        raise MissingPackageError("httpx2", "a model behind a server", "ifir-eval[endpoint]")
    mistakes, server = Mistakes(), None
    with mistakes:
        if not model:
            raise RetrieverError(f"{spec!r} names no model; write {spec}MODEL")
    with mistakes:
        if options.max_length is not None:
            raise RetrieverError(f"{spec}: a server cuts texts as it likes and takes no --max-length")
    with mistakes:
        # A first stage is built with the same options, and refuses what it cannot take.
        if not hands_on:
            refuse_what_encoders_take(spec, "a model behind a server", options)
    with mistakes:
        if not base_url:
            raise RetrieverError(f"{spec}: write the address of its server as --base-url")
        server = Server.at(base_url)
    mistakes.raise_all()
    assert server is not None
    return server
