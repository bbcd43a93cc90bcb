"""Which rows share a batch."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ifir_eval.errors import InvalidInputError
from ifir_eval.training.sampler import PairSampler

PAIRS = st.lists(st.integers(1, 4), min_size=16, max_size=40)


def ids(sizes: list[int], topics: int = 1000) -> list[tuple[str, str]]:
    """A pair and its topic a row, the rows of a pair not side by side."""
    rows = [(f"p{pair}", f"t{pair % topics}") for pair, size in enumerate(sizes) for _ in range(size)]
    return sorted(rows, key=lambda row: row[0][::-1])


@given(
    sizes=PAIRS,
    topics=st.integers(8, 40),
    batch_rows=st.integers(4, 12),
    epochs=st.integers(1, 3),
    processes=st.integers(1, 3),
)
def test_every_row_comes_once_an_epoch_with_all_views_of_its_pair(
    sizes: list[int], topics: int, batch_rows: int, epochs: int, processes: int
) -> None:
    """Batches keep their limit, and every process gets the same number of them."""
    rows = ids(sizes, topics)
    sampler = PairSampler(rows, batch_rows, epochs=epochs, processes=processes)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    in_epoch = len(batches) // epochs
    assert in_epoch % processes == 0
    for epoch in range(epochs):
        seen = batches[epoch * in_epoch : (epoch + 1) * in_epoch]
        assert sorted(row for batch in seen for row in batch) == list(range(len(rows)))
        for batch in seen:
            assert 0 < len(batch) <= batch_rows
            here = Counter(rows[row] for row in batch)
            assert here == {pair: rows.count(pair) for pair in here}


@given(sizes=PAIRS, batch_rows=st.integers(4, 12))
def test_no_batch_is_a_small_rest(sizes: list[int], batch_rows: int) -> None:
    """Batches differ by no more than the largest pair: in-batch losses of a rest of two rows mean little."""
    loads = list(map(len, PairSampler(ids(sizes), batch_rows)))
    assert max(loads) - min(loads) <= max(sizes)


def test_pairs_of_one_topic_share_a_batch_with_another_topic() -> None:
    """Ten rows of five pairs share their passages; spread over ten batches these would be encoded ten times."""
    rows = ids([2] * 40, topics=8)
    for batch in PairSampler(rows, 24):
        here = Counter(rows[row][1] for row in batch)
        assert len(here) > 1
        assert set(here.values()) == {10}


def test_a_topic_larger_than_half_a_batch_is_divided_between_its_pairs() -> None:
    rows = ids([2] * 12, topics=2)
    batches = list(PairSampler(rows, 8))
    assert sorted(len(batch) for batch in batches) == [8, 8, 8]
    for batch in batches:
        assert all(count % 4 == 0 for count in Counter(rows[row][1] for row in batch).values())


def test_a_seed_draws_the_same_batches_and_epochs_differ() -> None:
    rows = ids([2] * 16)
    batches = list(PairSampler(rows, 8, epochs=2, seed=3))
    assert batches == list(PairSampler(rows, 8, epochs=2, seed=3))
    assert batches != list(PairSampler(rows, 8, epochs=2, seed=4))
    assert batches[:4] != batches[4:]


def test_a_pair_that_no_batch_holds_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"pair 'p1' has 3 rows, more than a batch of 2 holds"):
        PairSampler(ids([1, 3]), 2)


def test_fewer_pairs_than_processes_are_refused() -> None:
    """One process would have nothing to do, and all others would wait for it forever."""
    with pytest.raises(InvalidInputError, match=r"too few topics and pairs \(1\) for 2 processes"):
        PairSampler(ids([2]), 2, processes=2)
    with pytest.raises(InvalidInputError, match=r"too few topics and pairs \(5\) for 4 processes"):
        PairSampler(ids([2] * 5), 2, processes=4)
