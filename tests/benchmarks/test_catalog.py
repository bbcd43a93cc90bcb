"""The catalog: what it says is true, and names are resolved or refused all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from folders import GOOD, write

from ifir_eval.benchmarks.catalog import catalog, load, load_all
from ifir_eval.benchmarks.mirror import PINNED_SEED
from ifir_eval.errors import IfirEvalError, InvalidInputError, UnknownNameError
from ifir_eval.measures.measure import find

SharedData = Callable[[str], Path]


@pytest.mark.parametrize("name", [name for name, entry in catalog().items() if not entry.hub])
def test_an_entry_says_what_its_benchmark_is(shared_data: SharedData, name: str) -> None:
    """Name, views, contrasts, measures, licence and size are those of the loaded benchmark."""
    entry = catalog()[name]
    folder = shared_data(entry.release.name).parent if entry.release else None
    benchmark = load(name, data=folder)
    assert benchmark.name == name
    assert set(entry.views) == {view.name for view in benchmark.views()}
    assert (entry.contrasts, entry.measures) == (benchmark.contrasts, benchmark.measures)
    assert entry.licence == benchmark.licence
    assert (entry.topics, entry.documents) == (len(benchmark.topics), len(benchmark.corpus))
    assert entry.release is None or entry.release.repository == benchmark.source


@pytest.mark.parametrize("name", catalog())
def test_the_measures_of_an_entry_exist(name: str) -> None:
    """No benchmark asks for a measure that nobody computes."""
    measures = catalog()[name].measures
    assert [measure.name for measure in find(measures)] == list(measures)


def test_the_facts_of_an_entry_are_json() -> None:
    """``--json`` gives every field, also for benchmarks without a source."""
    facts = {entry.name: json.loads(json.dumps(entry.facts())) for entry in catalog().values()}
    assert facts["mirror"]["download"] == "nothing"
    assert facts["csfcube"]["download"] == "by git, at the pinned commit"
    assert facts["negconstraint"]["download"] == "1.1 MB"
    assert facts["condaqa"]["contrasts"] == ["yes>no"]
    assert facts["condaqa"]["revision"] == "bd4857f1f2819937f1505925ad8c809544e8e5ef"


def test_a_generated_benchmark_takes_a_seed() -> None:
    """``mirror-dev@7`` is drawn afresh; the pinned seed gives the pinned benchmark."""
    fresh, pinned = load_all(["mirror-dev@7", f"mirror-dev@{PINNED_SEED}"])
    assert fresh.name == "mirror-dev@7"
    assert pinned.content_hash == load("mirror-dev").content_hash != fresh.content_hash


def test_a_path_loads_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything with a slash is a path, and so is the name of a folder that exists here."""
    folder = write(tmp_path / "mine", GOOD)
    monkeypatch.chdir(tmp_path)
    assert load(str(folder)).name == load("./mine").name == load("mine").name == "tiny"


def test_the_catalog_comes_before_a_folder_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that happens to be called mirror-dev hides nothing; ``./mirror-dev`` reaches it."""
    write(tmp_path / "mirror-dev", GOOD)
    monkeypatch.chdir(tmp_path)
    assert load("mirror-dev").name == "mirror-dev"
    assert load("./mirror-dev").name == "tiny"


def test_all_unknown_names_are_refused_at_once(tmp_path: Path) -> None:
    """Each gets its near names, and nothing is read before: the broken folder is not even looked at."""
    names = ["csfcub", "mirror@soon", "csfcube@3", str(tmp_path)]
    with pytest.raises(UnknownNameError) as caught:
        load_all(names)
    assert caught.value.unknown == ("csfcub", "mirror@soon", "csfcube@3")
    first, second, _, existing = str(caught.value).splitlines()
    assert first == "there is no benchmark 'csfcub'; did you mean csfcube?"
    assert "mirror@<seed>" in second
    assert "condaqa-test" in existing


def test_all_broken_benchmarks_are_reported_at_once(tmp_path: Path) -> None:
    """Two broken folders give both lists; one alone keeps its own kind of error."""
    folders = [str(write(tmp_path / name, {**GOOD, "corpus.jsonl": None})) for name in ("a", "b")]
    with pytest.raises(IfirEvalError) as caught:
        load_all(folders)
    assert str(caught.value).count("corpus.jsonl: the file is missing") == 2
    with pytest.raises(InvalidInputError):
        load_all(folders[:1])
