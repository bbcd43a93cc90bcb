"""p-MRR holds the golden cases computed with mteb's and FollowIR's own code, to 1e-9."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ranked_examples import ranked_topic, value

from ifir_eval.measures.p_mrr import fall
from ifir_eval.measures.ranked import RankedContrast, RankedTopic

SharedData = Callable[[str], Path]

LISTED_TWICE = 22
"""The case that lists a document twice, which judgements cannot: it is tested one level below."""


def topics_of(case: dict[str, Any], before: str, after: str) -> list[RankedTopic]:
    """The case as topics; what it calls changed is relevant before and not after."""
    return [
        ranked_topic(
            {"original": dict.fromkeys(lost, 1), "changed": dict.fromkeys(lost, 0)},
            {
                view: case[run][f"{query}{suffix}"]
                for view, run, suffix in (("original", before, "-og"), ("changed", after, "-changed"))
                if f"{query}{suffix}" in case[run]
            },
            name=query,
        )
        for query, lost in case["qrel_diff"].items()
    ]


def answered_values(topics: list[RankedTopic]) -> dict[str, float]:
    """Values of the topics that the run answered: mteb skips the others, and so do its golden figures."""
    values = {t.topic.id: value("p-MRR", t) for t in topics if t.answered("original", "changed")}
    return {topic: number for topic, number in values.items() if number is not None}


@pytest.mark.parametrize("number", sorted({*range(30)} - {LISTED_TWICE}))
def test_agrees_with_mteb_on_the_30_cases(shared_data: SharedData, number: int) -> None:
    case = json.loads((shared_data("metric_golden") / "pmrr_golden.json").read_text())["cases"][number]
    values = answered_values(topics_of(case, "og", "changed"))
    if case["expected_p_mrr"] is None:
        assert values == {}
    else:
        assert np.mean(list(values.values())) == pytest.approx(case["expected_p_mrr"], abs=1e-9)
    for query, documents in case.get("per_query", {}).items():
        if query in values:
            expected = np.mean([document["score"] for document in documents])
            assert values[query] == pytest.approx(expected, abs=1e-9)


def test_a_document_listed_twice_counts_twice(shared_data: SharedData) -> None:
    cases = json.loads((shared_data("metric_golden") / "pmrr_golden.json").read_text())["cases"]
    case = cases[LISTED_TWICE]
    (ranked,) = topics_of(case, "og", "changed")
    ((_, shift),) = ranked.shifts
    contrast = RankedContrast(ranked.rankings["original"], ranked.rankings["changed"], shift)
    assert fall(contrast, case["qrel_diff"]["1"]).mean() == pytest.approx(case["expected_p_mrr"], abs=1e-9)


@pytest.mark.parametrize("number", range(12))
def test_agrees_with_followir_on_the_12_cases(shared_data: SharedData, number: int) -> None:
    case = json.loads((shared_data("metric_golden") / "followir_pmrr_golden.json").read_text())["cases"][number]
    values = answered_values(topics_of(case, "og_run", "changed_run"))
    assert np.mean(list(values.values())) == pytest.approx(case["p_mrr"], abs=1e-9)
    for query, expected in case.get("per_query", {}).items():
        assert values[query] == pytest.approx(expected, abs=1e-9)
