"""A real HTTP server on loopback that answers JSON, and misbehaves as it is told to.

::

    with MisbehavingServer(answer, status(500), truncated()) as server:
        ...  # the first request gets a 500, the second half an answer, all others a good one

``answer`` maps the path and the JSON body of a request to the JSON of a good answer.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self


class Received(NamedTuple):
    """A request as it came in; ``time`` is in seconds of `time.monotonic`."""

    path: str
    headers: Mapping[str, str]
    body: Any
    time: float


Answer = Callable[[str, Any], Any]
Fault = Callable[["Handler", Any], None]
"""Answers in place of the good answer, which it is given."""


class Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        received = Received(self.path, dict(self.headers), json.loads(raw), time.monotonic())
        self.server.owner.serve(self, received)

    def send(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole response."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: MisbehavingServer

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no news."""


class MisbehavingServer:
    """Serves from entering to leaving; ``received`` are the requests so far, ``busiest`` the most at a time."""

    def __init__(self, answer: Answer, *faults: Fault) -> None:
        self.received: list[Received] = []
        self.busiest = 0
        self._answer = answer
        self._faults = deque(faults)
        self._busy = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.owner = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def becomes(self, answer: Answer) -> None:
        """Another model answers from now on, under the same address."""
        self._answer = answer

    def serve(self, handler: Handler, received: Received) -> None:
        with self._lock:
            self.received.append(received)
            fault = self._faults.popleft() if self._faults else good_one
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            fault(handler, self._answer(received.path, received.body))
        finally:
            with self._lock:
                self._busy -= 1

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def good_one(handler: Handler, good: Any) -> None:
    """No fault at all."""
    handler.send(200, json.dumps(good).encode())


def status(code: int, said: Any = "no", **headers: str) -> Fault:
    """An error; a sentence is put where OpenAI puts it, and ``Retry_After="1"`` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = {"error": {"message": said}} if isinstance(said, str) else said
    return lambda handler, good: handler.send(code, json.dumps(content).encode(), named)


def echoing(code: int) -> Fault:
    """An error that repeats the key, as some gateways do."""

    def fault(handler: Handler, good: Any) -> None:
        said = f"Incorrect API key provided: {handler.headers['Authorization']}"
        handler.send(code, json.dumps({"error": {"message": said}}).encode())

    return fault


def slow(seconds: float) -> Fault:
    """A good answer that comes late."""

    def fault(handler: Handler, good: Any) -> None:
        time.sleep(seconds)
        good_one(handler, good)

    return fault


def truncated() -> Fault:
    """The first half of a good answer, as if it were all."""

    def fault(handler: Handler, good: Any) -> None:
        content = json.dumps(good).encode()
        handler.send(200, content[: len(content) // 2])

    return fault


def broken_off() -> Fault:
    """Half the bytes that were announced, and the end of the connection."""

    def fault(handler: Handler, good: Any) -> None:
        content = json.dumps(good).encode()
        handler.send(200, content[: len(content) // 2], {"Content-Length": str(len(content))})
        handler.close_connection = True

    return fault


def reset() -> Fault:
    """No answer: the connection is reset."""

    def fault(handler: Handler, good: Any) -> None:
        # Not to linger means to send RST in place of FIN.
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.rfile.close()
        handler.connection.close()
        handler.close_connection = True

    return fault


def changed(change: Callable[[Any], Any]) -> Fault:
    """What ``change`` makes of a good answer."""
    return lambda handler, good: good_one(handler, change(good))
