"""The entries of the published benchmarks: what they say is true, and what cannot be fetched says why."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from local_copies import write_copy

from ifir_eval.benchmarks.catalog import load, load_all
from ifir_eval.benchmarks.entry import Entry
from ifir_eval.benchmarks.published import entries, groups
from ifir_eval.errors import IfirEvalError
from ifir_eval.measures.measure import find
from ifir_eval.progress import silent

ENTRIES = {entry.name: entry for entry in entries()}
BY_HAND = {"infosearch-length", "excluir", "inf-ir", "inf-ir-metamath", "inf-ir-leetcode"} | {
    name for name in ENTRIES if name.startswith(("mair-", "multiconir-"))
}


def test_names_are_used_once() -> None:
    """InfoSearch, ExcluIR, Recipe-MPR, BIRCO, InF-IR, FollowTable, MAIR, MultiConIR: 3 tasks over 5 domains."""
    assert max(Counter(entry.name for entry in entries()).values()) == 1
    assert len(ENTRIES) == 6 + 1 + 1 + 5 + 3 + 4 + 7 + 3 * 5


def test_a_family_is_named_for_all_its_members() -> None:
    """``--benchmark infosearch`` asks all six, ``benchmarks show`` wants one of them."""
    assert {family: len(members) for family, members in groups().items()} == {
        "infosearch": 6,
        "birco": 5,
        "followtable": 4,
        "mair": 7,
        "multiconir": 15,
    }
    with pytest.raises(IfirEvalError) as caught:
        load_all(["mair"])
    assert str(caught.value).count("mair cannot be fetched") == 7
    with pytest.raises(IfirEvalError, match="name one of them: mair-ifeval, mair-instructir"):
        load("mair")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_fit_for_the_catalog(entry: Entry) -> None:
    """Its measures exist, its contrasts are of its views, and what git fetches has a full commit hash."""
    assert [measure.name for measure in find(entry.measures)] == list(entry.measures)
    assert {view for contrast in entry.contrasts for view in contrast} <= set(entry.views)
    assert entry.release is not None
    assert entry.download.startswith("by hand: ") == (entry.name in BY_HAND)
    assert entry.name in BY_HAND or re.fullmatch("[0-9a-f]{40}", entry.release.revision)
    assert not re.search(r"\b0 (topics|documents)", entry.size)


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
