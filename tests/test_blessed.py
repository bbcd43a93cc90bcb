"""Our own baselines: whole records of the benchmark as it is, which their policy can judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from ifir_eval.benchmarks.catalog import load
from ifir_eval.comparison.gate import Outcome, judge
from ifir_eval.comparison.policy import read_policy
from ifir_eval.records.storage import load_record

FOLDER = Path(__file__).parents[1] / "baselines"
BLESSED = {"bm25.json": "bm25", "minilm.json": "demo:all-MiniLM-L6-v2"}


@pytest.mark.parametrize("file", BLESSED)
def test_a_baseline_is_of_the_benchmark_as_it_is(file: str) -> None:
    """Otherwise `make gate` would find out after minutes; baselines/README.md says how to refresh one."""
    record = load_record(FOLDER / file)
    assert record.retriever["spec"] == BLESSED[file]
    assert record.benchmark["content_hash"] == load("mirror").content_hash
    assert (record.complete, record.missing_queries) == (True, ())


def test_the_policy_tells_our_two_retrievers_apart() -> None:
    """BM25 in MiniLM's place drifts more and fails; each in its own passes."""
    policy = read_policy(FOLDER / "gate.toml")
    bm25, minilm = (load_record(FOLDER / file) for file in BLESSED)
    assert judge(bm25, bm25, policy).outcome is Outcome.PASSED
    assert judge(minilm, bm25, policy).outcome is Outcome.FAILED
