"""The paired permutation test, against scipy's and by its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from ifir_eval.statistics.permutation import sign_flip_p

NUMBERS = st.lists(st.integers(-8, 8).map(lambda number: number / 8), min_size=2, max_size=9)


def by_scipy(differences: np.ndarray, alternative: str) -> float:
    """Every sign flip, by scipy."""
    result = permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=False,
        alternative=alternative,
    )
    return float(result.pvalue)


@given(NUMBERS)
def test_few_topics_are_tested_exactly(numbers: list[float]) -> None:
    """All sign flips; scipy's two-sided p is twice the smaller tail, which is the same for a mean."""
    differences = np.array(numbers)
    assert sign_flip_p(differences) == pytest.approx(by_scipy(differences, "two-sided"))
    assert sign_flip_p(differences, one_sided=True) == pytest.approx(by_scipy(differences, "greater"))


def test_many_topics_are_sampled_with_a_seed() -> None:
    """Near the exact value, the same each time, and never 0 (trap 11: an unseeded or p = 0 test)."""
    differences = np.random.default_rng(1).normal(0.3, 1.0, 40)
    p = sign_flip_p(differences)
    assert p == sign_flip_p(differences)
    other = sign_flip_p(differences, draws=200_000, seed=1)
    assert p == pytest.approx(other, abs=4 * (other * (1 - other) / 10_000) ** 0.5)
    assert sign_flip_p(np.ones(100)) == 1 / 10_001


def test_equal_systems_are_equal() -> None:
    """No topic differs: p is 1."""
    assert sign_flip_p(np.zeros(30)) == 1


def test_false_alarms_keep_to_their_rate() -> None:
    """Of tests on exchangeable systems, 5% say p <= 0.05; 300 tests stay within four standard errors."""
    generator = np.random.default_rng(2)
    p_values = [sign_flip_p(generator.exponential(1, 30) - generator.exponential(1, 30)) for _ in range(300)]
    assert abs(np.mean(np.array(p_values) <= 0.05) - 0.05) < 4 * (0.05 * 0.95 / 300) ** 0.5
