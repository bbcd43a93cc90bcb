"""The leaderboard's page: the committed one is current, asks nothing of the network, and works in Chromium."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import Chromium, chromium
from hostile_records import HOSTILE, hostile_record
from leaderboard_folders import COMMITTED, holding
from parsed_page import Page
from record_examples import mirror

from ifir_eval.reporting.leaderboard.page import rendered, write_leaderboard
from ifir_eval.reporting.leaderboard.published import Scoring, read_figures
from ifir_eval.reporting.leaderboard.scatter import panels
from ifir_eval.reporting.text import visible

HTML = (COMMITTED / "index.html").read_text(encoding="utf-8")


def test_what_is_committed_is_what_the_command_builds() -> None:
    """To the byte: `ifir-eval leaderboard build` after any change of figures, records or templates."""
    for name, text in rendered(COMMITTED).items():
        assert (COMMITTED / name).read_bytes() == text.encode(), name


def test_the_policy_admits_this_style_and_script_and_nothing_else() -> None:
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="([^"]*)"', HTML)
    (style,) = re.findall("<style>(.*?)</style>", HTML, re.DOTALL)
    (script,) = re.findall("<script>(.*?)</script>", HTML, re.DOTALL)
    style_hash, script_hash = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = Page(HTML)
    assert not page.values("src") + page.values("style")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", style)
    assert {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "base"} == set()


def test_every_link_leads_somewhere() -> None:
    """To a line of the page, to a record that is there, or to a source on the web."""
    page = Page(HTML)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for target in page.values("href"):
        if target.startswith("#"):
            assert target[1:] in ids
        elif not target.startswith("https://"):
            assert (COMMITTED / target).is_file(), target
    sources = [row for row in page.rows if row and row[-1].strip() in {"record", "mteb's results"}]
    assert len(sources) >= 200


def test_published_and_measured_are_told_apart_and_a_random_ranking_is_drawn_in() -> None:
    text = " ".join(Page(HTML).text.split())
    assert "FollowIR published" in text
    assert "mirror measured" in text
    lines = re.findall(r'<tr id="(?:followir|measured-mirror)-\d+".*?</tr>', HTML, re.DOTALL)
    drawn = re.findall(r"<svg class=.scatter.*?</svg>", HTML, re.DOTALL)
    assert (len(lines) >= 207 + 3, len(drawn)) == (True, 2)
    assert all('class="band"' in one and 'class="zero"' in one for one in lines + drawn)


def test_points_lie_where_their_figures_are(tmp_path: Path) -> None:
    figures = read_figures(COMMITTED)
    anchors = {figure.model: figure.model for figure in figures}
    old, new = panels(figures, {}, anchors)
    assert (len(old.points), len(new.points)) == (158, 33)
    for panel, scoring, widest in ((old, Scoring.MTEB_1, 0.3), (new, Scoring.MTEB_2, 0.5)):
        assert panel.title == scoring.value
        by_model = {figure.model: figure for figure in figures if figure.scoring is scoring}
        for point in panel.points:
            figure = by_model[point.anchor]
            assert point.x / 100 * widest == pytest.approx(figure.score, abs=1e-4)
            assert 0.15 - point.y / 100 * 0.2 == pytest.approx(figure.p_mrr, abs=1e-4)
    assert {point.label for point in new.points} >= {"BM25", "random", "Octen-Embedding-8B"}


def page_of(text: str, folder: Path) -> Page:
    """A leaderboard with a record that says ``text`` wherever it says anything."""
    record = hostile_record(text)
    # As the leaderboard asks: a benchmark that it lists, a model not of this machine, no missing query.
    benchmark = {**record.benchmark, "name": "facets", "content_hash": "0" * 64}
    retriever = {**record.retriever, "spec": f"owner/model{text}"}
    record = replace(record, benchmark=benchmark, retriever=retriever, missing_queries=())
    return Page(rendered(holding(folder, [record]))["index.html"])


@pytest.fixture(scope="module")
def harmless(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page_of("harmless", tmp_path_factory.mktemp("harmless") / "board")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_and_never_markup(hostile: str, harmless: Page, tmp_path: Path) -> None:
    hostile = hostile.replace("\ud800", "")  # which no record on a disk can hold
    page = page_of(hostile, tmp_path / "board")
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in harmless.tags]
    told = " ".join(visible(f"instruction is what was lost{hostile}").split())
    assert told in " ".join(page.text.split())
    assert visible(page.text) == page.text


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = holding(tmp_path / "board", [mirror(0), mirror(1)])
    first = {file.name: file.read_bytes() for file in write_leaderboard(folder)}
    assert first == {file.name: file.read_bytes() for file in write_leaderboard(folder)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as tab:
        yield tab


ROWS = "[...document.querySelectorAll('#followir ~ table tbody tr:not(.out)')]"
COLUMN = ROWS + ".map(row => row.cells[{place}].innerText)"


def test_a_reader_filters_and_sorts_with_mouse_and_keyboard(browser: Chromium) -> None:
    browser.look(1400)
    browser.open(COMMITTED / "index.html")
    assert browser.messages == []  # the policy refused nothing
    assert browser.requests == [(COMMITTED / "index.html").as_uri()]
    total = browser.run("document.querySelectorAll('tbody tr').length")
    shown = "document.querySelector('#shown').textContent"
    assert browser.run(shown) == f"{total} of {total} shown"

    browser.choose("type", "cross-encoder")
    names = browser.run(COLUMN.format(place=1))
    assert len(names) == 5
    assert browser.run(shown) == f"5 of {total} shown"
    assert names[0].startswith("jhu-clsp/FollowIR-7B")
    browser.click("#filters button")
    browser.wait_for(f"{shown} === '{total} of {total} shown'")

    score = "[...document.querySelectorAll('#followir ~ table th')].find(h => h.innerText.includes('mteb 2'))"
    browser.run(f"{score}.querySelector('button').focus()")
    browser.press("Enter")
    assert browser.run(f"{score}.getAttribute('aria-sort')") == "descending"
    values = [float(text) for text in browser.run(COLUMN.format(place=8)) if text]
    assert len(values) == 33
    assert values == sorted(values, reverse=True)
    browser.press("Enter")
    ascending = browser.run(COLUMN.format(place=8))
    assert [float(text) for text in ascending[:33]] == sorted(values)
    assert ascending[33:] == [""] * (207 - 33)  # what has no Score stands last either way


def test_the_page_fits_a_phone_and_a_desktop(browser: Chromium) -> None:
    for width in (360, 1024, 1281):
        browser.look(width)
        browser.open(COMMITTED / "index.html")
        assert browser.run("document.documentElement.scrollWidth") <= width


def test_a_point_leads_to_its_line_even_where_a_filter_hides_it(browser: Chromium) -> None:
    browser.look(1400)
    browser.open(COMMITTED / "index.html")
    browser.choose("size", "unknown")
    browser.run("location.hash = '#followir-2'")
    browser.wait_for("document.querySelector('#followir-2').getBoundingClientRect().height > 0")
