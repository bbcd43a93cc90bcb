"""Which folder is a model, whether it is safe to load, and how it is told from every other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ifir_eval.encoding.checkpoint import check, files, fingerprint
from ifir_eval.errors import RetrieverError


def model(folder: Path, **changed: str | None) -> Path:
    """A folder laid out as sentence-transformers does, with files that only look like a model's."""
    contents: dict[str, str | None] = {
        "modules.json": json.dumps([{"path": ""}, {"path": "1_Pooling"}]),
        "config.json": "{}",
        "model.safetensors": "weights",
        "vocab.txt": "[PAD]",
        "README.md": "A model.",
        "1_Pooling/config.json": '{"mean": true}',
    }
    for name, content in (contents | changed).items():
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    return folder


def test_two_checkpoints_with_the_same_folder_name_differ(tmp_path: Path) -> None:
    """Trap 2: keyed by folder name, the second checkpoint reported the first one's score."""
    first = model(tmp_path / "a" / "checkpoint-500")
    second = model(tmp_path / "b" / "checkpoint-500", **{"model.safetensors": "other weights"})
    assert fingerprint(first) != fingerprint(second)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "vocab.txt", "1_Pooling/config.json"])
def test_every_file_that_can_change_a_number_changes_the_fingerprint(tmp_path: Path, name: str) -> None:
    assert fingerprint(model(tmp_path / "a")) != fingerprint(model(tmp_path / "b", **{name: "[]"}))


def test_a_file_changed_in_place_is_noticed(tmp_path: Path) -> None:
    folder = model(tmp_path)
    before = fingerprint(folder)
    (folder / "model.safetensors").write_text("longer weights")
    assert fingerprint(folder) != before


def test_a_copy_elsewhere_has_the_same_fingerprint_whatever_lies_beside_it(tmp_path: Path) -> None:
    first = model(tmp_path / "a")
    second = model(
        tmp_path / "b",
        **{"README.md": "Other words.", "checkpoint-9/model.safetensors": "x", "training_args.bin": "x"},
    )
    assert fingerprint(first) == fingerprint(second)
    assert [file.relative_to(second).as_posix() for file in files(second)] == [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "modules.json",
        "vocab.txt",
    ]


def test_a_good_folder_passes_even_with_a_trainers_state_beside_the_weights(tmp_path: Path) -> None:
    check(model(tmp_path, **{"optimizer.pt": "x", "training_args.bin": "x"}))


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda folder: folder, "holds no model"),
        (
            lambda folder: model(
                folder, **{"modules.json": None, "config.json": None, "adapter_config.json": "{}"}
            ),
            "but only an adapter; save it merged",
        ),
        (
            lambda folder: model(folder, **{"model.safetensors": None, "pytorch_model.bin": "x"}),
            r"pytorch_model\.bin is pickled",
        ),
        (
            lambda folder: model(folder, **{"1_Pooling/pytorch_model.bin": "x"}),
            r"1_Pooling/pytorch_model\.bin is pickled",
        ),
        (lambda folder: model(folder, **{"model.safetensors": None}), "no weights in the safetensors format"),
        (lambda folder: model(folder, **{"modules.json": "{"}), "does not list a model's modules"),
        (lambda folder: model(folder, **{"modules.json": '["x"]'}), "does not list a model's modules"),
    ],
)
def test_a_folder_that_cannot_be_loaded_safely_is_refused(
    tmp_path: Path, build: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(RetrieverError, match=sentence):
        check(build(tmp_path))


def test_an_adapter_alone_passes_where_adapters_are_taken(tmp_path: Path) -> None:
    changed = {"modules.json": None, "config.json": None, "adapter_config.json": "{}"}
    check(model(tmp_path / "a", **changed), adapters=True)


def test_an_adapter_is_one_though_a_configuration_lies_beside_it(tmp_path: Path) -> None:
    """`transformers` then loads the base that it names, whatever else lies there."""
    folder = model(tmp_path, **{"adapter_config.json": "{}"})
    with pytest.raises(RetrieverError, match="but only an adapter"):
        check(folder)


def test_a_broken_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match=r"config\.json is no JSON"):
        check(model(tmp_path, **{"config.json": "{"}), trust_remote_code=True)


def test_pickled_weights_pass_where_they_are_allowed(tmp_path: Path) -> None:
    check(model(tmp_path, **{"model.safetensors": None, "pytorch_model.bin": "x"}), allow_pickle=True)


@pytest.mark.parametrize("value", ["org/other--code.Model", ["code.Fast", "org/other--code.Slow", None]])
def test_code_outside_the_folder_is_never_trusted(tmp_path: Path, value: object) -> None:
    config = json.dumps({"auto_map": {"AutoTokenizer": value}})
    folder = model(tmp_path, **{"tokenizer_config.json": config})
    check(folder)
    with pytest.raises(RetrieverError, match="which no commit hash pins"):
        check(folder, trust_remote_code=True)


def test_pickles_beside_safe_weights_are_not_part_of_the_model(tmp_path: Path) -> None:
    """Nor are they read: the hub's copies of one model have the same fingerprint with and without them."""
    plain, both = model(tmp_path / "a"), model(tmp_path / "b", **{"pytorch_model.bin": "x"})
    assert fingerprint(plain) == fingerprint(both)


def test_modules_code_of_another_repository_is_never_trusted(tmp_path: Path) -> None:
    """sentence-transformers follows such a reference to whatever that repository holds today."""
    modules = json.dumps([{"path": "", "type": "org/other--code.Module"}])
    with pytest.raises(RetrieverError, match="lies in another repository, org/other"):
        check(model(tmp_path, **{"modules.json": modules}), trust_remote_code=True)
