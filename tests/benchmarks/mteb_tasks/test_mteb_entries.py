"""Every benchmark that mteb loads: listed with mteb's own facts, and loaded from a small copy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hub_copies import keep_apart, write_copies

from ifir_eval.benchmarks.catalog import catalog, load, load_all
from ifir_eval.benchmarks.mteb_tasks.entries import entries, groups
from ifir_eval.benchmarks.mteb_tasks.task import _find, _published
from ifir_eval.exchange.benchmark_names import task_of
from ifir_eval.measures.measure import find

ENTRIES = {entry.name: entry for entry in entries()}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_apart(tmp_path / "built", monkeypatch)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_copies(tmp_path_factory.mktemp("copies"))


def test_the_catalog_lists_them_without_importing_mteb() -> None:
    """Who runs something else never waits for mteb, nor needs it."""
    code = (
        "import sys; from ifir_eval.benchmarks.catalog import catalog; catalog();"
        "print(*{'mteb', 'datasets', 'torch'} & sys.modules.keys())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == []
    assert ENTRIES.keys() <= catalog().keys()


@pytest.mark.parametrize("name", ENTRIES)
def test_the_facts_of_an_entry_are_mteb_s(name: str) -> None:
    """Data set, licence and sizes stand in mteb's registry and its descriptive statistics as they do here."""
    entry = ENTRIES[name]
    chosen = task_of(name)
    metadata = _find(name, chosen).metadata
    split = metadata.eval_splits[0]
    published = _published(metadata.descriptive_stats, split, chosen.subset)
    views = 1 if name.startswith(("ifir", "bright")) else 2
    assert (entry.hub, entry.licence) == (metadata.dataset["path"], metadata.license)
    assert entry.documents == published["documents"]
    if name != "instructir":  # six to ten queries a topic
        assert entry.topics * views == published["queries"]


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_loads_from_a_copy(copies: Path, name: str) -> None:
    """Views, contrasts and measures are the entry's; the small copy is not mistaken for the published one."""
    entry = ENTRIES[name]
    benchmark = load(name, data=copies)
    found = {view.name for view in benchmark.views()}
    assert found <= set(entry.views)
    assert (entry.contrasts, entry.licence, entry.source) == (
        benchmark.contrasts,
        benchmark.licence,
        benchmark.source,
    )
    assert [measure.name for measure in find(entry.measures)] == list(benchmark.measures)
    assert f"documents, not {entry.documents:,}" in " ".join(benchmark.notes)


def test_a_family_s_name_stands_for_all_its_benchmarks(copies: Path) -> None:
    """``followir`` is its three sets, none of them twice."""
    names = [benchmark.name for benchmark in load_all(["followir", "followir-core17"], copies)]
    assert names == ["followir-robust04", "followir-news21", "followir-core17"]
    assert {family: len(members) for family, members in groups().items()} == {
        "followir": 3,
        "mfollowir": 6,
        "ifir": 7,
        "bright": 12,
    }
