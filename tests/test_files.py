"""Files are whole or not there."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ifir_eval.files import write_atomically

WRITER = """
import sys
from pathlib import Path
from ifir_eval.files import write_atomically
size = 5_000_000
print("ready", flush=True)
while True:
    for letter in b"ab":
        write_atomically(Path(sys.argv[1]), bytes([letter]) * size)
"""


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """However it is killed, at whatever moment: the file is whole, of one letter only."""
    target = tmp_path / "record.json"
    for delay in (0.05, 0.11, 0.17):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        while not target.exists():
            time.sleep(0.01)
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = target.read_bytes()
        assert len(content) == 5_000_000
        assert len(set(content)) == 1


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    """The temporary file is gone when the rename cannot happen."""
    (tmp_path / "record.json").mkdir()
    with pytest.raises(OSError, match=r"record\.json"):
        write_atomically(tmp_path / "record.json", b"x")
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]
