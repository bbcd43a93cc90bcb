"""Holm's correction, against the definition and a worked example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifir_eval.statistics.holm import holm


def test_a_worked_example() -> None:
    """Of p = .01, .04, .03 and .005, the first and the last are rejected at 5%."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0.001, 0.2))
def test_it_rejects_what_the_step_down_procedure_rejects(p_values: list[float], level: float) -> None:
    """Go up from the smallest p, reject while p <= level / (hypotheses left), stop at the first that is not."""
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if (len(p_values) - rank) * p_values[place] > level:
            break
        rejected.add(place)
    assert {place for place, p in enumerate(holm(p_values)) if p <= level} == rejected
