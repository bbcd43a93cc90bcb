"""Batches keep within their budget and waste little, and what is prepared ahead is the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ifir_eval.encoding.batching import MOST_WASTE, ahead, plan


def lengths(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def waste(batches: list[NDArray[np.int64]], of: NDArray[np.int64]) -> float:
    padded = sum(len(batch) * int(of[batch].max()) for batch in batches)
    return 1 - int(of.sum()) / padded


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.integers(1, 2000))
def test_every_text_is_in_one_batch_and_no_batch_is_too_large(values: list[int], budget: int) -> None:
    of = lengths(*values)
    batches = plan(of, budget)
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(values)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * of[batch].max() <= budget
    assert waste(batches, of) <= MOST_WASTE + 1e-12


@given(st.lists(st.integers(1, 50), min_size=1, max_size=100))
def test_long_texts_come_first_and_equal_ones_in_their_order(values: list[int]) -> None:
    order = np.concatenate(plan(lengths(*values), 100)).tolist()
    assert order == sorted(range(len(values)), key=lambda i: -values[i])


def test_a_batch_is_as_full_as_its_budget_allows() -> None:
    assert [batch.tolist() for batch in plan(lengths(10, 10, 10, 10, 10), 20)] == [[0, 1], [2, 3], [4]]


def test_a_text_longer_than_the_budget_stands_alone() -> None:
    assert [batch.tolist() for batch in plan(lengths(5, 100, 5), 20)] == [[1], [0, 2]]


def test_what_equal_lengths_save_odd_ones_may_spend() -> None:
    """Cut by each batch's own waste, 100 and 80 tokens would never share a batch."""
    assert [len(batch) for batch in plan(lengths(100, 80), 1000)] == [1, 1]
    assert [len(batch) for batch in plan(lengths(*[100] * 9, 80), 1000)] == [10]


def test_texts_without_tokens_are_planned_too() -> None:
    assert [batch.tolist() for batch in plan(lengths(0, 0, 3), 4)] == [[2], [0, 1]]


def test_realistic_lengths_waste_less_than_the_limit_without_tiny_batches() -> None:
    """8,192 lognormal lengths of 20 to 512 tokens: a CPU's budget and a GPU's."""
    of = np.clip(np.random.default_rng(0).lognormal(5, 0.6, 8192), 20, 512).astype(np.int64)
    for budget in (2_048, 65_536):
        batches = plan(of, budget)
        assert waste(batches, of) <= MOST_WASTE
        assert len(batches) < 1.15 * of.sum() / budget


def test_items_prepared_ahead_come_in_order() -> None:
    assert list(ahead(iter(range(100)), 3)) == list(range(100))


def test_only_so_many_items_are_prepared_and_in_a_thread_of_their_own() -> None:
    made: list[str] = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(threading.current_thread().name)
            yield number

    items = ahead(source(), 3)
    next(items)
    time.sleep(0.05)
    assert len(made) == 4
    assert threading.current_thread().name not in made
    items.close()  # type: ignore[attr-defined]
    assert len(made) <= 5


def test_what_fails_ahead_fails_where_its_item_would_have_come() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    items = ahead(source(), 5)
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)
