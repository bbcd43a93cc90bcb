"""Columns become means with intervals over the topics they concern."""

from __future__ import annotations

import numpy as np
import pytest

from ifir_eval.statistics.bootstrap import intervals
from ifir_eval.statistics.estimate import Estimate, estimates

TOPICS = [f"t{i}" for i in range(30)]
VALUES = np.random.default_rng(0).random(30).tolist()
COLUMN = dict(zip(TOPICS, VALUES, strict=True))


def test_a_column_gets_its_mean_interval_and_number_of_topics() -> None:
    found = estimates({"nDCG@10": COLUMN}, TOPICS)["nDCG@10"]
    low, high = intervals(np.array(VALUES)[:, None])
    assert found == pytest.approx(Estimate(float(np.mean(VALUES)), low[0], high[0], 30))


def test_a_slice_is_estimated_as_if_there_were_no_other_topics() -> None:
    part = TOPICS[5:17]
    alone = estimates({"nDCG@10": {topic: COLUMN[topic] for topic in part}}, part)
    assert estimates({"nDCG@10": COLUMN}, part) == alone


def test_a_column_does_not_depend_on_those_beside_it() -> None:
    half = {topic: COLUMN[topic] for topic in TOPICS[::2]}
    both = estimates({"nDCG@10": COLUMN, "p-MRR": half}, TOPICS)
    assert both["p-MRR"] == pytest.approx(estimates({"p-MRR": half}, TOPICS)["p-MRR"])
    assert both["p-MRR"].n == 15


def test_one_topic_has_a_mean_and_no_interval() -> None:
    assert estimates({"p-MRR": {"t3": 0.5}}, TOPICS) == {"p-MRR": Estimate(0.5, None, None, 1)}


def test_a_column_that_concerns_none_of_the_topics_is_left_out() -> None:
    assert list(estimates({"p-MRR": {}, "nDCG@10": COLUMN, "IRS": {"elsewhere": 1.0}}, TOPICS)) == ["nDCG@10"]
    assert estimates({}, TOPICS) == {}
    assert estimates({"nDCG@10": COLUMN}, []) == {}
