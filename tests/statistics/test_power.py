"""The detectable difference and the topics it would take, by simulation and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from ifir_eval.statistics.permutation import sign_flip_p
from ifir_eval.statistics.power import detectable, topics_needed


def test_the_detectable_difference_is_detected_in_four_of_five_cases() -> None:
    """Samples of 60 topics whose true mean is just that far from 0, each tested by sign flips."""
    size = 2.8016 * 1.0 / 60**0.5
    generator = np.random.default_rng(0)
    found = [sign_flip_p(generator.normal(size, 1.0, 60), draws=1_000) <= 0.05 for _ in range(400)]
    assert np.mean(found) == pytest.approx(0.8, abs=4 * (0.16 / 400) ** 0.5)
    unit = np.array([1.0, -1.0] * 30) / np.array([1.0, -1.0] * 30).std(ddof=1)
    assert detectable(unit) == pytest.approx(size, rel=1e-3)


def test_topics_and_detectable_difference_are_each_other_s_inverse() -> None:
    differences = np.random.default_rng(1).normal(0, 0.3, 50)
    size = detectable(differences)
    assert size is not None
    assert topics_needed(differences, size) == 50
    needed = topics_needed(differences, size / 2)
    assert needed is not None
    assert needed == pytest.approx(200, abs=1)


def test_one_topic_tells_nothing() -> None:
    assert detectable(np.array([0.4])) is None
    assert topics_needed(np.array([0.4]), 0.1) is None
