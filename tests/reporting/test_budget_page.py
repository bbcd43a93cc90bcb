"""The page of a study says what its cells say, and nothing that they name becomes markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from chromium import chromium
from hostile_records import HOSTILE
from parsed_page import Page
from rich.console import Console
from studied import cells, changed, study

from ifir_eval.reporting.budget.page import render_page, write_page
from ifir_eval.reporting.budget.tables import as_json, as_tables
from ifir_eval.reporting.budget.words import Findings, answers
from ifir_eval.reporting.page import digest
from ifir_eval.reporting.text import visible
from ifir_eval.training.study.cells import BASE, Arm
from ifir_eval.training.study.results import gather

DRAWN = {"g", "path", "use", "text"}


@pytest.fixture(scope="module")
def findings() -> Findings:
    return Findings(gather(study(), cells(study())))


@pytest.fixture(scope="module")
def html(findings: Findings) -> str:
    return render_page(findings)


def collapsed(text: str) -> str:
    return " ".join(text.split())


def test_nothing_outside_the_page_is_referred_to_and_its_policy_admits_its_own_style(html: str) -> None:
    page = Page(html)
    (policy,) = [value for value in page.values("content") if "default-src" in value]
    assert f"style-src 'sha256-{digest(page.style)}'" in policy
    assert "script" not in {tag for tag, _ in page.tags}
    assert not page.values("style")
    assert all(value.startswith("#") for value in page.values("href"))
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {value[1:] for value in page.values("href")} <= set(ids)


def test_the_table_has_every_mix_at_every_budget_as_measured(findings: Findings, html: str) -> None:
    """Mean, interval over topics and spread over seeds, in the units of their columns."""
    text = collapsed(Page(html).text).replace("−", "-")
    for arm in findings.results.arms:
        for question in findings.results.leading():
            value = findings.results.value(arm, question)
            assert value is not None
            assert question.column.shown(value.estimate.value) in text
            assert question.column.interval(value.estimate) in text
    swap = findings.results.headline()
    value = findings.results.value(Arm("org/base", "dual", "2,000 rows"), swap)
    assert value is not None
    assert value.spread is not None
    assert f"±{value.spread:.3f}" in text


def test_every_leading_question_is_drawn_beside_the_front(findings: Findings, html: str) -> None:
    page = Page(html)
    assert len([tag for tag, _ in page.tags if tag == "figure"]) == 1 + len(findings.results.leading())
    assert "swap-accuracy on following against general quality" in page.text
    assert html.count("var(--vermillion)") > 0


def test_a_difference_beyond_chance_is_told_with_its_size_and_p(findings: Findings) -> None:
    """One mix follows in all topics with all seeds, the other in none."""
    made = []
    for cell in cells(study()):
        level = {"dual": 0.9, "plain": 0.1}.get(cell.key.arm.mix)
        topics = [row.topic for row in cell.records["following"].topics]
        values = {topic: (level or 0.1) + 0.001 * place * cell.key.seed for place, topic in enumerate(topics)}
        made.append(changed(cell, "swap-accuracy", values))
    told = [str(answer) for answer in answers(Findings(gather(study(), made)))]
    assert told[0].startswith(
        "At 10 rows, dual against plain: following swap-accuracy +0.800, 0.907 against 0.107"
    )
    assert re.search(
        r"swap-accuracy \+0\.800, 0\.907 against 0\.107 \(p = 0\.0078, after Holm 0\.031\)", told[0]
    )
    assert re.search(r"; may be chance: .*general quality \(nDCG@10\[bare\]\) [+-]", told[0])
    assert told[2].startswith("At 10 rows, dual against base: ")
    assert len(told) == 4


def test_one_seed_is_told_to_say_nothing_of_the_seeds() -> None:
    single = study(seeds=(1,))
    made = []
    for cell in cells(single):
        level = 0.9 if cell.key.arm.mix == "dual" else 0.1
        topics = [row.topic for row in cell.records["following"].topics]
        made.append(
            changed(cell, "swap-accuracy", {topic: level + 0.001 * n for n, topic in enumerate(topics)})
        )
    found = Findings(gather(single, made))
    assert "the seeds' chance is not known" in str(answers(found)[0])
    assert "not known" in render_page(found)


def test_letters_are_those_of_the_corrected_tests() -> None:
    """A mix that beats both others at a budget has both their letters, and at that budget only."""
    given = study(mixes=("plain", "dual"))
    made = []
    for cell in cells(given):
        level = 0.9 if cell.key.arm.mix == "dual" and cell.key.arm.budget == "10 rows" else 0.1
        topics = [row.topic for row in cell.records["following"].topics]
        draw = {topic: level + 0.001 * n + 0.0001 * cell.key.seed for n, topic in enumerate(topics)}
        made.append(changed(cell, "swap-accuracy", draw))
    page = Page(render_page(Findings(gather(given, made))))
    (first, second) = [row for row in page.rows if row and collapsed(row[0]).startswith("c■dual")][:2]
    assert "better than ab" in collapsed(first[1])
    assert "better than" not in second[1]


def test_a_study_that_is_not_done_says_so(findings: Findings) -> None:
    part = Findings(gather(study(), cells(study())[:5]))
    assert "8 of 13 cells are missing" in collapsed(Page(render_page(part)).text)
    assert "5 of 13 cells" in str(as_tables(part)[0].title)
    assert "missing" not in collapsed(Page(render_page(findings)).text)


def test_a_terminal_shows_every_value_whole(findings: Findings) -> None:
    """A table for each benchmark: all of them side by side would leave a digit of each value."""
    with StringIO() as file:
        Console(file=file, width=100).print(*as_tables(findings))
        shown = file.getvalue()
    assert "…" not in shown
    for question in findings.results.leading():
        assert question.benchmark in shown
        assert question.column.label in shown


@pytest.mark.parametrize("hostile", ["".join(HOSTILE[:-1]), HOSTILE[-1]], ids=["markup", "characters"])
def test_hostile_names_are_shown_and_never_markup(hostile: str, tmp_path: Path) -> None:
    """Mixes, bases, sources, benchmarks and the file itself."""
    given = study(mixes=("plain", f"dual{hostile}"), seeds=(1,))
    given = replace(
        given, name=f"name{hostile}", about=f"about{hostile}", text=f"# {hostile}", bases=(f"base{hostile}",)
    )
    made = []
    for cell in cells(given):
        record = cell.records["following"]
        benchmark = {**record.benchmark, "name": f"following{hostile}", "source": hostile}
        records = {**cell.records, "following": replace(record, benchmark=benchmark)}
        data = {**cell.data, "sources": {f"toy{hostile}": 10}} if cell.key.arm.mix != BASE else {}
        made.append(replace(cell, records=records, data=data))
    found = Findings(gather(given, made))
    page, plain = Page(render_page(found)), one_seed()
    # A long name takes room from a drawing's axes, and so from their ticks.
    assert [tag for tag, _ in page.tags if tag not in DRAWN] == [
        tag for tag, _ in plain.tags if tag not in DRAWN
    ]
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags}
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert collapsed(visible(f"name{hostile}")) in collapsed(page.text)
    write_page(found, tmp_path / "page.html")
    with (tmp_path / "table.txt").open("w", encoding="utf-8") as file:
        Console(file=file, width=200).print(*as_tables(found))
    json.loads(as_json(found))


@cache
def one_seed() -> Page:
    """The page of a study of one seed in which nobody is hostile."""
    given = study(seeds=(1,))
    return Page(render_page(Findings(gather(given, cells(given)))))


def test_json_has_arms_tests_front_and_answers(findings: Findings) -> None:
    body = json.loads(as_json(findings))
    assert (body["study"], body["cells"], body["missing"]) == ("made up", 13, 0)
    assert len(body["arms"]) == 5
    assert len(body["contrasts"]) == 6 * len(findings.results.leading())
    value = body["arms"][1]["values"]["following swap-accuracy"]
    assert len(value["seeds"]) == 3
    assert value["value"] == pytest.approx(sum(value["seeds"]) / 3)
    assert body["pareto"]
    assert len(body["answers"]) == 4


def test_the_page_fits_a_phone_however_wide_its_tables(tmp_path: Path) -> None:
    """What is hidden beside a letter, in a table that scrolls, must not widen the page."""
    given = study(mixes=("plain", f"dual-{'view' * 20}"), seeds=(1,))
    made = []
    for cell in cells(given):
        level = 0.9 if cell.key.arm.mix.startswith("dual") else 0.1
        topics = [row.topic for row in cell.records["following"].topics]
        made.append(
            changed(cell, "swap-accuracy", {topic: level + 0.001 * n for n, topic in enumerate(topics)})
        )
    write_page(Findings(gather(given, made)), tmp_path / "page.html")
    with chromium() as browser:
        for width in (390, 1200):
            browser.look(width)
            browser.open(tmp_path / "page.html")
            assert browser.run("document.documentElement.scrollWidth") <= width
