"""Requests to a server: several at a time, in order, patient with failures, silent about the key.

This module imports an HTTP client: import it where a server is asked, not before.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, NamedTuple

import anyio
import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from ifir_eval.errors import IncompleteError, RetrieverError
from ifir_eval.servers.meter import Meter
from ifir_eval.servers.server import KEY, OPENAI_KEY, RefusedTextError, Server

_PASSING = {408, 409, 425, 429}
_OF_ITS_TEXTS = {400, 413, 422}
_REMEDIES = {
    401: f"put a valid key into the environment variable {KEY} ({OPENAI_KEY} serves OpenAI's own server only)",
    404: "check --base-url and the model's name",
}
_REMEDIES[403], _REMEDIES[405] = _REMEDIES[401], _REMEDIES[404]
LESS = "a smaller --batch-tokens asks for less at a time"


Post = Callable[[str, Mapping[str, Any]], Any]


class Reply(NamedTuple):
    """The JSON that came back, and which of the requests it answers."""

    position: int
    content: Any


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is tried, and for how long; all times in seconds.

    The wait after a failure doubles from ``first_wait`` on, less a random part of up to a half. A server that
    names the time to wait gets it, unless it is more than ``longest_wait``. ``timeout`` is how long the
    server may be silent.
    """

    tries: int = 7
    first_wait: float = 0.5
    longest_wait: float = 120.0
    timeout: float = 120.0

    def wait(self, failures: int, told: float | None) -> float:
        """Seconds until the next try after so many ``failures``, of which the last ``told`` how long."""
        jitter = random.uniform(0.5, 1)
        own = min(self.first_wait * 2.0 ** (failures - 1), self.longest_wait) * jitter
        return own if told is None else told + self.first_wait * jitter


class _PassingError(Exception):
    """A failure that another try may mend."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Client:
    """Asks one server; ``meter`` holds what this took so far.

    ``less`` tells the user how to ask for less at a time, in errors that this may mend.
    """

    def __init__(
        self,
        server: Server,
        *,
        concurrency: int,
        price: float | None = None,
        patience: Patience | None = None,
        less: str = LESS,
    ) -> None:
        self.server = server
        self.meter = Meter(price)
        self.concurrency = concurrency
        self._less = less
        self._patience = patience or Patience()

    def with_one_try(self) -> Client:
        """A client of the same server that tries every request once; both count on one meter."""
        patience = replace(self._patience, tries=1)
        client = Client(self.server, concurrency=self.concurrency, patience=patience, less=self._less)
        client.meter = self.meter
        return client

    def post_all(self, path: str, bodies: Iterable[Mapping[str, Any]]) -> Iterator[Reply]:
        """Post each of ``bodies`` to ``path`` and yield the replies in that order, whichever comes first.

        ``bodies`` is read as far as there are free hands. When a request fails for good, the replies that are
        already here are yielded before its error is raised. Leaving the iterator drops what is under way.

        Raises:
            RetrieverError: if the server refuses a request.
            IncompleteError: if it still fails after all tries.
        """
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(self._http()) as http:
            upcoming = enumerate(bodies)
            ahead: deque[tuple[int, Future[Any]]] = deque()
            while True:
                # Twice the hands: while one request is tried again, the others need not wait for it.
                for position, body in islice(upcoming, 2 * self.concurrency - len(ahead)):
                    ahead.append((position, self._start(portal, http, path, body)))
                if not ahead:
                    return
                position, future = ahead.popleft()
                if future.exception() is not None:
                    yield from (self._reply(*one) for one in ahead if _succeeded(one[1]))
                yield self._reply(position, future)

    @contextmanager
    def session(self) -> Iterator[Post]:
        """A function that any number of threads may call: posts a body to a path and waits for the JSON.

        Leaving with an error drops what is under way. The function raises what `post_all` raises.
        """
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(self._http()) as http:
            yield lambda path, body: portal.call(self._metered, http, path, _written(body))

    async def _metered(self, http: httpx2.AsyncClient, path: str, body: str) -> Any:
        content = await self._post(http, path, body)
        self.meter.read(content)  # in the one thread of the event loop
        return content

    def _reply(self, position: int, future: Future[Any]) -> Reply:
        content = future.result()
        self.meter.read(content)
        return Reply(position, content)

    def _start(
        self, portal: BlockingPortal, http: httpx2.AsyncClient, path: str, body: Mapping[str, Any]
    ) -> Future[Any]:
        return portal.start_task_soon(self._post, http, path, _written(body))

    def _http(self) -> httpx2.AsyncClient:
        headers = {"Content-Type": "application/json"}
        if self.server.key:
            headers["Authorization"] = f"Bearer {self.server.key}"
        return httpx2.AsyncClient(
            headers=headers,
            limits=httpx2.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency),
            timeout=httpx2.Timeout(self._patience.timeout, pool=None),
        )

    async def _post(self, http: httpx2.AsyncClient, path: str, body: str) -> Any:
        tries = 0
        while True:
            tries += 1
            self.meter.requests += 1
            try:
                return await self._try(http, path, body)
            except _PassingError as trouble:
                wait = self._wait_after(tries, trouble)
            self.meter.retries += 1
            await anyio.sleep(wait)

    def _wait_after(self, tries: int, trouble: _PassingError) -> float:
        """Seconds until the next try, if there is to be one."""
        told, longest = trouble.wait or 0.0, self._patience.longest_wait
        if tries < self._patience.tries and told <= longest:
            return self._patience.wait(tries, trouble.wait)
        asked = f" and asks to wait {told:.0f} seconds" if told > longest else ""
        raise IncompleteError(
            f"{self.server.url} fails at try {tries} of {self._patience.tries}{asked}: {trouble}; "
            "finished work is kept, and the same command goes on with the rest"
        ) from None

    async def _try(self, http: httpx2.AsyncClient, path: str, body: str) -> Any:
        try:
            response = await http.post(f"{self.server.url}/{path}", content=body)
        except httpx2.TimeoutException:
            raise _PassingError(f"no answer within {self._patience.timeout:g} seconds ({self._less})") from None
        except httpx2.RequestError as error:
            raise _PassingError(
                f"the connection fails ({self.server.quote(str(error)) or type(error).__name__})"
            ) from None
        if not response.is_success:
            self._raise_for(response)
        try:
            return response.json()
        except ValueError:  # not JSON, or not even text
            raise _PassingError("the answer is cut off, or no JSON") from None

    def _raise_for(self, response: httpx2.Response) -> None:
        status = response.status_code
        said = self.server.quote(f"{status} {response.reason_phrase}: {_message(response)}")
        if status in _PASSING or response.is_server_error:
            raise _PassingError(said, _retry_after(response))
        refusal = f"{self.server.url} refuses the request ({said})"
        if status in _OF_ITS_TEXTS:
            raise RefusedTextError(
                f"{refusal}; a text may be longer than the model reads (the server has to cut it); {self._less}"
            )
        raise RetrieverError(f"{refusal}; {_REMEDIES.get(status, 'check --base-url')}")


def _written(body: Mapping[str, Any]) -> str:
    # Escaped, for a text may hold half a surrogate pair, which has no UTF-8.
    return json.dumps(body, allow_nan=False)


def _succeeded(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _message(response: httpx2.Response) -> str:
    """What an error response says: the ``message`` or ``detail`` that servers put in different places."""
    try:
        content = response.json()
    except ValueError:
        return response.text
    if isinstance(content, Mapping):
        content = content.get("error", content)
    if isinstance(content, Mapping):
        content = content.get("message") or content.get("detail") or content
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _retry_after(response: httpx2.Response) -> float | None:
    """The seconds that the server asks to wait, given as such or as a date."""
    written = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(written))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
