"""Chat completions from any server that answers ``/chat/completions`` as OpenAI's does.

This module imports an HTTP client: import it where a server is asked, not before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ifir_eval.errors import RetrieverError
from ifir_eval.servers.client import Client
from ifir_eval.servers.completion import Complete, Completion, Message


class ChatModel:
    """``model`` behind the server of ``client``; ``parameters`` go into every request as they are.

    Of the threads that ask, as many as the client has hands are served at a time.
    """

    def __init__(self, client: Client, model: str, parameters: Mapping[str, Any]) -> None:
        self._client = client
        self._model = model
        self._parameters = dict(parameters)

    @property
    def identity(self) -> Mapping[str, Any]:
        """Server, model and parameters; a server names no revision."""
        return {"base_url": self._client.server.url, "model": self._model, **self._parameters}

    @contextmanager
    def session(self) -> Iterator[Complete]:
        """A function that any number of threads may call; see `Client.session`.

        It raises what `Client.post_all` raises, and RetrieverError for a reply that is no completion.
        """
        with self._client.session() as post:

            def complete(messages: Sequence[Message]) -> Completion:
                asked = [{"role": message.role, "content": message.content} for message in messages]
                body = {"model": self._model, "messages": asked, **self._parameters}
                return _completion(post("chat/completions", body), self._client)

            yield complete


def _completion(reply: Any, client: Client) -> Completion:
    """The first choice of a reply; one without text (a tool call, a filtered answer) is empty."""
    try:
        choice = reply["choices"][0]
        content, finish = choice["message"].get("content"), choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        said = client.server.quote(str(reply))
        raise RetrieverError(
            f"{client.server.url} answers with something that is no chat completion: {said}"
        ) from None
    usage = reply.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    read, written = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return Completion(
        content if isinstance(content, str) else "",
        finish == "length",
        read if isinstance(read, int) else None,
        written if isinstance(written, int) else None,
    )
