"""Scores are checked at the door."""

from __future__ import annotations

import pytest

from ifir_eval.errors import RetrieverError
from ifir_eval.ranking.run import Hits


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -float("inf"), 1e39])
def test_a_score_that_is_not_finite_in_float32_is_refused_by_name(score: float) -> None:
    """As it was given: 1e39 once came with a warning of numpy and was called inf."""
    with pytest.raises(RetrieverError, match=r"query 'q'.*document 'b' has the score (nan|-?inf|1e\+39);"):
        Hits.of("q", ["a", "b"], [0.5, score])


def test_every_document_needs_one_score() -> None:
    with pytest.raises(RetrieverError, match="2 documents but scores of shape"):
        Hits.of("q", ["a", "b"], [0.5])


def test_a_document_scored_twice_is_refused() -> None:
    with pytest.raises(RetrieverError, match="scored twice"):
        Hits.of("q", ["a", "a"], [0.5, 0.25])
