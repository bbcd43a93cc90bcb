"""Addresses and keys of servers."""

from __future__ import annotations

import pytest

from ifir_eval.errors import IfirEvalError, RetrieverError
from ifir_eval.retrievers.endpoint.build import build_embedder, build_reranker
from ifir_eval.retrievers.options import Options
from ifir_eval.servers.server import OPENAI, Server

LOCAL = "http://localhost:8000/v1"


@pytest.mark.parametrize(
    ("url", "keys", "sent"),
    [
        (OPENAI, {"OPENAI_API_KEY": "a"}, "a"),
        (OPENAI, {"OPENAI_API_KEY": "a", "IFIR_EVAL_API_KEY": "b"}, "b"),
        (LOCAL, {"OPENAI_API_KEY": "a"}, ""),
        ("https://api.openai.com.evil.example/v1", {"OPENAI_API_KEY": "a"}, ""),
        ("http://api.openai.com/v1", {"OPENAI_API_KEY": "a"}, ""),
        (LOCAL, {"OPENAI_API_KEY": "a", "IFIR_EVAL_API_KEY": " b\n"}, "b"),
        (LOCAL, {}, ""),
    ],
)
def test_openais_key_goes_to_openai_alone_and_ours_anywhere(
    url: str, keys: dict[str, str], sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "IFIR_EVAL_API_KEY"):
        monkeypatch.setenv(variable, keys.get(variable, ""))
    server = Server.at(url)
    assert server.key == sent
    assert "key" not in repr(server)


@pytest.mark.parametrize("key", ["sk-0123 456", "sk-0123\n456", "sk-0123ü456"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_told(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The HTTP library's own error repeats it."""
    monkeypatch.setenv("IFIR_EVAL_API_KEY", key)
    with pytest.raises(RetrieverError, match="API key in IFIR_EVAL_API_KEY") as raised:
        Server.at(LOCAL)
    assert "sk-" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:s3cret@host/v1",
        "https://s3cret@host/v1",
        "https://host/v1?key=s3cret",
        "https://host/v1#s3cret",
        "https://host:s3cret/v1",
        "s3cret",
        "ftp://host/s3cret",
        "https:///s3cret",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(RetrieverError, match="--base-url") as raised:
        Server.at(url)
    assert "s3cret" not in str(raised.value)


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(IfirEvalError) as raised:
        build_reranker("rerank:", "", Options(max_length=512))
    for part in ("names no model", "--max-length", "--base-url"):
        assert part in str(raised.value)


def test_without_a_base_url_embeddings_come_from_openai() -> None:
    assert build_embedder("openai:m", "m", Options()).identity.settings["base_url"] == OPENAI
