"""The report in a real Chromium: it sorts, filters, opens topics, prints, and runs its own script only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Chromium, chromium, installed
from hostile_records import HOSTILE
from report_examples import LONG, evaluated, few, hostile_benchmark, runnable

from ifir_eval.reporting.report.page import write_report
from ifir_eval.reporting.report.sources import Source, load_sources
from ifir_eval.reporting.report.texts import Texts
from ifir_eval.reporting.text import visible

SPECS = ("bm25", "random:0", "oracle")
TOPIC = ".topic:not([hidden])"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    installed()
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    return evaluated(tmp_path_factory.mktemp("results"), few(), SPECS)


@pytest.fixture(scope="module")
def page(sources: list[Source], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(sources, path, lambda _: Texts(few()), "ifir-eval report results")
    return path


@pytest.fixture
def opened(browser: Chromium, page: Path) -> Iterator[Chromium]:
    """The page, freshly opened; afterwards nothing may have been asked for or complained about."""
    browser.look(1200)
    browser.open(page)
    yield browser
    assert browser.requests == [page.as_uri()]
    assert browser.messages == []


def texts_of(browser: Chromium, selector: str) -> list[str]:
    elements = f"[...document.querySelectorAll({json.dumps(selector)})]"
    found: list[str] = browser.run(f"{elements}.map(e => (e.innerText || e.textContent).trim())")
    return found


def open_first(browser: Chromium) -> None:
    browser.click(f"{TOPIC} > summary")
    browser.wait_for("!!document.querySelector('.side button')")


def test_headers_sort_the_table_by_figures_and_back_by_letters(opened: Chromium, sources: list[Source]) -> None:
    names = ".standings tbody th bdi"
    values = {
        spec: one.record.measures["swap-accuracy"].value for spec, one in zip(SPECS, sources, strict=True)
    }
    best_first = sorted(values, key=lambda spec: -values[spec])
    assert texts_of(opened, names) == list(SPECS)
    opened.click(".standings thead th:nth-child(2) button")
    assert texts_of(opened, names) == best_first
    assert opened.run("document.querySelector('.standings th:nth-child(2)').ariaSort") == "descending"
    opened.click(".standings thead th:nth-child(2) button")
    assert texts_of(opened, names) == best_first[::-1]
    opened.click(".standings thead th:nth-child(1) button")
    assert texts_of(opened, names) == list(SPECS)


def test_topics_are_filtered_by_slice_and_outcome_and_ordered_by_difference(
    opened: Chromium, sources: list[Source]
) -> None:
    bm25, random = (
        {row.topic: row.values["swap-accuracy"] for row in one.record.topics} for one in sources[:2]
    )
    slices = {row.topic: row.slices["constraint"] for row in sources[0].record.topics}
    opened.choose("retriever", "0")
    opened.choose("other", "1")
    opened.choose("outcome", "won")
    won = [topic for topic in bm25 if bm25[topic] > random[topic]]
    assert texts_of(opened, f"{TOPIC} .name") == won
    opened.choose("outcome", "")
    opened.choose("order", "difference")
    largest = texts_of(opened, f"{TOPIC} .name")
    gaps = {topic: abs(bm25[topic] - random[topic]) for topic in bm25}
    assert [gaps[topic] for topic in largest] == pytest.approx(sorted(gaps.values(), reverse=True), abs=2e-6)
    opened.choose("slice-0", slices[largest[3]])
    assert texts_of(opened, f"{TOPIC} .name") == [
        topic for topic in largest if slices[topic] == slices[largest[3]]
    ]
    assert re.match(r"\d+ of 24 topics by swap-accuracy, bm25 ", texts_of(opened, ".shown")[0])
    opened.click("button[type=reset]")
    opened.wait_for(f"document.querySelectorAll('{TOPIC}').length === 24")


def test_an_opened_topic_compares_the_words_of_its_instructions(opened: Chromium) -> None:
    open_first(opened)
    views = few().topics[0].views
    told = dict(zip(texts_of(opened, ".wordings dt"), texts_of(opened, ".wordings dd"), strict=True))
    assert told["query"] == views["bare"].query
    assert told["original"] == views["original"].instruction
    assert told["reversed"] == views["reversed"].instruction
    marked = " ".join(texts_of(opened, ".wordings div:nth-child(3) ins")).lower().split()
    kept = [word for word in told["reversed"].lower().split() if word not in marked]
    assert marked
    assert set(kept) <= set(told["original"].lower().split())


def test_both_rankings_stand_side_by_side_with_a_line_for_each_document(
    opened: Chromium, sources: list[Source]
) -> None:
    """Ranks, colours and places of the lines against documents.jsonl, for the retriever that is chosen."""
    open_first(opened)
    opened.click(".choices button:nth-of-type(2)")
    topic = few().topics[0]
    rows = [json.loads(line) for line in (sources[1].folder / "documents.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["topic"] == topic.id]
    for side, view in ((1, "original"), (2, "reversed")):
        ranked = sorted(rows, key=lambda row: row["ranks"][view])
        titles = [few().corpus[row["document"]].title for row in ranked]
        assert texts_of(opened, f".side:nth-of-type({side}) .title") == titles
    places = opened.run(
        "[...document.querySelectorAll('.slope path')].map(p => [p.getAttribute('class'), p.getAttribute('d')])"
    )
    expected = []
    for row in sorted(rows, key=lambda row: row["ranks"]["original"]):
        was, is_ = (row["judgements"][view] for view in ("original", "reversed"))
        kind = {(1, 0): "lost", (0, 1): "gained", (1, 1): "kept"}.get((was, is_))
        kind = kind or ("neither" if any(row["judgements"].values()) else "off")
        before, after = (row["ranks"][view] - 0.5 for view in ("original", "reversed"))
        expected.append([kind, f"M0 {before:g}C45 {before:g} 55 {after:g} 100 {after:g}"])
    assert places == expected


def test_a_document_is_read_on_demand_with_what_it_met_and_broke(opened: Chromium) -> None:
    open_first(opened)
    opened.click(".side li.lost button")
    title = texts_of(opened, ".side li.lost .title")[0]
    assert texts_of(opened, ".reader h3") == [title]
    shown = texts_of(opened, ".reader .text")[0]
    assert any(one.title == title and one.text == shown for one in few().corpus.values())
    rules = dict(
        zip(texts_of(opened, ".reader tbody th"), texts_of(opened, ".reader td:nth-child(2)"), strict=True)
    )
    views = few().topics[0].views
    assert rules[f"original\n{views['original'].instruction}"] == "meets it (grade 1)"
    assert rules[f"reversed\n{views['reversed'].instruction}"] == "breaks it (grade 0)"


def test_an_address_opens_its_topic_whatever_the_filters_say(opened: Chromium, page: Path) -> None:
    last = few().topics[-1].id
    opened.choose("order", "difference")
    opened.choose("outcome", "tied")
    opened.run(f"location.hash = '#benchmark-1:{last}'")
    opened.wait_for("!!document.querySelector('.topic[open] .inside')")
    assert texts_of(opened, ".topic[open] > summary .name") == [last]
    opened.open(page, fragment=f"#benchmark-1:{few().topics[3].id}")
    opened.wait_for("!!document.querySelector('.topic[open] .address a')")
    assert texts_of(opened, ".topic[open] > summary .name") == [few().topics[3].id]
    address = opened.run("document.querySelector('.address a').hash")
    opened.click(".address a")
    assert opened.run("location.hash") == address


def test_the_keyboard_alone_opens_a_topic_and_a_document(opened: Chromium) -> None:
    opened.run("document.querySelector('.controls button').focus()")
    opened.press("Tab")
    opened.press("Enter")
    opened.wait_for("!!document.querySelector('.topic[open] .side button')")
    opened.run("document.querySelector('.choices button:last-of-type').focus()")
    opened.press("Tab")
    opened.press("Enter")
    assert texts_of(opened, ".reader h3") == texts_of(opened, ".side .title")[:1]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1200, "light"), (1200, "dark")])
def test_the_page_fits_a_phone_and_a_desk_in_both_schemes(
    opened: Chromium, width: int, scheme: str, tmp_path: Path
) -> None:
    opened.look(width, scheme=scheme)
    open_first(opened)
    opened.click(".side button")
    opened.screenshot(tmp_path / "shot.png")
    assert (tmp_path / "shot.png").read_bytes().startswith(b"\x89PNG")
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")
    paper = opened.run("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, re.findall(r"\d+", paper))) > 200) == (scheme == "light")


def test_it_prints_with_the_topics_that_are_open(opened: Chromium) -> None:
    closed = opened.pdf()
    open_first(opened)
    printed = opened.pdf()
    assert printed.startswith(b"%PDF")
    pages = [len(re.findall(rb"/Type\s*/Page\b", pdf)) for pdf in (closed, printed)]
    assert 0 < pages[0] < pages[1]


def test_nothing_of_hostile_text_runs_and_all_of_it_shows(browser: Chromium, tmp_path: Path) -> None:
    """In names and texts of topics, views, slices and documents: tags, handlers, marks, a megabyte line."""
    benchmark = hostile_benchmark()
    evaluated(tmp_path / "results", benchmark, ("oracle", "random:0"), command=HOSTILE[0])
    sources = load_sources([tmp_path / "results"])
    write_report(sources, tmp_path / "report.html", lambda _: Texts(benchmark), HOSTILE[1])
    browser.look(1200)
    browser.open(tmp_path / "report.html")
    assert browser.run("document.querySelectorAll('.topic').length") == len(benchmark.topics)
    browser.run("document.querySelectorAll('.topic').forEach(topic => { topic.open = true; })")
    browser.wait_for("[...document.querySelectorAll('.topic')].every(t => t.querySelector('.side button'))")
    for place, (hostile, topic) in enumerate(zip(HOSTILE, benchmark.topics, strict=True)):
        shown = visible(runnable(hostile))
        box = f"document.querySelectorAll('.topic')[{place}]"
        browser.run(f"{box}.querySelectorAll('.side button')[1].click()")
        for part in (
            ".name",
            ".slices",
            ".wordings dd",
            ".side .title",
            ".reader h3",
            ".reader .text",
            ".reader dd",
        ):
            assert shown in browser.run(f"{box}.querySelector({part!r}).textContent"), part
        texts = browser.run(f"{box}.querySelector('.reader .text').textContent")
        assert texts in {
            visible(benchmark.corpus[one].text) for one in topic.views[next(iter(topic.views))].judgements
        }
    lengths = browser.run(
        "[...document.querySelector('.topic').querySelectorAll('.side button')].map(button => {"
        " button.click(); return document.querySelector('.reader .text').textContent.length; })"
    )
    assert max(lengths) == len(LONG)
    assert browser.run("window.ran") is None
    assert browser.run("[...document.querySelectorAll('[href]')].every(e => e.getAttribute('href')[0] === '#')")
    assert browser.run("document.querySelectorAll('script').length") == 3
    assert browser.messages == []
    assert browser.requests == [(tmp_path / "report.html").as_uri()]
