"""From cells to means, intervals, tests and the front."""

from __future__ import annotations

import statistics
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from studied import cells, changed, study

from ifir_eval.errors import InvalidInputError
from ifir_eval.statistics.holm import holm
from ifir_eval.statistics.permutation import sign_flip_ps
from ifir_eval.training.study.cells import (
    BASE,
    Arm,
    Finished,
    as_line,
    folder_of,
    read_cells,
    write_records,
)
from ifir_eval.training.study.contrasts import contrasts
from ifir_eval.training.study.results import GENERAL, Results, gather, pareto

PLAIN, DUAL = Arm("org/base", "plain", "10 rows"), Arm("org/base", "dual", "10 rows")
SWAP = "swap-accuracy"


@pytest.fixture(scope="module")
def results() -> Results:
    return gather(study(), cells(study()))


def of_arm(found: Results, arm: Arm) -> list[Finished]:
    return [cell for cell in found.cells if cell.key.arm == arm]


def test_a_topic_counts_with_its_mean_over_seeds(results: Results) -> None:
    """As a plain loop over the cells' own records says it."""
    seeds = of_arm(results, DUAL)
    assert len(seeds) == 3
    question = results.headline()
    assert (question.benchmark, question.column.name) == ("following", SWAP)
    averaged = results.averaged[DUAL, "following"].record
    for place, row in enumerate(averaged.topics):
        own = [cell.records["following"].topics[place] for cell in seeds]
        assert {each.topic for each in own} == {row.topic}
        assert row.values[SWAP] == pytest.approx(statistics.fmean(each.values[SWAP] for each in own))
    value = results.value(DUAL, question)
    assert value is not None
    means = [cell.records["following"].measures[SWAP].value for cell in seeds]
    assert value.seeds == tuple(means)
    assert value.estimate.value == pytest.approx(statistics.fmean(means))
    assert value.spread == pytest.approx(float(np.std(means, ddof=1)))
    assert value.estimate.low is not None
    assert value.estimate.low < value.estimate.value < (value.estimate.high or 0)


def test_general_quality_is_that_of_all_general_topics(results: Results) -> None:
    value = results.value(PLAIN, results.quality())
    column = "nDCG@10[bare]"
    everything = [
        row.values[column] for cell in of_arm(results, PLAIN) for row in cell.records["general"].topics
    ]
    assert results.quality().benchmark == GENERAL
    assert value is not None
    assert value.estimate.value == pytest.approx(statistics.fmean(everything))
    assert value.estimate.n == len(everything) / 3


def test_p_is_the_larger_of_both_tests_corrected_over_the_question(results: Results) -> None:
    """The permutation over topics, and Student's t with the variances of topics and of both arms' seeds."""
    question = results.headline()
    found = contrasts(results, question)
    assert [(one.budget, one.old.mix, one.new.mix) for one in found] == [
        (budget, *pair)
        for budget in ("10 rows", "2,000 rows")
        for pair in combinations((BASE, "plain", "dual"), 2)
    ]
    (one,) = [one for one in found if (one.old, one.new) == (PLAIN, DUAL)]
    topics = [
        {row.topic: row.values[SWAP] for row in results.averaged[arm, "following"].record.topics}
        for arm in (PLAIN, DUAL)
    ]
    differences = np.array([topics[1][topic] - value for topic, value in topics[0].items()])
    assert one.p_topics == sign_flip_ps([differences])[0]
    shares = [(np.var(differences, ddof=1) / len(differences), len(differences) - 1)]
    for arm in (PLAIN, DUAL):
        means = [cell.records["following"].measures[SWAP].value for cell in of_arm(results, arm)]
        shares.append((np.var(means, ddof=1) / 3, 2))
    variance = sum(share for share, _ in shares)
    freedom = variance**2 / sum(share**2 / degrees for share, degrees in shares)
    expected = 2 * stats.t.sf(abs(differences.mean()) / np.sqrt(variance), freedom)
    assert one.p_seeds == pytest.approx(expected)
    assert [each.p_holm for each in found] == holm([max(each.p_topics, each.p_seeds or 0) for each in found])


def test_the_pairs_named_beforehand_are_corrected_among_themselves_too(results: Results) -> None:
    found = contrasts(results, results.headline())
    planned = [one for one in found if {one.old.mix, one.new.mix} in ({"plain", "dual"}, {BASE, "dual"})]
    assert [one.p_planned for one in planned] == holm([one.p for one in planned])
    assert {one.p_planned for one in found if one not in planned} == {None}


def test_the_base_adds_no_chance_of_seeds_and_one_seed_has_none_to_tell() -> None:
    """With one seed an arm's difference would count as proven over seeds that nobody tried: it is marked."""
    single = study(seeds=(1,))
    found = contrasts(gather(single, cells(single)), gather(single, cells(single)).headline())
    assert {one.p_seeds for one in found} == {None}
    several = contrasts(gather(study(), cells(study())), gather(study(), cells(study())).headline())
    assert all(one.p_seeds is not None for one in several)


def test_lucky_seeds_are_no_difference() -> None:
    """Two equal mixes, whose seeds move all topics alike: over topics alone, most such pairs "differ".

    The trap is to average over seeds and forget them: 25 of 40 such pairs came out below 0.05.
    """
    given, draw = study(), np.random.default_rng(0)
    made = cells(given)
    topics = [row.topic for row in made[0].records["following"].topics]
    over_topics, with_seeds = 0, 0
    for _ in range(40):
        moved = []
        for cell in made:
            level = draw.normal(0.5, 0.1)
            values = {topic: level + draw.normal(0, 0.05) for topic in topics}
            moved.append(changed(cell, SWAP, values) if cell.key.arm in {PLAIN, DUAL} else cell)
        found = gather(given, [cell for cell in moved if cell.key.arm in {PLAIN, DUAL}])
        (one,) = contrasts(found, found.headline())
        over_topics += one.p_topics <= 0.05
        with_seeds += one.p <= 0.05
    assert over_topics > 16, (over_topics, with_seeds)
    assert with_seeds <= 5


def test_nobody_on_the_front_is_surpassed_and_everybody_else_is() -> None:
    """Against a plain comparison of all pairs."""
    given = study(mixes=[f"mix-{number}" for number in range(6)], seeds=(1,))
    found = gather(given, cells(given))
    points = {
        arm: tuple(
            value.estimate.value
            for question in (found.headline(), found.quality())
            if (value := found.value(arm, question))
        )
        for arm in found.arms
    }
    expected = {
        arm
        for arm, (across, up) in points.items()
        if not any(
            (x >= across and y >= up) and (x, y) != (across, up)
            for other, (x, y) in points.items()
            if other != arm
        )
    }
    assert set(pareto(found, "org/base")) == expected
    assert 0 < len(expected) < len(points)


def test_a_benchmark_that_holds_none_of_the_leading_columns_is_told_by_its_first() -> None:
    """As a folder does whose primary measure is left out of a run by hand."""
    whole = []
    for cell in cells(study()):
        record = cell.records["following"]
        measures = {"MAP@10": record.measures[SWAP]}
        topics = tuple(replace(row, values={"MAP@10": row.values[SWAP]}) for row in record.topics)
        other = replace(record, measures=measures, topics=topics)
        whole.append(replace(cell, records={**cell.records, "following": other}))
    assert [q.column.name for q in gather(study(), whole).told() if q.benchmark == "following"] == ["MAP@10"]


def test_cells_that_do_not_belong_together_are_refused() -> None:
    """Two versions of one cell, a benchmark whose content changed, and one that did not judge: all are told."""
    whole = cells(study())
    other = replace(whole[1], address="f" * 32)
    record = whole[2].records["following"]
    changed_content = replace(record, benchmark={**record.benchmark, "content_hash": "0" * 64})
    third = replace(whole[2], records={**whole[2].records, "following": changed_content})
    fourth = replace(whole[3], records={"following": whole[3].records["following"]})
    with pytest.raises(InvalidInputError) as caught:
        gather(study(), [whole[0], whole[1], other, third, fourth])
    told = "\n".join(map(str, caught.value.problems))
    assert "is there twice, with different rows, weights or settings" in told
    assert "was judged on another content of following" in told
    assert "was not judged on general" in told
    with pytest.raises(InvalidInputError, match="there is no finished cell"):
        gather(study(), [])


def test_cells_whose_measures_are_defined_differently_are_refused() -> None:
    """As after an upgrade in the middle of a study; `compare` refuses their records, too."""
    whole = cells(study())
    record = whole[2].records["following"]
    facts = {**record.benchmark["measure_facts"], SWAP: {"definition": 2}}
    newer = replace(record, benchmark={**record.benchmark, "measure_facts": facts})
    third = replace(whole[2], records={**whole[2].records, "following": newer})
    with pytest.raises(InvalidInputError, match="on following, swap-accuracy is not defined alike"):
        gather(study(), [*whole[:2], third])


def test_a_part_of_the_cells_is_a_study_with_cells_missing() -> None:
    found = gather(study(), cells(study())[:4])
    assert (len(found.cells), found.missing) == (4, 9)
    assert len(found.arms) == 4


def test_a_cell_on_disk_is_the_cell(tmp_path: Path) -> None:
    """Through the record set as well as through a folder of cells; what is no cell is named with its place."""
    whole = cells(study())
    write_records(tmp_path / "set.jsonl.gz", whole)
    assert read_cells([tmp_path / "set.jsonl.gz"]) == whole
    records = [record for cell in whole for record in cell.records.values()]
    assert {record.retriever["example"] for record in records} == {None}  # texts may be others'
    for cell in whole:
        folder = folder_of(tmp_path, cell.key, cell.address)
        folder.mkdir(parents=True)
        (folder / "cell.json").write_text(as_line(cell), encoding="utf-8")
    again = read_cells([tmp_path, tmp_path / "set.jsonl.gz"])
    assert sorted(again, key=lambda cell: cell.address) == whole
    # The record set of a results folder holds what others have done, besides its own cells.
    others = tmp_path / "others"
    write_records(others / "records.jsonl.gz", whole)
    one = folder_of(others, whole[0].key, whole[0].address)
    one.mkdir(parents=True)
    (one / "cell.json").write_text(as_line(whole[0]), encoding="utf-8")
    assert read_cells([others]) == whole
    # But not what was done anew since: nobody could leave the old one out.
    anew = replace(whole[0], address="f" * 32)
    (one / "cell.json").write_text(as_line(anew), encoding="utf-8")
    assert read_cells([others]) == [anew, *whole[1:]]
    (folder / "cell.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"cell\.json: this is no cell of a study"):
        read_cells([tmp_path])
