"""Models whose numbers anybody can compute, as servers answer with them."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ifir_eval.servers.client import Client, Patience
from ifir_eval.servers.server import Server

DIMENSION = 16


def vector(text: str) -> NDArray[np.float32]:
    """The vector of ``text``: random numbers that its hash seeds."""
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)


def score(query: str, document: str) -> float:
    """The score of a pair."""
    return float(vector(f"{query}\n{document}")[0])


def embeddings(path: str, body: Any) -> Any:
    """As OpenAI answers; a token is a word."""
    assert path == "/v1/embeddings"
    data = [
        {"object": "embedding", "index": index, "embedding": vector(text).tolist()}
        for index, text in enumerate(body["input"])
    ]
    tokens = sum(len(text.split()) for text in body["input"])
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}


def _ranked(path: str, body: Any) -> list[dict[str, Any]]:
    assert path == "/v1/rerank"
    assert body["top_n"] == len(body["documents"])
    scores = [score(body["query"], document) for document in body["documents"]]
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    return [{"index": index, "relevance_score": scores[index]} for index in order]


def cohere_rerank(path: str, body: Any) -> Any:
    """As Cohere answers: best first, billed by searches."""
    return {"id": "1", "results": _ranked(path, body), "meta": {"billed_units": {"search_units": 1}}}


def jina_rerank(path: str, body: Any) -> Any:
    """As Jina answers: best first, with documents, billed by tokens."""
    results = [
        {**entry, "document": {"text": body["documents"][entry["index"]]}} for entry in _ranked(path, body)
    ]
    return {"model": body["model"], "usage": {"total_tokens": len(results)}, "results": results}


def hasty_client(
    url: str, concurrency: int = 4, price: float | None = None, key: str = "", timeout: float = 10
) -> Client:
    """A client that waits hundredths of seconds before it tries again, where others wait seconds."""
    patience = Patience(tries=4, first_wait=0.01, longest_wait=5, timeout=timeout)
    return Client(Server(url, key), concurrency=concurrency, price=price, patience=patience)
