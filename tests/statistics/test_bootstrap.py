"""BCa intervals agree with scipy's, and are defined where scipy's are not."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from ifir_eval.statistics import bootstrap
from ifir_eval.statistics.bootstrap import intervals

Values = NDArray[np.float64]


def samples(topics: int) -> Values:
    """Columns as measures give them: skewed, rare successes, few levels, symmetric, half at a bound."""
    generator = np.random.default_rng(topics)
    return np.stack(
        [
            generator.exponential(size=topics),
            (generator.random(topics) < 0.2).astype(float),
            generator.integers(0, 4, topics) / 3,
            generator.normal(-5, 3, topics),
            np.clip(generator.normal(0.5, 1, topics), -1, 1),
        ],
        axis=1,
    )


@pytest.mark.parametrize("topics", [20, 52, 200])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_agrees_with_scipy_within_monte_carlo_error(topics: int, confidence: float) -> None:
    values = samples(topics)
    ours = intervals(values, confidence=confidence, seed=1)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, axis=0, n_resamples=10_000, confidence_level=confidence, method="BCa", rng=2
    ).confidence_interval
    # An end's Monte-Carlo error at 10,000 draws is some 2% of the width; means of few levels lie on a grid,
    # of which the ends may hit neighbouring points.
    error = 0.08 * (theirs.high - theirs.low) + np.array([0, 1.01, 1.01 / 3, 0, 0]) / topics
    assert np.all(np.abs(ours.low - theirs.low) < error)
    assert np.all(np.abs(ours.high - theirs.high) < error)


def test_95_of_100_intervals_hold_the_true_mean() -> None:
    values = np.random.default_rng(0).normal(size=(60, 1000))
    low, high = intervals(values, draws=2000)
    assert np.mean((low < 0) & (high > 0)) == pytest.approx(0.94, abs=0.02)


def test_a_column_with_absent_topics_is_a_sample_of_the_others() -> None:
    values = samples(52)
    holed = values.copy()
    holed[::2, 1] = np.nan
    holed[:3, 2] = np.nan
    low, high = intervals(holed)
    for column in range(values.shape[1]):
        alone = intervals(holed[~np.isnan(holed[:, column]), column][:, None])
        assert (low[column], high[column]) == pytest.approx((alone.low[0], alone.high[0]))


def test_equal_seeds_give_equal_intervals_and_others_nearly() -> None:
    values = samples(52)
    assert np.array_equal(intervals(values, seed=3), intervals(values, seed=3))
    assert not np.array_equal(intervals(values, seed=3), intervals(values, seed=4))


def test_shifting_and_scaling_the_values_moves_the_ends_alike() -> None:
    values = samples(52)
    assert np.allclose(intervals(100 * values + 7), 100 * np.array(intervals(values)) + 7)


def test_drawing_in_blocks_of_bounded_memory_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = samples(52)
    whole = intervals(values)
    monkeypatch.setattr(bootstrap, "_CELLS", 52 * 333)
    assert np.allclose(intervals(values), whole, rtol=0, atol=1e-12)


def test_a_constant_column_has_its_constant_as_both_ends() -> None:
    for constant in (0.0, 1 / 3):
        low, high = intervals(np.full((20, 1), constant))
        assert low[0] == high[0] == pytest.approx(constant)


def test_fewer_than_two_topics_have_no_interval() -> None:
    values = np.array([[0.5, np.nan], [np.nan, np.nan]])
    assert np.isnan(intervals(values)).all()
    assert np.isnan(intervals(np.empty((0, 3)))).all()


def test_two_topics_have_their_two_values_as_ends() -> None:
    low, high = intervals(np.array([[0.25], [0.75]]))
    assert (low[0], high[0]) == (0.25, 0.75)


def test_rounding_does_not_break_ties_with_the_mean() -> None:
    """Thirds sum with rounding errors, ninths of 3 do not; scaled, the intervals are the same."""
    thirds = np.random.default_rng(5).integers(0, 4, (30, 1)).astype(float)
    assert np.allclose(np.array(intervals(thirds / 3)) * 3, intervals(thirds))
