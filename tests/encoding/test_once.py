"""Each distinct item is encoded once: what the cache has is not asked for again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from vector_examples import chunk_of

from ifir_eval.encoding import once
from ifir_eval.encoding.cache import Space, VectorCache
from ifir_eval.encoding.encoder import Chunk, Pair, Role, Setting
from ifir_eval.encoding.once import encode_once, key
from ifir_eval.errors import RetrieverError
from ifir_eval.progress import silent

TEXTS = ["one", "three", "one", "seventeen", "", "three"]


class Lengths:
    """Gives a text its length and its first letter, two texts a chunk, and notes what it was asked for."""

    limit = 4
    environment: Mapping[str, str] = {}
    warnings: tuple[str, ...] = ()

    def __init__(self, *, stops_after: int = sys.maxsize) -> None:
        self.identity: Mapping[str, Setting] = {}
        self.asked: list[str] = []
        self._left = stops_after

    def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
        for start in range(0, len(wanted), 2):
            batch = wanted[start : start + 2]
            if self._left < len(batch):
                raise KeyboardInterrupt
            self._left -= len(batch)
            self.asked += [items[i] for i in batch]
            values = [[len(items[i]), *items[i][:1].encode(), 0][:2] for i in batch]
            yield Chunk.dense(batch, np.array(values, dtype=np.float32), [len(items[i]) for i in batch])


def space_in(folder: Path) -> Space:
    return VectorCache(folder).space({})


def test_the_same_text_twice_is_encoded_once(tmp_path: Path) -> None:
    """And every asker gets its vector."""
    encoder = Lengths()
    encoded = encode_once(encoder, space_in(tmp_path), TEXTS, Role.DOCUMENT, silent)
    assert encoder.asked == ["one", "three", "seventeen", ""]
    assert encoded.computed == 4
    assert encoded.of(TEXTS).values[:, 0].tolist() == [3, 5, 3, 9, 0, 5]
    assert encoded.of(["seventeen"]).values.tolist() == [[9, ord("s")]]


def test_only_what_the_cache_lacks_is_asked_for(tmp_path: Path) -> None:
    """The next command computes what is new, the one after it nothing."""
    encode_once(Lengths(), space_in(tmp_path), TEXTS[:2], Role.DOCUMENT, silent)
    second, third = Lengths(), Lengths()
    assert encode_once(second, space_in(tmp_path), TEXTS, Role.DOCUMENT, silent).computed == 2
    assert second.asked == ["seventeen", ""]
    warm = encode_once(third, space_in(tmp_path), TEXTS, Role.DOCUMENT, silent)
    assert third.asked == []
    assert warm.computed == 0
    assert warm.of(TEXTS).values[:, 0].tolist() == [3, 5, 3, 9, 0, 5]


def test_windows_are_asked_for_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Positions are those within the window."""
    monkeypatch.setattr(once, "WINDOW", 3)
    texts = ["x" * number for number in range(10)]
    encode_once(Lengths(), space_in(tmp_path), [texts[4], texts[9]], Role.DOCUMENT, silent)
    encoder = Lengths()
    encoded = encode_once(encoder, space_in(tmp_path), texts, Role.DOCUMENT, silent)
    assert encoder.asked == [text for text in texts if text not in {texts[4], texts[9]}]
    assert encoded.of(texts).values[:, 0].tolist() == list(range(10))


def test_work_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What was finished before an interruption is kept."""
    with pytest.raises(KeyboardInterrupt):
        encode_once(Lengths(stops_after=2), space_in(tmp_path), TEXTS, Role.DOCUMENT, silent)
    encoder = Lengths()
    encode_once(encoder, space_in(tmp_path), TEXTS, Role.DOCUMENT, silent)
    assert encoder.asked == ["seventeen", ""]


def test_trap_1_a_query_never_gets_the_vector_of_the_same_text_as_a_document(tmp_path: Path) -> None:
    """A cache keyed by text alone would hand a query the document's prompt."""
    space, encoder = space_in(tmp_path), Lengths()
    encode_once(encoder, space, ["same"], Role.DOCUMENT, silent)
    encode_once(encoder, space, ["same"], Role.QUERY, silent)
    assert encoder.asked == ["same", "same"]


def test_pairs_have_keys_that_no_other_division_of_their_text_has() -> None:
    """Nor has the text that joins them; a lone surrogate is a text like any other."""
    items: list[str | Pair] = [
        Pair("ab", "c"),
        Pair("a", "bc"),
        "abc",
        Pair("abc", ""),
        Pair("", "abc"),
        "\ud800",
    ]
    assert len({key(item, role) for item in items for role in Role}) == len(items) * len(Role)
    assert {len(key(item, Role.QUERY)) for item in items} == {16}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_stops_with_its_text(tmp_path: Path, bad: float) -> None:
    """It is never kept, and what came before it is."""

    class Overflowing(Lengths):
        def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
            for chunk in super().encode(items, role, wanted):
                chunk.values[[items[i] == "seventeen" for i in chunk.items], 1] = bad
                yield chunk

    with pytest.raises(RetrieverError, match=r"not finite .* for the text 'seventeen'"):
        encode_once(Overflowing(), space_in(tmp_path), TEXTS, Role.DOCUMENT, silent)
    keys = [key(text, Role.DOCUMENT) for text in ("one", "three", "seventeen")]
    assert (space_in(tmp_path).find(keys) >= 0).tolist() == [True, True, False]


def test_one_row_of_many_that_is_not_finite_names_its_own_text(tmp_path: Path) -> None:
    """Not its neighbour's, where items have several rows."""

    class TokenVectors(Lengths):
        def encode(self, items: Sequence[str], role: Role, wanted: Sequence[int]) -> Iterator[Chunk]:
            chunk = chunk_of([3, 2, 3], ragged=True)
            chunk.values[4, 5] = np.nan
            yield chunk

    with pytest.raises(RetrieverError, match="for the text 'b'"):
        encode_once(TokenVectors(), space_in(tmp_path), ["a", "b", "c"], Role.DOCUMENT, silent)


def test_texts_longer_than_the_limit_are_known_without_the_model(tmp_path: Path) -> None:
    """Tokens are kept with the vectors, so a warm run counts the same cuts."""
    for _ in range(2):
        encoded = encode_once(Lengths(), space_in(tmp_path), TEXTS, Role.DOCUMENT, silent)
        assert encoded.cut(TEXTS).tolist() == [False, True, False, True, False, True]
        assert encoded.tokens_read == 3 + 4 + 4 + 0
