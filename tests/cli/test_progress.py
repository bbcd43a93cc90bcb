"""Progress is shown to people, and only to them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios

SCRIPT = """
from ifir_eval.cli.options import progress_bar
with progress_bar("encoding documents", total=40) as advance:
    for _ in range(4):
        advance(10)
"""


def test_a_terminal_sees_count_and_rate() -> None:
    """A real terminal: the bar once crashed there, before its first rate was known."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    done = subprocess.run([sys.executable, "-c", SCRIPT], stderr=theirs, check=False)
    seen = os.read(ours, 100_000).decode()
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0, seen
    assert "encoding documents" in seen
    assert "0/40" in seen


def test_a_pipe_sees_nothing() -> None:
    """Logs of CI stay readable."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stderr == ""
