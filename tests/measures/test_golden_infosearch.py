"""SICR, WISE and p-MRR hold the golden cases made with InfoSearch's own code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ranked_examples import ranked_topic, value

from ifir_eval.benchmarks.benchmark import Contrast

MODES = {"original": "ori_run", "instructed": "ins_run", "reversed": "rev_run"}


@pytest.mark.parametrize("number", range(6))
def test_the_released_variants_agree_with_the_authors_code(
    shared_data: Callable[[str], Path], number: int
) -> None:
    path = shared_data("metric_golden") / "infosearch_wise_sicr_golden.json"
    case = json.loads(path.read_text())["cases"][number]
    topics = []
    for query, positive in case["positive"].items():
        negative = case["negative"][query]
        judgements = {
            "original": dict.fromkeys([*positive, *negative], 1),
            "instructed": {**dict.fromkeys(positive, 1), **dict.fromkeys(negative, 0)},
            "reversed": {**dict.fromkeys(positive, 0), **dict.fromkeys(negative, 1)},
        }
        scores = {mode: case[run][query] for mode, run in MODES.items()}
        topics.append(ranked_topic(judgements, scores, [Contrast("original", "instructed")], name=query))
    for ours, theirs in (("p-MRR", "p-MRR"), ("SICR-released", "SICR"), ("WISE-released", "WISE")):
        given = [value(ours, topic) for topic in topics]
        values = [number for number in given if number is not None]
        assert len(values) == len(topics), ours
        assert sum(values) / len(values) == pytest.approx(case["expected"][theirs], abs=1e-9), ours
