"""A real Chromium, driven over its DevTools protocol through two pipes: no port, no driver, no package."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "headless_shell")
_PATIENCE = 60.0
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
)


def installed() -> str:
    """The path of Chromium, or a skip that says what is missing."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"needs a Chromium on the PATH, one of: {', '.join(_NAMES)}")
    return found


class Chromium:
    """One tab. ``messages`` are the console's; ``requests`` what the page asked of anything but itself."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._buffer, self._count, self._session = b"", 0, ""
        self.messages: list[str] = []
        self.requests: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Performance", "Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def open(self, page: Path, *, fragment: str = "") -> float:
        """Open ``page``; returns the seconds until it had loaded and answered."""
        self._call("Page.navigate", url="about:blank")  # a fragment alone would not open it anew
        self.wait_for("location.href === 'about:blank'")
        self.messages.clear()
        self.requests.clear()
        started = time.perf_counter()
        self._call("Page.navigate", url=page.as_uri() + fragment)
        self.wait_for("document.readyState === 'complete'")
        return time.perf_counter() - started

    def run(self, script: str) -> Any:
        """The value of the expression ``script`` in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Until ``condition`` holds in the page; a minute at most."""
        until = time.monotonic() + _PATIENCE
        while not self.run(condition):
            assert time.monotonic() < until, f"never came true: {condition}"
            time.sleep(0.02)

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of the first element that matches."""
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """A key such as Tab or Enter."""
        text = {"Enter": "\r"}.get(key, "")
        code = {"Enter": 13, "Tab": 9}[key]
        for kind in ("keyDown", "keyUp"):
            given = {"text": text} if kind == "keyDown" and text else {}
            self._call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **given)

    def choose(self, name: str, value: str) -> None:
        """Choose ``value`` in the select called ``name``."""
        self.run(
            f"(() => {{ const e = document.querySelector('select[name={json.dumps(name)}]');"
            f" e.value = {json.dumps(value)}; e.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
        )

    def look(self, width: int, *, scheme: str = "light", height: int = 900) -> None:
        """Make the window ``width`` pixels wide and the user's colour scheme ``scheme``."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def computing(self, step: Callable[[], object]) -> float:
        """Seconds of processor time of the tab's own thread during ``step``; it opens no second page."""
        before = self._computed()
        step()
        self.run("document.body.offsetHeight")  # layout is part of it
        return self._computed() - before

    def _computed(self) -> float:
        metrics = self._call("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "ThreadTime"))

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """The window, or the ``whole`` page, as PNG."""
        taken = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=True)["data"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self._note(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _note(self, event: dict[str, Any]) -> None:
        told, kind = event.get("params", {}), event.get("method", "")
        if kind == "Runtime.consoleAPICalled":
            self.messages.append(" ".join(str(each.get("value")) for each in told["args"]))
        elif kind == "Runtime.exceptionThrown":
            self.messages.append(str(told["exceptionDetails"]))
        elif kind == "Log.entryAdded":
            self.messages.append(told["entry"]["text"])
        elif kind == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif kind == "Page.javascriptDialogOpening":
            self.messages.append(f"dialog: {told['message']}")

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0.0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            received = os.read(self._from, 1 << 20)
            assert received, "Chromium has ended"
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


# It reads its third descriptor and writes its fourth, whatever numbers the pipes have here.
_START = """
import os, sys
pipes = [os.dup(int(number)) for number in sys.argv[1:3]]
for pipe, place in zip(pipes, (3, 4)):
    os.dup2(pipe, place)
    os.set_inheritable(place, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """A tab in a browser of its own, with a profile of its own."""
    binary = installed()
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        options = [*_FLAGS, *root, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            [sys.executable, "-c", _START, str(to_read), str(from_write), binary, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(to_read, from_write),
        )
        os.close(to_read)
        os.close(from_write)
        try:
            yield Chromium(to_write, from_read)
        finally:
            os.close(to_write)
            os.close(from_read)
            process.terminate()
            process.wait(timeout=_PATIENCE)
