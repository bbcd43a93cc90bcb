"""Exact search against a sort of all scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ifir_eval.errors import RetrieverError
from ifir_eval.ranking.order import rank
from ifir_eval.ranking.run import Hits
from ifir_eval.ranking.search import TopK, top_k, top_k_by

Array = NDArray[np.float32]


def scores_of(queries: Array, documents: Array, *, cosine: bool = False) -> Array:
    """The final scores: float64 products, rounded."""
    one, other = queries.astype(np.float64), documents.astype(np.float64)
    if cosine:
        one, other = (
            rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300) for rows in (one, other)
        )
    return np.asarray((one @ other.T), dtype=np.float32)


def sorted_whole(scores: Array, k: int) -> TopK:
    """Every score sorted, the earlier document first among equals."""
    order = np.stack([np.lexsort((np.arange(len(row)), -row)) for row in scores])[:, :k]
    return TopK(order, np.take_along_axis(scores, order, axis=1))


def assert_same(found: TopK, expected: TopK) -> None:
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.positions, expected.positions)


@given(
    seed=st.integers(0, 2**32 - 1),
    documents=st.integers(1, 60),
    k=st.integers(1, 80),
    block=st.integers(1, 30),
    grid=st.sampled_from([1, 2, 1000]),
)
def test_the_best_are_those_of_a_sort_of_all_scores_with_ties_duplicates_and_few_documents(
    seed: int, documents: int, k: int, block: int, grid: int
) -> None:
    """A coarse grid makes duplicates and equal scores; small whole numbers have exact products."""
    generator = np.random.default_rng(seed)
    queries = generator.integers(-grid, grid + 1, (5, 3)).astype(np.float32)
    corpus = generator.integers(-grid, grid + 1, (documents, 3)).astype(np.float32)
    blocks = [corpus[start : start + block] for start in range(0, documents, block)]
    expected = sorted_whole(scores_of(queries, corpus), k)
    assert_same(top_k(queries, blocks, k), expected)
    own = top_k_by(lambda part: scores_of(queries, part), 5, blocks, k)
    assert_same(own, expected)


def test_cosines_are_those_of_vectors_at_length_1() -> None:
    """Lengths from 0.01 to 100 would put other documents first."""
    generator = np.random.default_rng(2)
    lengths = 10.0 ** generator.uniform(-2, 2, (5000, 1))
    corpus = (lengths * generator.normal(size=(5000, 16))).astype(np.float32)
    queries = generator.normal(size=(9, 16)).astype(np.float32)
    expected = sorted_whole(scores_of(queries, corpus, cosine=True), 20)
    assert_same(top_k(queries, np.array_split(corpus, 4), 20, cosine=True), expected)


def test_near_ties_that_float32_products_get_wrong_are_in_the_order_of_float64() -> None:
    """10,000 copies of a vector, each moved a little: the float32 product ranks most of them wrongly."""
    generator = np.random.default_rng(0)
    queries = generator.normal(size=(8, 256)).astype(np.float32)
    corpus = (generator.normal(size=256) + 3e-7 * generator.normal(size=(10_000, 256))).astype(np.float32)
    expected = sorted_whole(scores_of(queries, corpus), 50)
    plain = sorted_whole(np.asarray(queries @ corpus.T, dtype=np.float32), 50)
    assert (plain.positions != expected.positions).mean() > 0.5
    assert_same(top_k(queries, np.array_split(corpus, 7), 50), expected)


def test_documents_handed_over_by_descending_id_come_in_the_order_of_the_one_ranking() -> None:
    """Ten distinct vectors, each under 20 ids: every cut goes through a stretch of equal scores."""
    generator = np.random.default_rng(1)
    distinct = generator.normal(size=(10, 8)).astype(np.float32)
    vectors = {f"d{number}": distinct[number % 10] for number in range(200)}
    queries = generator.normal(size=(4, 8)).astype(np.float32)
    ids = sorted(vectors, reverse=True)
    found = top_k(queries, [np.stack([vectors[name] for name in ids])], 50)
    for query, positions in zip(queries, found.positions, strict=True):
        scores = scores_of(query[None], np.stack(list(vectors.values())))[0]
        assert [ids[place] for place in positions] == rank(Hits.of("q", list(vectors), scores)).top(50)


def test_a_corpus_that_gets_better_and_better_and_read_only_blocks_are_searched_alike() -> None:
    """Each block beats all before it, the worst case for a threshold; more documents than one round takes."""
    corpus = np.linspace(-1, 1, 10_000, dtype=np.float32)[:, None] * np.ones(4, dtype=np.float32)
    corpus.setflags(write=False)
    queries = np.array([[1, 0, 0, 0], [-1, 0, 0, 0]], dtype=np.float32)
    assert_same(top_k(queries, np.array_split(corpus, 3), 5), sorted_whole(scores_of(queries, corpus), 5))


def test_no_documents_and_no_queries_give_empty_answers() -> None:
    """Nothing is made up."""
    assert top_k(np.ones((2, 3), dtype=np.float32), [], 5).positions.shape == (2, 0)
    assert top_k(np.ones((0, 3), dtype=np.float32), [np.ones((4, 3), dtype=np.float32)], 5).scores.shape == (
        0,
        4,
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_vectors_that_are_not_finite_or_overflow_are_refused(bad: float) -> None:
    """A NaN would otherwise fall through every comparison and its document be lost without a word."""
    corpus = np.ones((20, 4), dtype=np.float32)
    corpus[7, 2] = bad
    with pytest.raises(RetrieverError, match="not finite"):
        top_k(np.full((1, 4), 1e20, dtype=np.float32), [corpus], 3)


def test_a_vector_without_length_has_cosine_0_with_all() -> None:
    """As sentence-transformers and scikit-learn have it."""
    corpus = np.array([[0, 0], [1, 1], [-1, -1]], dtype=np.float32)
    found = top_k(np.array([[2, 2]], dtype=np.float32), [corpus], 3, cosine=True)
    assert found.positions.tolist() == [[1, 0, 2]]
    np.testing.assert_allclose(found.scores, [[1, 0, -1]], atol=1e-7)
