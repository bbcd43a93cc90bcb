"""A shard: what its bytes are, and that no damage to them ever gives a wrong vector."""

from __future__ import annotations

import io
import random
from pathlib import Path

import fsspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_examples import chunk_of, key_of, keys_of

from ifir_eval.encoding.shard import INDEX, RECORD, VECTORS, ShardReader, ShardWriter, parse_index
from ifir_eval.errors import RetrieverError

GROUPS = ([1, 2], [3], [5, 6, 7])


def write(folder: Path, groups: tuple[list[int], ...] = GROUPS, *, ragged: bool = False) -> ShardReader:
    reader = ShardReader(folder / "part-00003-of-00128.v2")
    with reader.vectors_file.open("wb") as vectors, reader.index_file.open("wb") as index:
        writer = ShardWriter(vectors, index)
        for group in groups:
            writer.append(keys_of(group), chunk_of(group, ragged=ragged))
    return reader


def believed(reader: ShardReader) -> dict[bytes, bytes]:
    """The bytes of all vectors that the shard vouches for, by key."""
    records, width, _ = reader.index()
    records = records[reader.intact(records, width)]
    own = [np.arange(record["row"], record["row"] + record["rows"], dtype=np.int64) for record in records]
    rows = reader.rows(np.concatenate([np.zeros(0, dtype=np.int64), *own]), width)
    parts = np.split(rows, np.cumsum(records["rows"])[:-1]) if len(records) else []
    return {record["key"].tobytes(): part.tobytes() for record, part in zip(records, parts, strict=True)}


def expected(groups: tuple[list[int], ...] = GROUPS, *, ragged: bool = False) -> dict[bytes, bytes]:
    return {
        key_of(number): chunk_of([number], ragged=ragged).values.tobytes()
        for group in groups
        for number in group
    }


def test_the_vectors_file_is_plain_rows_that_any_tool_can_read(tmp_path: Path) -> None:
    """Little-endian float32 in order, nothing else."""
    rows = np.fromfile(write(tmp_path).vectors_file, dtype="<f4").reshape(-1, 8)
    assert np.array_equal(rows, np.concatenate([chunk_of(group).values for group in GROUPS]))


def test_the_bytes_depend_on_the_content_alone(tmp_path: Path) -> None:
    """Whichever file system they are written through."""
    reader = write(tmp_path)
    memory = fsspec.filesystem("memory")
    with memory.open("/a" + VECTORS, "wb") as vectors, memory.open("/a" + INDEX, "wb") as index:
        writer = ShardWriter(vectors, index)
        for group in GROUPS:
            writer.append(keys_of(group), chunk_of(group))
    assert memory.cat("/a" + VECTORS) == reader.vectors_file.read_bytes()
    assert memory.cat("/a" + INDEX) == reader.index_file.read_bytes()
    assert writer.size == reader.vectors_file.stat().st_size + reader.index_file.stat().st_size


@given(
    st.lists(st.lists(st.integers(0, 500), max_size=6), max_size=5),
    st.booleans(),
)
@settings(max_examples=40)
def test_what_is_written_is_read_again(groups: list[list[int]], ragged: bool) -> None:
    """Items of any number of rows, none included."""
    vectors, index = io.BytesIO(), io.BytesIO()
    writer = ShardWriter(vectors, index)
    for group in groups:
        writer.append(keys_of(group), chunk_of(group, ragged=ragged))
    records, _, damaged = parse_index(index.getvalue())
    numbers = [number for group in groups for number in group]
    rows = np.frombuffer(vectors.getvalue(), dtype="<f4").reshape(-1, 8)
    assert damaged == 0
    assert records["tokens"].tolist() == numbers
    for record, number in zip(records, numbers, strict=True):
        mine = rows[record["row"] : record["row"] + record["rows"]]
        assert np.array_equal(mine, chunk_of([number], ragged=ragged).values)
        assert record["key"].tobytes() == key_of(number)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_flipped_bit_anywhere_is_a_miss_and_never_a_wrong_vector(tmp_path: Path, ragged: bool) -> None:
    """Every byte of the index and many of the vectors, one bit at a time."""
    reader = write(tmp_path, ragged=ragged)
    right, draw = expected(ragged=ragged), random.Random(0)
    assert believed(reader) == right
    for file in (reader.index_file, reader.vectors_file):
        sound = file.read_bytes()
        for place in range(len(sound)):
            torn = bytearray(sound)
            torn[place] ^= 1 << draw.randrange(8)
            file.write_bytes(torn)
            found = believed(reader)
            assert found.items() < right.items(), f"{file.name}, byte {place}"
        file.write_bytes(sound)


def test_a_shard_cut_off_anywhere_gives_whole_groups_or_none(tmp_path: Path) -> None:
    """What a killed writer leaves: no damage, and of a torn group not one item."""
    reader = write(tmp_path)
    sound = reader.index_file.read_bytes()
    ends = np.cumsum([(1 + len(group)) * RECORD.itemsize for group in GROUPS]).tolist()
    for length in range(len(sound)):
        records, _, damaged = parse_index(sound[:length])
        whole = sum(end <= length for end in ends)
        assert len(records) == sum(map(len, GROUPS[:whole]))
        assert damaged == 0
        reader.index_file.write_bytes(sound[:length])
        assert believed(reader) == expected(GROUPS[:whole])


def test_vectors_cut_off_or_gone_are_misses(tmp_path: Path) -> None:
    """A truncated, an empty and a missing file."""
    reader = write(tmp_path)
    sound = reader.vectors_file.read_bytes()
    for length in (len(sound) - 1, len(sound) // 2, 1, 0):
        reader.vectors_file.write_bytes(sound[:length])
        whole = length // (8 * 4)
        assert len(believed(reader)) == whole
    reader.vectors_file.unlink()
    assert believed(reader) == {}


def test_damage_in_the_middle_of_an_index_is_counted_and_costs_one_group(tmp_path: Path) -> None:
    """The groups after it are found again."""
    reader = write(tmp_path)
    torn = bytearray(reader.index_file.read_bytes())
    torn[3 * RECORD.itemsize] ^= 1  # the head of the second group
    reader.index_file.write_bytes(torn)
    records, width, damaged = reader.index()
    assert (len(records), width, damaged) == (5, 8, 2)


def test_vectors_of_another_width_are_refused_with_both_widths() -> None:
    """And nothing of them is written."""
    vectors, index = io.BytesIO(), io.BytesIO()
    writer = ShardWriter(vectors, index)
    writer.append(keys_of([1]), chunk_of([1], width=8))
    written = vectors.getvalue(), index.getvalue()
    with pytest.raises(RetrieverError, match="changing dimension: 8 before and 5 now"):
        writer.append(keys_of([2]), chunk_of([2], width=5))
    assert (vectors.getvalue(), index.getvalue()) == written


def test_vectors_without_a_number_are_refused() -> None:
    """A server that answers with empty lists has given nothing."""
    with pytest.raises(RetrieverError, match="without any number"):
        ShardWriter(io.BytesIO(), io.BytesIO()).append(keys_of([1]), chunk_of([1], width=0))


def test_as_many_keys_as_items_are_demanded() -> None:
    """Otherwise a text would get its neighbour's vector."""
    with pytest.raises(ValueError, match="reshape"):
        ShardWriter(io.BytesIO(), io.BytesIO()).append(keys_of([1]), chunk_of([1, 2]))
