"""The report of a thousand topics and five retrievers: below five megabytes, and ready within a second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from chromium import chromium, installed
from report_examples import data_of, evaluated, few, multiplied

from ifir_eval.reporting.report.page import LARGEST, write_report
from ifir_eval.reporting.report.sources import Source
from ifir_eval.reporting.report.texts import Texts


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    (small,) = evaluated(folder / "small", few(60), ["random:0"])
    one, benchmark = multiplied(small, few(60), folder / "large", 1000)
    sources = [
        Source(replace(one.record, retriever={**one.record.retriever, "spec": f"random:{seed}"}), one.folder)
        for seed in range(5)
    ]
    write_report(sources, folder / "report.html", lambda _: Texts(benchmark))
    return folder / "report.html"


def test_the_page_fills_its_room_and_stays_within(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert 3_000_000 < page.stat().st_size <= LARGEST < 5_000_000
    told = data_of(html)
    assert len(told["topics"]) == 1000
    assert all(len(ranking["documents"]) >= 8 for topic in told["topics"] for ranking in topic["rankings"])
    cut = data_of(html, "texts")["cut"]
    assert cut is None or cut >= 80


def test_it_takes_less_than_a_second_of_computing_before_it_answers(page: Path) -> None:
    """Of the tab's own thread, so that a busy machine does not count; an ordering afterwards takes a half."""
    installed()
    with chromium() as browser:
        browser.look(1200)
        assert browser.computing(lambda: browser.open(page)) < 1
        assert browser.run("document.querySelectorAll('.topic').length") == 1000
        assert browser.computing(lambda: browser.choose("order", "moved")) < 0.5
        browser.click(".topic > summary")
        assert browser.computing(lambda: browser.wait_for("!!document.querySelector('.side button')")) < 0.5
        assert browser.messages == []
