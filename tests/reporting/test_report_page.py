"""The report as a file: self-contained, small enough, and true to what lies in the results folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsed_page import Page
from record_examples import mirror, narrowed
from report_examples import data_of, evaluated, few, hostile_benchmark

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.comparison.compare import compare
from ifir_eval.errors import InvalidInputError, MissingPackageError
from ifir_eval.records.record import PUBLISHED, Record
from ifir_eval.reporting.overview import overviews
from ifir_eval.reporting.report.page import render_report
from ifir_eval.reporting.report.plots import _pareto, plots
from ifir_eval.reporting.report.sources import Source, load_sources
from ifir_eval.reporting.report.texts import LEFT_OUT, Texts, find_texts, pack_texts

SPECS = ("bm25", "random:0", "oracle")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    return evaluated(tmp_path_factory.mktemp("results"), few(), SPECS, "ifir-eval run …")


@pytest.fixture(scope="module")
def html(sources: list[Source]) -> str:
    return render_report(sources, lambda _: Texts(few()), "ifir-eval report results")


def unpacked(packed: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_nothing_outside_the_page_is_referred_to(html: str) -> None:
    page = Page(html)
    loading = "link img image iframe object embed base video audio source".split()
    assert not {tag for tag, _ in page.tags} & set(loading)
    assert not page.values("src")
    assert not page.values("style")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert {target[0] for target in page.values("href")} == {"#"}
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in page.style


def test_the_policy_admits_this_very_style_sheet_and_script_and_nothing_else(html: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style, script)]
    assert policy
    assert policy[1] == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_every_link_and_label_leads_to_exactly_one_place(html: str) -> None:
    page = Page(html)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {target.removeprefix("#") for target in page.values("href")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_hostile_data_cannot_end_its_script_element(tmp_path: Path) -> None:
    benchmark = hostile_benchmark()
    sources = evaluated(tmp_path, benchmark, ("oracle",))
    html = render_report(sources, lambda _: Texts(benchmark))
    assert html.count("</script>") == html.count("<script") == 3
    assert len(data_of(html)["topics"]) == len(benchmark.topics)


def test_the_table_has_the_letters_of_compare(html: str, sources: list[Source]) -> None:
    rows = [row for row in Page(html).rows if re.match(r"[abc] ", row[0])]
    compared = compare([source.record for source in sources])
    judged = next(column for column in compared.columns if column.name == "swap-accuracy")
    for row, name in zip(rows, compared.names, strict=True):
        letters = compared.beaten(name, judged)
        assert re.findall(r"better than (\S+)", row[1]) == [letters] * bool(letters)


def test_topics_hold_the_ranks_scores_and_judgements_of_the_results_folder(
    html: str, sources: list[Source]
) -> None:
    told = data_of(html)
    views = told["views"]
    for number, source in enumerate(sources):
        held = {}
        for topic in told["topics"]:
            ranking = topic["rankings"][number]
            for row, place in enumerate(ranking["documents"]):
                document, judged = topic["documents"][place]
                ranks, scores = ([values[row] for values in ranking[of]] for of in ("ranks", "scores"))
                held[topic["id"], document] = (judged, ranks, scores)
        lines = [json.loads(line) for line in (source.folder / "documents.jsonl").read_text().splitlines()]
        assert len(held) == len(lines)
        for line in lines:
            judged, ranks, scores = held[line["topic"], line["document"]]
            assert judged == [line["judgements"].get(view) for view in views]
            assert ranks == [line["ranks"].get(view) for view in views]
            assert scores == pytest.approx([line["scores"].get(view) for view in views], rel=1e-4, abs=1e-12)


def test_every_text_is_there_uncut_where_there_is_room(html: str) -> None:
    packed = data_of(html, "texts")
    assert packed["cut"] is None
    texts = unpacked(packed["documents"])
    asked_for = {document for view in few().views() for document in view.candidates or ()}
    assert texts.keys() == asked_for
    assert all(texts[one] == [few().corpus[one].title, few().corpus[one].text, []] for one in asked_for)
    topic = few().topics[0]
    asked = dict(zip(data_of(html)["views"], data_of(html)["topics"][0]["asked"], strict=True))
    assert asked == {name: [view.query, view.instruction] for name, view in topic.views.items()}


@given(st.lists(st.text(max_size=400), min_size=1, max_size=8), st.integers(100, 4000))
def test_texts_never_take_more_than_their_room(texts: list[str], room: int) -> None:
    corpus = {f"{place}": Document(f"{place}", text, text[:3]) for place, text in enumerate(texts)}
    packed = pack_texts(Texts(replace(few(), corpus=corpus)), corpus, room)
    assert len(packed.documents) <= room
    held = unpacked(packed.documents)
    assert held.keys() == (set() if packed.cut == 0 else corpus.keys())


def test_texts_come_only_from_a_benchmark_of_equal_content_and_open_licence(sources: list[Source]) -> None:
    record = sources[0].record

    def found(record: Record, wanted: bool | None = None, name: str = "") -> Texts:
        return find_texts(
            record, lambda asked: few(12) if asked == "other" else few(), [name] * bool(name), wanted=wanted
        )

    closed = replace(record, benchmark={**record.benchmark, "licence": "CC BY-NC 4.0"})
    assert found(record).benchmark
    assert found(record, name="other").benchmark
    assert found(record, wanted=False) == Texts(None, LEFT_OUT)
    assert "CC BY-NC 4.0" in found(closed).missing
    assert found(closed, wanted=True).benchmark
    changed = replace(record, benchmark={**record.benchmark, "content_hash": "0" * 64})
    assert "has other content now" in found(changed).missing


def test_a_limited_run_shows_the_texts_of_its_topics(tmp_path: Path) -> None:
    benchmark = few().limited(3)
    (source,) = evaluated(tmp_path, benchmark, ["random:0"])
    assert find_texts(source.record, lambda _: few()).benchmark == benchmark


def test_no_query_is_shown_where_texts_are_left_out(sources: list[Source], html: str) -> None:
    """The one that a record holds, as the retriever saw it, is as little to be passed on as the others."""
    assert "One query as the retriever saw it" in html
    assert "One query as" not in render_report(sources, lambda _: Texts(None, "left out"))


def test_records_without_topics_or_documents_render(tmp_path: Path) -> None:
    published = replace(mirror(0), topics=(), slices={}, origin=PUBLISHED)
    html = render_report([Source(published, tmp_path)], lambda _: Texts(None))
    assert 'class="explorer"' not in html
    html = render_report([Source(mirror(0), tmp_path)], lambda _: Texts(None, "left out"))
    assert len(data_of(html)["topics"]) == 60
    assert data_of(html)["topics"][0]["documents"] == []


def test_records_that_do_not_compare_get_no_letters_but_the_reason(tmp_path: Path) -> None:
    limited = replace(mirror(1), complete=False)
    page = Page(render_report([Source(mirror(0), tmp_path), Source(limited, tmp_path)], lambda _: Texts(None)))
    assert "No letters: random:0 on mirror: a limited run compares with nothing" in page.text


def test_p_mrr_is_drawn_beside_its_control_and_all_text_of_plots_is_text() -> None:
    drawn = plots(overviews([narrowed(0), narrowed(1)])[0], "b")
    titles = [plot.title for plot in drawn]
    assert "p-MRR beside its control" in titles
    svg = drawn[titles.index("p-MRR beside its control")].svg
    assert re.findall(r"<text[^>]*>(bm25|random:0)</text>", svg) == ["bm25", "random:0"]
    assert "style=" not in "".join(plot.svg for plot in drawn)
    ids = re.findall(r' id="([^"]+)"', "".join(plot.svg for plot in drawn))
    assert len(ids) == len(set(ids))


def test_hostile_names_are_drawn_as_text() -> None:
    hostile = "</svg><script>\x00$x_1$\u202e"
    record = replace(mirror(0), retriever={**mirror(0).retriever, "spec": hostile})
    drawn = plots(overviews([record, mirror(1)])[0], "b")
    assert any("$x_1$⟨U+202E⟩" in plot.svg for plot in drawn)
    assert not any("<script" in plot.svg for plot in drawn)


@given(st.lists(st.tuples(*[st.integers(0, 5).map(float)] * 2), min_size=1), st.sampled_from([-1, 1]))
def test_the_front_is_what_no_point_surpasses(points: list[tuple[float, float]], up: int) -> None:
    def surpasses(one: tuple[float, float], other: tuple[float, float]) -> bool:
        return one != other and one[0] >= other[0] and up * one[1] >= up * other[1]

    expected = {point for point in points if not any(surpasses(other, point) for other in points)}
    assert _pareto(points, 1, up) == sorted(expected)


def test_a_report_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r"ifir-eval\[report\]"):
        plots(overviews([mirror(0)])[0], "b")


def test_documents_that_no_evaluation_left_are_refused_with_their_file(
    sources: list[Source], tmp_path: Path
) -> None:
    (tmp_path / "record.json").write_bytes((sources[0].folder / "record.json").read_bytes())
    (tmp_path / "documents.jsonl").write_text('{"topic": 1}\n')
    with pytest.raises(InvalidInputError, match=r"documents\.jsonl: cannot be read"):
        render_report(load_sources([tmp_path]), lambda _: Texts(None))
