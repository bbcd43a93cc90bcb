"""Downloads: only the pinned bytes ever reach the cache. Tried on a real server on loopback."""

from __future__ import annotations

import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ifir_eval.benchmarks.fetch import Content, Download, Release, fetch, locate
from ifir_eval.errors import IfirEvalError
from ifir_eval.progress import Advance

BODY = b"query-id\tcorpus-id\tscore\n" * 20_000  # several chunks
REVISION = "0123456789abcdef"


class Server(ThreadingHTTPServer):
    """Serves ``bodies`` by path and counts the requests; a body in ``promised`` ends too early."""

    daemon_threads = False  # closing waits for every answer
    bodies: dict[str, bytes]
    promised: dict[str, int]
    requests: list[str]

    def url(self, path: str) -> str:
        """The address of ``path``."""
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    """Answers from its server's dictionaries."""

    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        body = self.server.bodies.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.promised.get(self.path, len(body))))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of nothing yet."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.bodies, running.promised, running.requests = {}, {}, []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def content(body: bytes, path: str = "data/rows.tsv") -> Content:
    """The pin of ``body``."""
    return Content(path, len(body), hashlib.sha256(body).hexdigest())


def release(*downloads: Download) -> Release:
    """A release of a benchmark called tiny."""
    return Release("tiny", "https://example.org/tiny", REVISION, downloads)


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive of ``members``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def files(folder: Path) -> list[Path]:
    """Every file below ``folder``, hidden ones too."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_downloaded_once(server: Server, tmp_path: Path) -> None:
    """The pinned content lands in the cache under its revision, and a second fetch asks nobody."""
    server.bodies["/rows"] = BODY
    wanted = release(Download(server.url("/rows"), (content(BODY),)))
    folder = fetch(wanted, tmp_path)
    assert folder == tmp_path / "tiny" / REVISION
    assert (folder / "data/rows.tsv").read_bytes() == BODY
    assert fetch(wanted, tmp_path) == folder
    assert server.requests == ["/rows"]
    assert files(tmp_path) == [folder / "data/rows.tsv"]


def test_a_damaged_file_is_fetched_again(server: Server, tmp_path: Path) -> None:
    """A cached file whose bytes changed is replaced."""
    server.bodies["/rows"] = BODY
    wanted = release(Download(server.url("/rows"), (content(BODY),)))
    path = fetch(wanted, tmp_path) / "data/rows.tsv"
    path.write_bytes(BODY[:-1] + b"x")
    fetch(wanted, tmp_path)
    assert path.read_bytes() == BODY


def test_the_members_of_an_archive_are_checked_one_by_one(server: Server, tmp_path: Path) -> None:
    """Members are found by name in any folder of the archive; the archive itself is not kept."""
    bodies = {"corpus.jsonl": BODY, "test.tsv": b"q\td\t1\n"}
    server.bodies["/all.zip"] = zipped(
        {"__MACOSX/x/._test.tsv": b"junk", **{f"x/{name}": body for name, body in bodies.items()}}
    )
    pins = tuple(content(body, name) for name, body in bodies.items())
    folder = fetch(release(Download(server.url("/all.zip"), pins, archive=10_000)), tmp_path)
    assert {path.name: path.read_bytes() for path in files(tmp_path)} == bodies
    assert server.requests == ["/all.zip"]
    assert fetch(release(Download(server.url("/all.zip"), pins, archive=10_000)), tmp_path) == folder
    assert len(server.requests) == 1


def _wrong_bytes(server: Server) -> Download:
    server.bodies["/rows"] = BODY[:-1] + b"x"
    return Download(server.url("/rows"), (content(BODY),))


def _too_long(server: Server) -> Download:
    server.bodies["/rows"] = BODY + b"more"
    return Download(server.url("/rows"), (content(BODY),))


def _truncated(server: Server) -> Download:
    server.bodies["/rows"], server.promised["/rows"] = BODY[: len(BODY) // 2], len(BODY)
    return Download(server.url("/rows"), (content(BODY),))


def _absent(server: Server) -> Download:
    return Download(server.url("/rows"), (content(BODY),))


def _offline(server: Server) -> Download:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Download(f"http://127.0.0.1:{port}/rows", (content(BODY),))


def _no_archive(server: Server) -> Download:
    server.bodies["/all.zip"] = b"<html>"
    return Download(server.url("/all.zip"), (content(BODY),), archive=100)


def _wrong_member(server: Server) -> Download:
    server.bodies["/all.zip"] = zipped({"rows.tsv": BODY[:-1] + b"x"})
    return Download(server.url("/all.zip"), (content(BODY),), archive=10_000)


def _missing_member(server: Server) -> Download:
    server.bodies["/all.zip"] = zipped({"other.tsv": BODY})
    return Download(server.url("/all.zip"), (content(BODY),), archive=10_000)


def _archive_too_long(server: Server) -> Download:
    server.bodies["/all.zip"] = zipped({"rows.tsv": BODY})
    return Download(server.url("/all.zip"), (content(BODY),), archive=100)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (_wrong_bytes, r"data/rows\.tsv has the SHA-256 \w{64}, expected \w{64}"),
        (_too_long, "longer than the expected 500000 bytes"),
        (_truncated, r"data/rows\.tsv ended after 250000 of 500000 bytes"),
        (_absent, "HTTP Error 404: Not Found"),
        (_offline, "refused"),
        (_no_archive, "not a zip file"),
        (_wrong_member, r"data/rows\.tsv has the SHA-256"),
        (_missing_member, r"the archive holds no rows\.tsv"),
        (_archive_too_long, "longer than the expected 100 bytes"),
    ],
)
def test_a_failed_download_leaves_nothing_and_says_what_to_do(
    server: Server, tmp_path: Path, fault: Callable[[Server], Download], reason: str
) -> None:
    """Wrong, long, short, absent or unreachable: refused in one sentence, with no file left behind."""
    download = fault(server)
    with pytest.raises(IfirEvalError, match=reason) as caught:
        fetch(release(download), tmp_path)
    message = str(caught.value)
    assert message.startswith(f"tiny: {download.url} could not be fetched (")
    assert f"git clone https://example.org/tiny DIR/tiny && git -C DIR/tiny checkout {REVISION}" in message
    assert "pass --data DIR or set IFIR_EVAL_DATA=DIR" in message
    assert files(tmp_path) == []


def test_a_local_copy_is_used_and_nothing_fetched(server: Server, tmp_path: Path) -> None:
    """With --data, the benchmark's subfolder is taken as it is."""
    (tmp_path / "tiny").mkdir()
    assert locate(release(Download(server.url("/rows"), (content(BODY),))), tmp_path) == tmp_path / "tiny"
    assert server.requests == []


def test_a_data_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """A mistyped --data is said, rather than answered with a download."""
    with pytest.raises(IfirEvalError, match=r"does not exist; check --data and IFIR_EVAL_DATA"):
        locate(release(), tmp_path / "dta")


def test_a_download_tells_how_far_it_is(server: Server, tmp_path: Path) -> None:
    """The bytes transferred add up to the total announced, and a full cache is silent."""
    server.bodies["/rows"], server.bodies["/all.zip"] = BODY, zipped({"more.tsv": BODY})
    size = len(server.bodies["/all.zip"])
    wanted = release(
        Download(server.url("/rows"), (content(BODY),)),
        Download(server.url("/all.zip"), (content(BODY, "more.tsv"),), archive=size),
    )
    opened: list[tuple[str, int]] = []
    counts: list[int] = []

    def progress(task: str, *, total: int) -> AbstractContextManager[Advance]:
        opened.append((task, total))
        return nullcontext(lambda count=1: counts.append(count))

    for _ in range(2):
        fetch(wanted, tmp_path, progress)
    assert opened == [("downloading tiny, bytes", len(BODY)), ("downloading tiny, bytes", size)]
    assert sum(counts) == len(BODY) + size
