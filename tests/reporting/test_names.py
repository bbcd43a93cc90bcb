"""Names of retrievers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_examples import facets, mirror

from ifir_eval.records.names import display_names

RECORD = mirror(0)


def names(*retrievers: tuple[str, dict[str, Any]]) -> list[str]:
    return display_names(
        [
            replace(RECORD, retriever={"spec": spec, "kind": "dense", "settings": settings})
            for spec, settings in retrievers
        ]
    )


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("bm25", "bm25"),
        ("random:7", "random:7"),
        ("BAAI/bge-small-en-v1.5", "BAAI/bge-small-en-v1.5"),
        (f"BAAI/bge-small-en-v1.5@{'5c38ec7' * 6}"[:63], "BAAI/bge-small-en-v1.5@5c38ec7"),
        ("/home/me/runs/seed-1/checkpoint/", "seed-1/checkpoint"),
        (r"C:\models\seed-1\checkpoint", "seed-1/checkpoint"),
        ("run:/home/me/runs/a.trec", "run:runs/a.trec"),
    ],
)
def test_a_name_is_the_spec_with_folders_and_revisions_cut_short(spec: str, name: str) -> None:
    assert names((spec, {})) == [name]


def test_two_local_checkpoints_of_the_same_folder_name_are_told_apart() -> None:
    """docs/methods.md, trap 2: elsewhere both were shown as ``final/checkpoint``."""
    found = names(("/runs/a/final/checkpoint", {}), ("/runs/b/final/checkpoint", {}), ("bm25", {}))
    assert found == ["a/final/checkpoint", "b/final/checkpoint", "bm25"]


def test_one_model_under_two_settings_is_named_with_what_differs() -> None:
    found = names(("m", {"template": "a", "dtype": "float32"}), ("m", {"template": "b", "dtype": "float32"}))
    assert found == ["m (template a)", "m (template b)"]


def test_long_settings_that_begin_alike_still_give_two_names() -> None:
    first, second = names(("m", {"weights": "a" * 60}), ("m", {"weights": "a" * 59 + "b"}))
    assert first != second
    assert len(second) < 50


def test_a_retriever_has_one_name_on_all_benchmarks() -> None:
    assert len(set(display_names([mirror(1), facets(1)]))) == 1


@given(
    st.lists(
        st.tuples(st.text("ab/:@\\", min_size=1, max_size=8), st.sampled_from(("x", "y"))),
        unique=True,
        max_size=6,
    )
)
def test_different_retrievers_never_share_a_name(retrievers: list[tuple[str, str]]) -> None:
    found = names(*((spec, {"dtype": dtype}) for spec, dtype in retrievers))
    assert len(set(found)) == len(retrievers)
