"""``ifir-eval cache``: what it shows, finds broken, and removes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ifir_eval.cli import main
from ifir_eval.encoding.cache import Space, VectorCache
from ifir_eval.encoding.encoder import Chunk


def ifir(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["cache", *map(str, arguments)])


def space_of(folder: Path, model: str) -> Space:
    return VectorCache(folder).space({"revision": digest_of(model, 20).hex(), "max_length": 256}, model)


def digest_of(text: str, size: int = 16) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()


def filled(folder: Path, model: str, texts: int = 10) -> Space:
    space = space_of(folder, model)
    keys = [digest_of(f"{model}{i}") for i in range(texts)]
    space.append(keys, Chunk.dense(range(texts), np.ones((texts, 100), dtype=np.float32), [5] * texts))
    return space


def aged(folder: Path) -> list[Path]:
    """Three shards of about 4.4 kB that nobody writes to, the last of use an hour after one another."""
    for hour in range(3):
        filled(folder, f"model-{hour}")
        (new,) = (file for file in folder.glob("*/*.index") if file.stat().st_mtime > 1e9)
        for file in (new, new.with_suffix(".vectors")):
            os.utime(file, (3_600 * (hour + 1),) * 2)
    return sorted(folder.glob("*/*.index"), key=lambda file: file.stat().st_mtime)


def test_show_tells_whose_vectors_there_are(tmp_path: Path) -> None:
    """Model, settings, how many and how large; the bare command does the same, with the variable too."""
    filled(tmp_path, "org/model@main", texts=1_234)
    done = ifir("show", "--cache", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{tmp_path}: 538.1 kB of 1 encoder\n\norg/model@main\n")
    assert "1,234 texts, 538.1 kB, last used 20" in done.stdout
    assert f"revision={digest_of('org/model@main', 20).hex()[:12]}, max_length=256" in done.stdout
    bare = CliRunner().invoke(main, ["cache"], env={"IFIR_EVAL_CACHE": str(tmp_path)})
    assert bare.stdout == ifir("--cache", tmp_path).stdout == done.stdout
    assert "verify" in ifir("--help").stdout


def test_show_says_in_a_line_what_was_set(tmp_path: Path) -> None:
    """What was left to the model is left out; a reranker's prompt of many lines filled the screen."""
    identity = {"dtype": None, "prompt": "<user>\n{query}\n" + 40 * "really " + "{document}", "device": "cpu"}
    space = VectorCache(tmp_path).space(identity, "causal:model")
    space.append([digest_of("a")], Chunk.dense([0], np.ones((1, 1), dtype=np.float32), [5]))
    (line,) = (line for line in ifir("show", "--cache", tmp_path).stdout.splitlines() if "device=cpu" in line)
    assert line.startswith("    prompt=<user> {query} really")
    assert len(line) < 100


def test_show_as_json_is_complete(tmp_path: Path) -> None:
    """Stable names, whole revisions, bytes as numbers."""
    filled(tmp_path, "org/model")
    told = json.loads(ifir("show", "--cache", tmp_path, "--json").stdout)
    (space,) = told["spaces"]
    assert told["folder"] == str(tmp_path)
    assert told["bytes"] == space["bytes"] == 10 * 400 + 11 * 36
    assert (space["name"], space["texts"]) == ("org/model", 10)
    assert space["identity"] == {"revision": digest_of("org/model", 20).hex(), "max_length": 256}


def test_a_cache_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    """Not an error, and looking makes no folder."""
    nowhere = tmp_path / "none"
    assert "0 bytes of 0 encoders" in ifir("show", "--cache", nowhere).stdout
    assert ifir("verify", "--cache", nowhere).exit_code == 0
    assert ifir("prune", "--cache", nowhere, "--size", "0").exit_code == 0
    assert not nowhere.exists()


def test_show_bears_a_space_that_lost_its_description(tmp_path: Path) -> None:
    """Its vectors can still be counted and pruned."""
    filled(tmp_path, "org/model")
    next(tmp_path.glob("*/space.json")).write_text("{")
    assert "(of an unknown encoder)\n    10 texts" in ifir("show", "--cache", tmp_path).stdout


def test_verify_praises_a_sound_cache(tmp_path: Path) -> None:
    """What a killed process left unfinished is no damage."""
    filled(tmp_path, "one")
    filled(tmp_path, "two")
    (torn, _) = tmp_path.glob("*/*.index")
    torn.write_bytes(torn.read_bytes() + torn.read_bytes()[:40])
    done = ifir("verify", "--cache", tmp_path)
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path}: 20 texts, all intact\n")


def test_verify_lists_what_is_broken_and_removes_it_when_told(tmp_path: Path) -> None:
    """Exit code 2 until then; sound shards stay."""
    for name in ("a", "b", "c", "d", "e"):
        filled(tmp_path, name)
    indexes = sorted(tmp_path.glob("*/*.index"))
    content = bytearray(indexes[0].with_suffix(".vectors").read_bytes())
    content[0] ^= 1
    indexes[0].with_suffix(".vectors").write_bytes(content)
    indexes[1].write_bytes(b"\0" * 36 + indexes[1].read_bytes()[36:])
    indexes[2].with_suffix(".vectors").unlink()
    indexes[3].unlink()
    done = ifir("verify", "--cache", tmp_path)
    assert done.exit_code == 2
    for index, problem in zip(
        indexes,
        (
            "1 of 10 texts have damaged vectors",
            "11 records of the index are damaged",
            "10 of 10 texts have damaged vectors (the file is missing)",
            "vectors without an index",
        ),
        strict=False,
    ):
        assert f"{index.with_suffix('')}: {problem}\n" in done.stdout
    assert "cache verify --remove" in done.stderr
    told = json.loads(ifir("verify", "--cache", tmp_path, "--json").stdout)
    assert len(told["damages"]) == 4
    removed = ifir("verify", "--cache", tmp_path, "--remove")
    assert removed.exit_code == 0
    assert "removed 4 shards" in removed.stderr
    assert ifir("verify", "--cache", tmp_path).stdout == f"{tmp_path}: 10 texts, all intact\n"
    assert sorted(file.suffix for file in tmp_path.glob("*/*")) == [".index", ".json", ".vectors"]


def test_prune_removes_the_least_recently_used_first(tmp_path: Path) -> None:
    """Until the rest fits, with the folders that are empty then."""
    old, middle, new = aged(tmp_path)
    done = ifir("prune", "--cache", tmp_path, "--size", "9kB")
    assert done.stdout == "removed 1 shard, 4.4 kB; 8.8 kB are left\n"
    assert not old.parent.exists()
    assert json.loads(ifir("prune", "--cache", tmp_path, "--size", "5 kb", "--json").stdout) == {
        "removed_shards": 1,
        "removed_models": 0,
        "removed_bytes": 4_396,
        "left_bytes": 4_396,
    }
    assert [middle.exists(), new.exists()] == [False, True]
    ifir("prune", "--cache", tmp_path, "--size", "0")
    assert list(tmp_path.iterdir()) == []


def test_a_shard_that_was_read_is_used_and_stays(tmp_path: Path) -> None:
    """Of use is what a command found vectors in, not only what was written lately."""
    old, middle, new = aged(tmp_path)
    assert space_of(tmp_path, "model-0").find([digest_of("model-00")])[0] >= 0
    ifir("prune", "--cache", tmp_path, "--size", "5kB")
    assert [file.exists() for file in (old, middle, new)] == [True, False, False]


def test_prune_leaves_what_a_process_is_writing(tmp_path: Path) -> None:
    """Its next vectors go where the first ones are."""
    space = filled(tmp_path, "org/model")
    done = ifir("prune", "--cache", tmp_path, "--size", "0")
    assert "removed 0 shards" in done.stdout
    assert "left alone what a process is writing: 1 shard" in done.stdout
    assert ifir("verify", "--cache", tmp_path).stdout == f"{tmp_path}: 10 texts, all intact\n"
    del space
    assert "removed 1 shard" in ifir("prune", "--cache", tmp_path, "--size", "0").stdout


def test_a_converted_model_is_shown_and_pruned_by_its_last_use(tmp_path: Path) -> None:
    """It takes more space than most vectors; so may what a killed conversion has left."""
    old, middle, _ = aged(tmp_path)
    for name, file, hour in (("converted", "model.xml", 1.5), (".converted-x1", "half", 0.5)):
        (folder := middle.parent / name).mkdir()
        (folder / file).write_bytes(bytes(20_000))
        for path in (folder / file, folder):
            os.utime(path, (3_600 * hour,) * 2)
    shown = ifir("show", "--cache", tmp_path).stdout
    assert shown.startswith(f"{tmp_path}: 53.2 kB of 3 encoders")
    assert "10 texts, 4.4 kB, a converted model of 40.0 kB, last used 1970" in shown
    told = json.loads(ifir("show", "--cache", tmp_path, "--json").stdout)
    assert sorted(space["converted_bytes"] for space in told["spaces"]) == [0, 0, 40_000]
    done = ifir("prune", "--cache", tmp_path, "--size", "10kB")
    assert done.stdout == "removed 1 shard and 2 converted models, 44.4 kB; 8.8 kB are left\n"
    assert (old.exists(), middle.exists()) == (False, True)
    assert [path.name for path in middle.parent.iterdir() if path.is_dir()] == []


def test_nothing_else_is_removed_from_a_folder_that_is_no_cache(tmp_path: Path) -> None:
    """Whoever writes --cache . must not lose what lies there, whatever it is called."""
    filled(tmp_path, "org/model")
    (space,) = tmp_path.iterdir()
    mine = [space / "notes", tmp_path / "project" / "converted", tmp_path / "project" / ".converted-x"]
    for folder in mine:
        folder.mkdir(parents=True)
        (folder / "file").touch()
    ifir("prune", "--cache", tmp_path, "--size", "0")
    assert not list(tmp_path.glob("*/*.index"))
    assert all((folder / "file").exists() for folder in mine)


def test_what_was_encoded_into_shards_goes_with_its_ids(tmp_path: Path) -> None:
    """`ifir-eval encode` writes the ids of a shard's documents beside its vectors."""
    index = aged(tmp_path)[0]
    (ids := index.with_suffix(".ids")).write_text("d1\n")
    os.utime(ids, (3_600,) * 2)
    ifir("prune", "--cache", tmp_path, "--size", "9kB")
    assert not index.parent.exists()


@pytest.mark.parametrize("size", ["5XB", "-1GB", "", "GB", "1e3"])
def test_a_size_that_is_none_is_refused_with_examples(tmp_path: Path, size: str) -> None:
    """Nothing is removed."""
    index = aged(tmp_path)[0]
    done = ifir("prune", "--cache", tmp_path, f"--size={size}")
    assert done.exit_code == 2
    assert "5GB, 800MB or 2GiB" in done.stderr
    assert index.exists()


@pytest.mark.parametrize(
    ("size", "stay"), [("8.8kB", 2), ("8.6 kib", 2), ("1TB", 3), ("2GiB", 3), ("8k", 1), ("4396", 1)]
)
def test_sizes_are_read_as_people_write_them(tmp_path: Path, size: str, stay: int) -> None:
    """Decimal and binary units, any case, a space or none."""
    aged(tmp_path)
    ifir("prune", "--cache", tmp_path, "--size", size)
    assert len(list(tmp_path.glob("*/*.index"))) == stay
