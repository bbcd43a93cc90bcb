"""The paired permutation test, against scipy's and by its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from ifir_eval.statistics.holm import holm
from ifir_eval.statistics.permutation import sign_flip_p, sign_flip_ps

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


def test_a_test_has_its_p_whichever_others_stand_beside_it() -> None:
    """Few topics or many, by all flips or by draws."""
    generator = np.random.default_rng(3)
    table = [generator.normal(0.2, 1.0, count) for count in (5, 40, 300, 12, 60)]
    assert sign_flip_ps(table) == [sign_flip_p(differences) for differences in table]
    assert sign_flip_ps(table, one_sided=True) == [sign_flip_p(each, one_sided=True) for each in table]
    assert sign_flip_ps([]) == []


def test_a_large_table_can_still_be_significant() -> None:
    """720 comparisons of ten retrievers: with 10,000 draws, Holm's correction left no p below 0.072."""
    beyond_doubt = [np.random.default_rng(seed).normal(5.0, 1.0, 30) for seed in range(720)]
    assert max(holm(sign_flip_ps(beyond_doubt))) < 0.02
