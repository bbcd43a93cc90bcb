"""The entries of the published benchmarks: what they say is true, and what cannot be fetched says why."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.entry import Entry
from ifir_eval.benchmarks.published import entries
from ifir_eval.errors import IfirEvalError
from ifir_eval.measures.measure import find
from ifir_eval.progress import silent

ENTRIES = {entry.name: entry for entry in entries()}
BY_HAND = {"infosearch-length", "excluir", "inf-ir", "inf-ir-metamath", "inf-ir-leetcode"}


def test_names_are_used_once() -> None:
    """6 InfoSearch subsets, ExcluIR, Recipe-MPR, 5 BIRCO tasks, 3 InF-IR splits, 4 FollowTable collections."""
    assert max(Counter(entry.name for entry in entries()).values()) == 1
    assert len(ENTRIES) == 6 + 1 + 1 + 5 + 3 + 4


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_fit_for_the_catalog(entry: Entry) -> None:
    """Its measures exist, its contrasts are of its views, and what git fetches has a full commit hash."""
    assert [measure.name for measure in find(entry.measures)] == list(entry.measures)
    assert {view for contrast in entry.contrasts for view in contrast} <= set(entry.views)
    assert entry.release is not None
    assert entry.download.startswith("by hand: ") == (entry.name in BY_HAND)
    assert entry.name in BY_HAND or re.fullmatch("[0-9a-f]{40}", entry.release.revision)
    assert entry.topics > 0
    assert ", 0 documents" not in entry.size


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_what_cannot_be_fetched_says_why_and_where_to_put_it(tmp_path: Path, name: str) -> None:
    """Nothing is tried on the network, with or without a data directory."""
    entry = ENTRIES[name]
    assert entry.release is not None
    sentence = f"{re.escape(entry.release.repository)} into DIR/{entry.release.name} and pass --data DIR"
    for data in (None, tmp_path):
        with pytest.raises(IfirEvalError, match=sentence):
            entry.load(data, None, silent)


def test_a_local_copy_is_loaded_by_its_entry(tmp_path: Path) -> None:
    """From the folder that the entry's release names, with what the entry says of it."""
    rows = [{"question0": "Bread?", "RQ_rewrite": "Bread, not of wheat?", "corpus_sub_index": [0, 1]}]
    write_copy(tmp_path / "excluir", {"corpus.json": ["Wheat.", "Rye."], "test_manual_final.json": rows})
    entry = ENTRIES["excluir"]
    benchmark = entry.load(tmp_path, None, silent)
    assert (entry.name, entry.licence, entry.measures, entry.contrasts) == (
        benchmark.name,
        benchmark.licence,
        benchmark.measures,
        benchmark.contrasts,
    )
    assert set(entry.views) == {view.name for view in benchmark.views()}
    assert entry.release is not None
    assert entry.release.repository == benchmark.source
