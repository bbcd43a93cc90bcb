"""Chat completions from a server that misbehaves."""

from __future__ import annotations

from typing import Any

import pytest
from misbehaving_server import MisbehavingServer, changed, reset, status, truncated
from served_models import hasty_client

from ifir_eval.errors import IncompleteError, RetrieverError
from ifir_eval.servers.chat import ChatModel
from ifir_eval.servers.completion import Completion, Message

ASKED = [Message("user", "How many?"), Message("assistant", "Many."), Message("user", "A number!")]


def answer(path: str, body: Any) -> Any:
    """Gives the request back as text; a token is a character."""
    assert path == "/v1/chat/completions"
    said = f"{body['model']} {body['temperature']} {body['messages'][-1]['content']}"
    message = {"role": "assistant", "content": said}
    usage = {"prompt_tokens": 20, "completion_tokens": len(said), "total_tokens": 20 + len(said)}
    return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


def ask(server: MisbehavingServer, **client: Any) -> Completion:
    model = ChatModel(hasty_client(server.url, **client), "tiny", {"temperature": 0.5})
    with model.session() as complete:
        return complete(ASKED)


def test_a_completion_brings_its_text_and_its_tokens() -> None:
    with MisbehavingServer(answer) as server:
        assert ask(server) == Completion("tiny 0.5 A number!", False, 20, 18)
        assert [turn["role"] for turn in server.received[0].body["messages"]] == ["user", "assistant", "user"]


def test_passing_failures_are_tried_again() -> None:
    faults = status(429), truncated(), reset()
    with MisbehavingServer(answer, *faults) as server:
        assert ask(server).text == "tiny 0.5 A number!"
    server = MisbehavingServer(answer, *faults, status(503))
    with server, pytest.raises(IncompleteError, match="at try 4 of 4"):
        ask(server)


def test_a_reply_that_was_cut_off_says_so() -> None:
    def cut(good: Any) -> Any:
        return {**good, "choices": [{**good["choices"][0], "finish_reason": "length"}]}

    with MisbehavingServer(answer, changed(cut)) as server:
        assert ask(server).cut


def test_a_reply_without_text_is_empty_and_without_usage_tells_no_tokens() -> None:
    """As servers answer with a tool call, or where a filter took the text away."""
    refused = {"choices": [{"message": {"role": "assistant", "content": None}, "finish_reason": "filter"}]}
    with MisbehavingServer(answer, changed(lambda good: refused)) as server:
        assert ask(server) == Completion("", False, None, None)


@pytest.mark.parametrize("reply", [{}, {"choices": []}, {"choices": [{}]}, [], {"error": "later"}])
def test_a_reply_that_is_no_completion_is_told(reply: Any) -> None:
    server = MisbehavingServer(answer, changed(lambda good: reply))
    with server, pytest.raises(RetrieverError, match="no chat completion"):
        ask(server)


def test_neither_errors_nor_identity_tell_the_key() -> None:
    with MisbehavingServer(answer, status(401, "wrong key sk-secret")) as server:
        with pytest.raises(RetrieverError, match=r"wrong key \*\*\*") as raised:
            ask(server, key="sk-secret")
        model = ChatModel(hasty_client(server.url, key="sk-secret"), "tiny", {"temperature": 0})
    assert "sk-secret" not in f"{raised.value!r} {model.identity}"
    assert model.identity == {"base_url": server.url, "model": "tiny", "temperature": 0}
