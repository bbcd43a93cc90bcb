"""Training in several processes, and training that was killed, end where they should."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_training import small_base


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_base(tmp_path_factory)


@pytest.fixture(scope="module")
def told(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What trained_in_processes.py prints."""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, here / "trained_in_processes.py", base, tmp_path_factory.mktemp("processes")],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "PYTHONPATH": f"{here.parent}", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_two_processes_end_at_the_weights_of_one_with_the_doubled_batch(told: dict[str, Any]) -> None:
    """In-batch negatives come from both, cached and gathered; each alone would see half of them."""
    assert told["base and one"] > 1e-3
    assert told["one and two"] < 1e-6


def test_killed_and_taken_up_again_a_training_ends_at_the_same_weights(told: dict[str, Any]) -> None:
    """Bit by bit, with dropout on: batches, random state, optimizer and schedule go on where they were."""
    assert told["killed by"] == signal.SIGKILL
    assert told["left"] == ["checkpoint-6"]  # the kill came at step 7
    assert told["uninterrupted and killed"] == 0.0
