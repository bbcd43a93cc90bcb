"""A study carried out: real trainings of a small model, resumed, shared out and merged."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_study import STUDY, following, write_study

from ifir_eval.encoding.cache import default_folder
from ifir_eval.errors import IfirEvalError, InvalidInputError
from ifir_eval.records.storage import load_record
from ifir_eval.shares import Share
from ifir_eval.training.study.cells import BASE, Finished, read_cells
from ifir_eval.training.study.definition import read_study
from ifir_eval.training.study.estimating import forecast
from ifir_eval.training.study.planning import Plan, plan
from ifir_eval.training.study.running import Outcome, Work, carry_out, cells_of


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def planned(file: Path) -> Plan:
    return plan(read_study(file))


@pytest.fixture(scope="module")
def results(file: Path) -> Path:
    return file.parent / "results"


@pytest.fixture(scope="module")
def outcome(planned: Plan, results: Path) -> Outcome:
    """Two mixes at two budgets with two seeds, and the base."""
    return carry_out(planned, Work(results, say=lambda text: None))


def figures(cell: Finished) -> object:
    """What was measured: everything but the time that it took."""
    return [(record.measures, record.topics, record.retriever["settings"]) for record in cell.records.values()]


def spaces() -> set[Path]:
    return set(default_folder().glob("*"))


def test_every_cell_is_trained_on_its_budget_and_judged_on_all(outcome: Outcome, planned: Plan) -> None:
    assert not outcome.failures
    assert [cell.key for cell in outcome.finished] == list(planned.study.keys())
    base, *trained = outcome.finished
    assert base.key.arm.mix == BASE
    for cell in trained:
        assert f"{cell.data['rows']} rows" == cell.key.arm.budget
        assert set(cell.data["views"]) == {"original"} | ({"reversed"} if cell.key.arm.mix == "dual" else set())
        assert list(cell.records) == list(planned.study.benchmarks)
        assert cell.effort["train_s"] > 0
        assert cell.effort["evaluate_tokens"] > 0
    fingerprints = {
        next(iter(c.records.values())).retriever["settings"]["fingerprint"] for c in outcome.finished
    }
    assert len(fingerprints) == 9


def test_checkpoints_and_their_vectors_are_gone(outcome: Outcome, results: Path) -> None:
    """Forty checkpoints' vectors in the user's cache would serve nobody; records and runs are what remains."""
    files = {file.name for file in results.rglob("*") if file.is_file()}
    assert files == {"cell.json", "record.json", "run.trec.gz"}
    names = [(space / "space.json").read_text(encoding="utf-8") for space in spaces()]
    assert not [name for name in names if str(results) in name]


def test_a_checkpoints_record_names_its_cell_and_no_place(outcome: Outcome, results: Path) -> None:
    """The folder that it was judged in is gone when anybody reads the record."""
    cell = outcome.finished[-1]
    (folder,) = (results / "cells").glob(f"{cell.key.name}-*")
    record = load_record(folder / following().name)
    assert record.retriever["spec"] == f"{cell.key.name}@{cell.address[:8]}"
    assert str(results) not in str(record.retriever)


def test_what_is_done_is_not_done_again_and_what_is_lost_comes_back_the_same(
    outcome: Outcome, planned: Plan, results: Path, tmp_path: Path
) -> None:
    """Killed before its cell was written, a cell keeps the records that it had; before that, it starts anew."""
    copy = Path(shutil.copytree(results, tmp_path / "copy"))
    said: list[str] = []
    assert carry_out(planned, Work(copy, say=said.append)).finished == outcome.finished
    assert said == []
    (half,) = (copy / "cells").glob(f"{outcome.finished[1].key.name}-*")
    (lost,) = (copy / "cells").glob(f"{outcome.finished[-1].key.name}-*")
    (half / "cell.json").unlink()
    kept = (half / "following" / "record.json").stat().st_mtime_ns
    shutil.rmtree(lost)
    again = carry_out(planned, Work(copy, keep_checkpoints=True, say=said.append))
    assert said == [f"[1/2] {outcome.finished[1].key.name}", f"[2/2] {outcome.finished[-1].key.name}"]
    assert (half / "following" / "record.json").stat().st_mtime_ns == kept
    assert list(map(figures, again.finished)) == list(map(figures, outcome.finished))
    assert (lost / "model" / "modules.json").is_file()


def test_parts_of_the_cells_meet_in_one_study(
    outcome: Outcome, planned: Plan, results: Path, tmp_path: Path
) -> None:
    """Each part has the base and its share; what other machines have done counts as done."""
    first, second = (cells_of(Share(number, 2), planned.cells) for number in (0, 1))
    assert {cell.key for cell in (*first, *second)} == set(planned.study.keys())
    assert [cell.key.arm.mix for cell in first if cell in second] == [BASE]
    here, there = tmp_path / "here", tmp_path / "there"
    for cell, folder in ((cell, here if place % 2 else there) for place, cell in enumerate(outcome.finished)):
        (source,) = (results / "cells").glob(f"{cell.key.name}-*")
        shutil.copytree(source, folder / "cells" / source.name)
    assert carry_out(planned, Work(here, others=[there])).finished == outcome.finished


def test_another_content_of_a_benchmark_makes_every_cell_undone(outcome: Outcome, planned: Plan) -> None:
    """The old records would be compared with new ones that were judged on other topics."""
    name = planned.study.instruction[0]
    fewer = replace(following(), topics=following().topics[:-1])
    changed = replace(planned, benchmarks={**planned.benchmarks, name: fewer})
    assert changed.done(outcome.finished) == {}
    assert len(planned.done(outcome.finished)) == 9


def test_hours_come_from_finished_cells_else_from_a_trial(outcome: Outcome, planned: Plan) -> None:
    waiting = planned.cells[1:]
    known = forecast(planned, outcome.finished, waiting)
    trained = [cell for cell in outcome.finished if cell.key.arm.mix != BASE]
    assert known.train_s == pytest.approx(sum(cell.effort["train_s"] for cell in trained))
    assert known.evaluate_s == pytest.approx(sum(cell.effort["evaluate_s"] for cell in trained))
    trial = forecast(planned, [], waiting[:1])
    assert trial.rates.measured == "in a trial just now"
    assert trial.train_s > 0
    assert trial.evaluate_s > 0


def test_what_stands_in_the_way_is_told_before_anything_is_trained(file: Path) -> None:
    """A budget larger than the data, a source that does not exist, a benchmark that cannot judge."""
    study = read_study(file)
    with pytest.raises(IfirEvalError) as caught:
        plan(replace(study, general=("mirror-dev", "csfcub"), bases=("bm25",)))
    told = str(caught.value)
    assert "csfcub" in told
    assert "'bm25' cannot be trained" in told
    text = STUDY.replace('"32 rows"', '"32 rows", "9000 rows"').format(folder=file.parent)
    (file.parent / "large.toml").write_text(text, encoding="utf-8")
    with pytest.raises(IfirEvalError, match="lower the budget"):
        plan(read_study(file.parent / "large.toml"))


def test_rows_that_a_recipe_cannot_learn_from_are_told_before_anything_is_trained(file: Path) -> None:
    study = read_study(file)
    bare = replace(study.mixes[0], parts=(replace(study.mixes[0].parts[0], views=("bare",)),))
    recipe = replace(study.recipe, objective="inf-embed")
    with pytest.raises(IfirEvalError, match="learns from instructions, and no row has one"):
        plan(replace(study, mixes=(bare,), recipe=recipe))


def test_a_base_that_cannot_be_trained_is_told_before_anything_is_trained(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a frozen or quantised checkpoint, which only its loading shows."""
    monkeypatch.setattr("ifir_eval.training.base._hindrance", lambda *_: "all its weights are frozen")
    with pytest.raises(IfirEvalError, match="cannot be trained: all its weights are frozen"):
        plan(read_study(file))


def test_results_that_cannot_be_read_are_named(planned: Plan, tmp_path: Path) -> None:
    (tmp_path / "records.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(InvalidInputError, match=r"records\.jsonl\.gz: cannot be read"):
        read_cells([tmp_path])
