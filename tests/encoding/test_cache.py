"""The vector cache: never another's vectors, nothing lost to a kill, damage is a miss."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from vector_examples import chunk_of, key_of, keys_of

from ifir_eval.encoding import cache as cache_module
from ifir_eval.encoding.cache import Space, VectorCache
from ifir_eval.encoding.encoder import Setting
from ifir_eval.encoding.entries import Entries
from ifir_eval.errors import IfirEvalError, IncompleteError, RetrieverError

IDENTITY: dict[str, Setting] = {"revision": "a" * 40, "max_length": 256, "dtype": "float32"}


def opened(folder: Path) -> Space:
    return VectorCache(folder).space(IDENTITY, "org/model")


def assert_right(space: Space, numbers: list[int], *, ragged: bool = False) -> None:
    """Every one is there, with the very vectors and tokens that were kept."""
    entries = space.find(keys_of(numbers))
    assert (entries >= 0).all()
    want = chunk_of(numbers, ragged=ragged)
    assert np.array_equal(space.vectors(entries).values, want.values)
    assert space.vectors(entries).rows.tolist() == space.rows(entries).tolist() == want.rows.tolist()
    assert space.tokens(entries).tolist() == numbers


def started(folder: Path, code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that has a space of ``folder`` open as ``space``."""
    head = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from ifir_eval.encoding.cache import VectorCache
        from vector_examples import chunk_of, keys_of
        space = VectorCache(Path({str(folder)!r})).space({IDENTITY!r})
    """
    script = textwrap.dedent(head) + textwrap.dedent(code)
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


APPENDING = """
    start, count = map(int, sys.argv[1:])
    for first in range(start, start + count, 5):
        group = list(range(first, first + 5))
        space.append(keys_of(group), chunk_of(group))
        print(first, flush=True)
"""


@pytest.mark.parametrize("ragged", [False, True])
def test_vectors_are_found_at_once_and_by_the_next_command(tmp_path: Path, ragged: bool) -> None:
    """In any order, one row a text or several; what is not there is -1."""
    space = opened(tmp_path)
    space.append(keys_of(range(50)), chunk_of(range(50), ragged=ragged))
    space.append(keys_of(range(50, 90)), chunk_of(range(50, 90), ragged=ragged))
    asked = random.Random(0).sample(range(90), 90)
    for reader in (space, opened(tmp_path)):
        assert_right(reader, asked, ragged=ragged)
        assert reader.find([key_of(1), b"x" * 16, key_of(2)])[1] == -1
        assert reader.find([]).shape == (0,)
        assert len(reader.vectors(reader.find([]))) == 0
        assert reader.warnings == ()


def test_trap_1_another_setting_of_a_model_never_gets_the_first_ones_vectors(tmp_path: Path) -> None:
    """A cache keyed by text alone gave a second model the first one's vectors, and so its score."""
    opened(tmp_path).append(keys_of([1]), chunk_of([1]))
    for changed in (
        {**IDENTITY, "revision": "b" * 40},
        {**IDENTITY, "max_length": 512},
        {**IDENTITY, "dtype": "bfloat16"},
        {**IDENTITY, "device": "cuda"},
    ):
        assert VectorCache(tmp_path).space(changed).find([key_of(1)]).tolist() == [-1]
    reordered = dict(reversed(IDENTITY.items()))
    assert VectorCache(tmp_path).space(reordered).find([key_of(1)]).tolist() == [0]


def test_trap_2_two_checkpoints_of_one_name_have_vectors_of_their_own(tmp_path: Path) -> None:
    """Two local checkpoints shared one key: the second reported the first one's score. The name is no key."""
    first = VectorCache(tmp_path).space({"fingerprint": "1" * 64}, "./checkpoint")
    first.append(keys_of([1]), chunk_of([1]))
    assert VectorCache(tmp_path).space({"fingerprint": "2" * 64}, "./checkpoint").find([key_of(1)])[0] == -1
    assert VectorCache(tmp_path).space({"fingerprint": "1" * 64}, "renamed").find([key_of(1)])[0] == 0


def test_a_space_tells_people_whose_vectors_it_has(tmp_path: Path) -> None:
    """As JSON beside the shards."""
    opened(tmp_path).append(keys_of([1]), chunk_of([1]))
    (about,) = tmp_path.glob("*/space.json")
    assert json.loads(about.read_text()) == {"name": "org/model", "identity": IDENTITY}


def test_a_killed_writer_loses_nothing_that_it_had_finished(tmp_path: Path) -> None:
    """SIGKILL at random moments, round after round into one folder."""
    draw, done = random.Random(7), 0
    for _ in range(6):
        process = started(tmp_path, APPENDING, done, 1_000_000)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(draw.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        told = [int(line) for line in (first + process.stdout.read()).splitlines()]
        process.stdout.close()
        process.wait()
        done = told[-1] + 5
        space = opened(tmp_path)
        assert_right(space, list(range(done)))
        # The group after the last one told may be finished too, as a whole or not at all.
        later = space.find(keys_of(range(done, done + 10))) >= 0
        assert later.tolist() in ([False] * 10, [True] * 5 + [False] * 5)
        assert space.warnings == ()


def test_two_processes_write_and_read_one_folder_at_once(tmp_path: Path) -> None:
    """Neither waits, neither sees anything wrong, and afterwards all is there."""
    first, second = started(tmp_path, APPENDING, 0, 1_000), started(tmp_path, APPENDING, 500, 1_000)
    while first.poll() is None or second.poll() is None:
        space = opened(tmp_path)
        entries = space.find(keys_of(range(1_500)))
        there = np.flatnonzero(entries >= 0)
        assert len(there) == 0 or np.array_equal(
            space.vectors(entries[there]).values, chunk_of(there.tolist()).values
        )
        assert space.warnings == ()
    for process in (first, second):
        process.communicate()
        assert process.returncode == 0
    assert_right(opened(tmp_path), list(range(1_500)))


def test_damaged_vectors_are_computed_again_and_told_once(tmp_path: Path) -> None:
    """The new vectors win over the damaged ones, now and later."""
    opened(tmp_path).append(keys_of(range(20)), chunk_of(range(20)))
    (file,) = tmp_path.glob("*/*.vectors")
    content = bytearray(file.read_bytes())
    content[3 * 32] ^= 1
    content[7 * 32 + 31] ^= 128
    file.write_bytes(content)
    space = opened(tmp_path)
    for _ in range(2):
        assert np.flatnonzero(space.find(keys_of(range(20))) < 0).tolist() == [3, 7]
    assert len(space.warnings) == 1
    assert space.warnings[0].startswith("2 entries in ")
    assert "ifir-eval cache verify" in space.warnings[0]
    space.append(keys_of([3, 7]), chunk_of([3, 7]))
    assert_right(space, list(range(20)))
    healed = opened(tmp_path)
    assert_right(healed, list(range(20)))
    assert healed.warnings == ()


def test_a_damaged_index_and_missing_vectors_are_told(tmp_path: Path) -> None:
    """Nothing is found, nothing fails."""
    opened(tmp_path).append(keys_of([1, 2]), chunk_of([1, 2]))
    opened(tmp_path).append(keys_of([3]), chunk_of([3]))
    for index in tmp_path.glob("*/*.index"):
        if len(content := bytearray(index.read_bytes())) == 3 * 36:
            content[-1] ^= 1
            index.write_bytes(content)
        else:
            index.with_suffix(".vectors").unlink()
    space = opened(tmp_path)
    assert space.find(keys_of([1, 2, 3])).tolist() == [-1] * 3
    assert space.warnings[0].startswith("4 entries in ")


def test_vectors_removed_while_in_use_stop_the_run_with_the_remedy(tmp_path: Path) -> None:
    """Not a traceback, and no other vectors in their place."""
    opened(tmp_path).append(keys_of([1]), chunk_of([1]))
    space = opened(tmp_path)
    entries = space.find(keys_of([1]))
    next(tmp_path.glob("*/*.vectors")).unlink()
    with pytest.raises(IncompleteError, match="run the same command again"):
        space.vectors(entries)


def test_a_shard_of_its_own_for_each_writer_and_a_new_one_when_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vectors are gathered across shards in the order asked for."""
    monkeypatch.setattr(cache_module, "SHARD_BYTES", 1_000)
    space = opened(tmp_path)
    for first in range(0, 100, 10):
        space.append(keys_of(range(first, first + 10)), chunk_of(range(first, first + 10), ragged=True))
    assert len(list(tmp_path.glob("*/*.index"))) >= 4
    for reader in (space, opened(tmp_path)):
        assert_right(reader, random.Random(1).sample(range(100), 100), ragged=True)


def test_a_model_of_another_width_is_refused_with_both_widths(tmp_path: Path) -> None:
    """Now, and when a server's model was exchanged behind its name."""
    opened(tmp_path).append(keys_of([1]), chunk_of([1], width=8))
    space = opened(tmp_path)
    with pytest.raises(RetrieverError, match="changing dimension: 8 before and 6 now"):
        space.append(keys_of([2]), chunk_of([2], width=6))
    assert_right(opened(tmp_path), [1])


def test_two_widths_written_at_once_are_noticed_by_the_next_command(tmp_path: Path) -> None:
    """Neither is taken for the other's."""
    first, second = opened(tmp_path), opened(tmp_path)
    first.append(keys_of([1]), chunk_of([1], width=8))
    second.append(keys_of([2]), chunk_of([2], width=6))
    with pytest.raises(RetrieverError, match=r"changing dimension: [68] before and [68] now.*new --cache"):
        opened(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on the size of files")
@pytest.mark.parametrize(("width", "kept"), [(8, 70), (32, 20)], ids=["index torn", "vectors torn"])
def test_a_full_disk_keeps_what_is_finished_and_the_same_command_goes_on(
    tmp_path: Path, width: int, kept: int
) -> None:
    """Caused for real, by a limit on the size of files; the sentence names folder and remedy."""
    process = started(
        tmp_path,
        f"""
        import resource
        from ifir_eval.errors import IncompleteError
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))
        try:
            for first in range(0, 200, 10):
                group = list(range(first, first + 10))
                space.append(keys_of(group), chunk_of(group, {width}))
        except IncompleteError as error:
            print(first, space.find(keys_of(range(first))).min(), error)
        """,
    )
    finished, lowest, sentence = process.communicate()[0].split(maxsplit=2)
    assert (int(finished), int(lowest)) == (kept, 0)
    assert "no space in" in sentence
    assert str(tmp_path) in sentence
    assert "the same command then goes on" in sentence
    space = opened(tmp_path)
    assert (space.find(keys_of(range(200))) >= 0).tolist() == [number < kept for number in range(200)]
    assert space.warnings == ()
    space.append(keys_of(range(kept, 200)), chunk_of(range(kept, 200), width))
    entries = space.find(keys_of(range(200)))
    assert np.array_equal(space.vectors(entries).values, chunk_of(range(200), width).values)


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on the size of files")
@pytest.mark.parametrize(("limit", "left"), [(400, ["space.json"]), (0, [])])
def test_a_disk_full_from_the_start_is_not_littered(tmp_path: Path, limit: int, left: list[str]) -> None:
    """A shard that could take nothing is removed."""
    process = started(
        tmp_path,
        f"""
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        try:
            space.append(keys_of(range(20)), chunk_of(range(20)))
        except Exception as error:
            print(type(error).__name__, flush=True)
        """,
    )
    assert process.communicate()[0].strip() == "IncompleteError"
    assert [file.name for file in tmp_path.glob("*/*")] == left


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    """A file stands where the cache should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(IfirEvalError, match=r"cannot be written .* another folder with --cache"):
        opened(tmp_path / "file").append(keys_of([1]), chunk_of([1]))


def test_entries_with_half_a_key_in_common_are_told_apart() -> None:
    """And of equal keys the newest counts, while it is fresh and after it was sorted in."""
    entries = Entries([])
    twins = [b"same-8by" + bytes([number]) * 8 for number in range(5)]
    records = np.zeros(5, dtype=entries.records.dtype)
    records["key"] = np.frombuffer(b"".join(twins), dtype="<u8").reshape(5, 2)
    entries.add(twins, records, 0)
    entries.add(twins[:2], records[:2], 1)
    for table in (entries, Entries([entries.records])):
        assert table.find([*reversed(twins), b"same-8byother..."]).tolist() == [4, 3, 2, 6, 5, -1]


def test_many_additions_are_found_among_those_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the table grew and was sorted anew."""
    monkeypatch.setattr("ifir_eval.encoding.entries._FRESH", 10)
    opened(tmp_path).append(keys_of(range(100)), chunk_of(range(100)))
    space = opened(tmp_path)
    for first in range(100, 400, 7):
        group = list(range(first, first + 7))
        space.append(keys_of(group), chunk_of(group))
        assert_right(space, [first, 0, 99, 100, first + 6])
    assert_right(space, list(range(400)))


def test_vectors_of_another_method_are_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of this package's own code, the model, its settings and all versions may be the same."""
    before = VectorCache(tmp_path).folder_of({"model": "m"})
    monkeypatch.setattr(cache_module, "METHOD", cache_module.METHOD + 1)
    assert VectorCache(tmp_path).folder_of({"model": "m"}) != before


def test_a_space_bears_the_last_name_it_was_given(tmp_path: Path) -> None:
    """A converted model is there before the name is known; without one, the old name stays."""
    for name, told in (("", ""), ("demo:m", "demo:m"), ("", "demo:m")):
        cache_module.describe(tmp_path, {"model": "m"}, name)
        assert json.loads((tmp_path / cache_module.IDENTITY).read_text())["name"] == told
