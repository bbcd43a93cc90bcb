"""The Ray engine on a real cluster of several processes on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray.data", reason="needs the extra [ray]")
SCRIPT = Path(__file__).with_name("ray_job.py")
SECONDS = 240


def test_a_cluster_that_loses_a_worker_makes_the_same_bytes_and_tells_what_fails(tmp_path: Path) -> None:
    """In a process of its own, because Ray warns a lot; killed whole should it hang."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["killed"] != result["driver"]
    assert result["outcome"]["documents"] == 150
    assert result["files"] == 10 * 3 + 2
    assert result["equal"]
    assert result["nothing"]["documents"] == 0  # a share of few shards may have none
    assert "changed since its documents were counted" in result["failure"]
