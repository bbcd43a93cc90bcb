"""Requests to a server that misbehaves."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from misbehaving_server import (
    Fault,
    MisbehavingServer,
    broken_off,
    echoing,
    good_one,
    reset,
    slow,
    status,
    truncated,
)
from served_models import hasty_client

from ifir_eval.errors import IfirEvalError, IncompleteError, RetrieverError

SECRET = "sk-0123456789abcdef"


def echo(path: str, body: Any) -> Any:
    """Gives back what was asked, and bills 10 tokens for it."""
    return {"asked": body["n"], "usage": {"total_tokens": 10}}


def ask(client: Any, count: int) -> Iterator[int]:
    return (reply.content["asked"] for reply in client.post_all("echo", ({"n": n} for n in range(count))))


@pytest.mark.parametrize(
    "faults",
    [
        [status(429)],
        [status(500), status(503)],
        [truncated()],
        [broken_off()],
        [reset()],
        [status(502), reset(), truncated()],
    ],
    ids=["429", "500 and 503", "truncated JSON", "broken off", "reset", "one after another"],
)
def test_a_passing_failure_is_tried_again(faults: list[Fault]) -> None:
    with MisbehavingServer(echo, *faults) as server:
        client = hasty_client(server.url, concurrency=1)
        assert list(ask(client, 3)) == [0, 1, 2]
        assert client.meter.retries == len(faults)
        assert client.meter.requests == len(server.received) == 3 + len(faults)


def test_an_answer_that_takes_too_long_is_asked_for_again() -> None:
    with MisbehavingServer(echo, slow(1)) as server:
        client = hasty_client(server.url, timeout=0.3)
        assert list(ask(client, 1)) == [0]
        assert client.meter.retries >= 1


@pytest.mark.parametrize("as_date", [False, True])
def test_the_time_that_a_server_asks_to_wait_is_waited(as_date: bool) -> None:
    """In seconds or as a date, which has whole seconds; of its own it would wait a hundredth."""
    told = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if as_date else "0.3"
    with MisbehavingServer(echo, status(429, Retry_After=told)) as server:
        assert list(ask(hasty_client(server.url), 1)) == [0]
        first, second = server.received
        assert second.time - first.time >= 0.3


def test_a_server_that_asks_to_wait_too_long_ends_the_work() -> None:
    with MisbehavingServer(echo, status(429, "come back", Retry_After="3600")) as server:
        with pytest.raises(IncompleteError, match=r"asks to wait 3600 seconds: 429 .*come back"):
            list(ask(hasty_client(server.url), 1))
        assert len(server.received) == 1


def test_a_failure_that_does_not_pass_is_told_with_what_the_server_said() -> None:
    with MisbehavingServer(echo, *[status(503, "overloaded, sorry")] * 4) as server:
        with pytest.raises(
            IncompleteError, match=r"try 4 of 4: 503 .*overloaded, sorry; finished work is kept"
        ):
            list(ask(hasty_client(server.url), 1))
        assert len(server.received) == 4


def test_a_server_that_is_not_there_is_told() -> None:
    with MisbehavingServer(echo) as server:
        url = server.url
    with pytest.raises(IncompleteError, match="the connection fails"):
        list(ask(hasty_client(url), 1))


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (301, "--base-url"),
        (400, "--batch-tokens"),
        (401, "IFIR_EVAL_API_KEY"),
        (403, "IFIR_EVAL_API_KEY"),
        (404, "--base-url and the model's name"),
        (413, "--batch-tokens"),
    ],
)
def test_a_refusal_is_not_tried_again_and_names_its_remedy(code: int, remedy: str) -> None:
    with MisbehavingServer(echo, status(code, "never")) as server:
        with pytest.raises(RetrieverError, match=rf"refuses the request \({code} .*never\); .*{remedy}"):
            list(ask(hasty_client(server.url), 1))
        assert len(server.received) == 1


@pytest.mark.parametrize("said", [{"detail": "gone"}, {"message": "gone"}, {"error": "gone"}, ["gone"]])
def test_what_a_server_says_is_found_wherever_it_stands(said: Any) -> None:
    """OpenAI, FastAPI, Cohere and text-embeddings-inference put it in different places."""
    with MisbehavingServer(echo, status(400, said)) as server, pytest.raises(RetrieverError, match="gone"):
        list(ask(hasty_client(server.url), 1))


@pytest.mark.parametrize("code", [401, 500])
def test_a_key_that_the_server_repeats_is_not_told(code: int) -> None:
    """Neither by a refusal nor when patience ends, nor by an error behind the error."""
    with MisbehavingServer(echo, *[echoing(code)] * 4) as server:
        with pytest.raises(IfirEvalError, match=r"Incorrect API key provided: Bearer \*\*\*") as raised:
            list(ask(hasty_client(server.url, key=SECRET), 1))
        assert server.received[0].headers["Authorization"] == f"Bearer {SECRET}"
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in f"{error!r}"
        error = error.__context__


def test_half_a_key_at_the_edge_of_a_long_message_is_not_told() -> None:
    refusal = status(400, "x" * 270 + SECRET)
    with MisbehavingServer(echo, refusal) as server, pytest.raises(RetrieverError) as raised:
        list(ask(hasty_client(server.url, key=SECRET), 1))
    assert "sk-0" not in str(raised.value)


def test_replies_come_in_order_whichever_is_first_and_no_more_at_a_time_than_allowed() -> None:
    delays = [0.3, 0.2, 0.1, 0.0, 0.0, 0.05]
    with MisbehavingServer(echo, *map(slow, delays)) as server:
        assert list(ask(hasty_client(server.url, concurrency=3), 12)) == list(range(12))
        assert server.busiest == 3


def test_a_key_is_sent_only_if_there_is_one() -> None:
    with MisbehavingServer(echo) as server:
        list(ask(hasty_client(server.url), 1))
        assert "Authorization" not in server.received[0].headers


def test_replies_that_are_here_are_handed_over_before_the_error() -> None:
    """The first of four requests is refused late; what the others brought is not lost with it."""

    def first_refused(handler: Any, good: Any) -> None:
        if good["asked"] == 0:
            time.sleep(0.3)
            status(400)(handler, good)
        else:
            good_one(handler, good)

    replies: list[int] = []
    with MisbehavingServer(echo, *[first_refused] * 4) as server, pytest.raises(RetrieverError):
        replies.extend(ask(hasty_client(server.url), 4))  # keeps what came before the error
    assert replies == [1, 2, 3]


@pytest.mark.parametrize("faults", [[slow(30)] * 8, [good_one] + [slow(30)] * 8], ids=["waiting", "working"])
def test_an_interrupt_ends_at_once_though_requests_are_under_way(faults: list[Fault]) -> None:
    """Whether it comes while the first reply is waited for, or while that is being put away."""
    program = """
        import sys, time
        from ifir_eval.servers.client import Client
        from ifir_eval.servers.server import Server
        client = Client(Server(sys.argv[1]), concurrency=4)
        try:
            for reply in client.post_all("echo", ({"n": n} for n in range(8))):
                time.sleep(30)
        except KeyboardInterrupt:
            sys.exit(3)
    """
    with MisbehavingServer(echo, *faults) as server:
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), server.url])
        while len(server.received) < 4:
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert process.wait(timeout=20) == 3
        assert time.monotonic() - started < 3
