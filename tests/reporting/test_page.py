"""The HTML page: self-contained, escaped, and true to the records."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_records import HOSTILE, hostile_record
from parsed_page import Page
from record_examples import MINILM, all_records, estimate, mirror, narrowed

from ifir_eval.records.record import Record
from ifir_eval.reporting.page import render_page, write_page
from ifir_eval.reporting.text import visible

CONSTRAINT = next(iter(mirror(0).slices["constraint"]))


def collapsed(text: str) -> str:
    return " ".join(text.split())


def test_nothing_outside_the_page_is_referred_to() -> None:
    page = Page(render_page(all_records()))
    loading = "script link img image use iframe object embed base form video audio source".split()
    assert not {tag for tag, _ in page.tags} & set(loading)
    assert not page.values("src")
    assert not page.values("style")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert {target[0] for target in page.values("href")} == {"#"}
    assert not re.search(r"url\(|@import|expression\(", page.style)


def test_the_policy_admits_this_very_style_sheet_and_nothing_else() -> None:
    page = Page(render_page(all_records()))
    (policy,) = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_link_and_label_leads_to_exactly_one_place() -> None:
    page = Page(render_page(all_records()))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {target.removeprefix("#") for target in page.values("href")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_tables_have_a_caption_and_every_header_a_scope() -> None:
    page = Page(render_page(all_records()))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table") > 4
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_and_never_markup(hostile: str) -> None:
    """docs/methods.md, trap 10: ``select_autoescape(["html"])`` leaves ``*.html.j2`` unescaped."""
    page, harmless = (Page(render_page([hostile_record(text)])) for text in (hostile, "harmless"))
    shape = [(tag, sorted(attributes)) for tag, attributes in harmless.tags if tag != "wbr"]
    assert [(tag, sorted(attributes)) for tag, attributes in page.tags if tag != "wbr"] == shape
    shown = visible(hostile)
    told = ("similar to this one.", "a command", "what was lost", "q1", "facets", "Apache-2.0", CONSTRAINT)
    for text in told:
        assert collapsed(text + shown) in collapsed(page.text), text
    assert visible(page.text) == page.text


def test_the_page_can_be_written_whatever_the_text_holds(tmp_path: Path) -> None:
    """A lone surrogate, which JSON can carry, made ``encode`` fail after hours of work."""
    path = tmp_path / "new" / "page.html"
    write_page([hostile_record("\ud800")], path)
    assert "⟨U+D800⟩" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("example", "column", "factor", "half"),
    [
        (mirror, "swap-accuracy", 1, 5e-4),
        (mirror, "swap-margin", 1, 5e-4),
        (narrowed, "p-MRR-control", 100, 0.05),
    ],
)
def test_figures_are_those_of_the_records(
    example: Callable[[int], Record], column: str, factor: int, half: float
) -> None:
    records = [example(0), example(1)]
    rows = Page(render_page(records)).cells(column)
    assert [name for name, _ in rows] == ["bm25", "random:0"]
    for record, (_, figures) in zip(records, rows, strict=True):
        numbers = [float(number) for number in re.findall(r"[-+]?\d+\.\d+", figures.replace("−", "-"))]
        exact = [factor * (value or 0) for value in record.measures[column][:3]]
        assert numbers == pytest.approx(exact, abs=half * 1.001)


def test_drawn_positions_are_those_of_the_records() -> None:
    """On the axis of fractions the band of swap accuracy ends at its interval, in per cent."""
    record = mirror(1)
    page = Page(render_page([record]))
    bar = next(
        attributes
        for _, attributes in page.tags
        if attributes.get("class") == "bar" and attributes["x1"] != "10%"
    )
    low, high = record.measures["swap-accuracy"][1:3]
    assert [float((bar[x] or "").rstrip("%")) for x in ("x1", "x2")] == pytest.approx(
        [100 * (low or 0), 100 * (high or 0)], abs=0.01
    )
    marks = [attributes["x1"] for _, attributes in page.tags if attributes.get("class") == "chance"]
    assert "25.0%" in marks


def test_slices_show_swap_accuracy_and_beside_it_follow_rate() -> None:
    """Swap accuracy alone would praise the slices in which a retriever is most random."""
    record = mirror(0)
    sliced = record.slices["constraint"][CONSTRAINT]
    rows = Page(render_page([record])).rows
    start = next(i for i, row in enumerate(rows) if row and row[0].startswith(CONSTRAINT))
    headers, figures = rows[start : start + 4 : 2], rows[start + 1 : start + 5 : 2]
    for column, header, row in zip(("swap-accuracy", "follow-rate"), headers, figures, strict=True):
        assert collapsed(header[0]).startswith(f"{CONSTRAINT} {column} · chance")
        e = sliced[column]
        assert collapsed(row[1]) == f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]"


def test_an_interval_without_width_is_no_certainty_unless_it_stands_at_a_bound() -> None:
    same, nothing = estimate([0.5] * 30), estimate([0.0] * 30)
    record = replace(mirror(0), measures={"follow-rate": same, "swap-accuracy": nothing}, slices={})
    page = Page(render_page([record]))
    assert page.cells("follow-rate") == [["bm25", "0.500 [0.500, 0.500] no variation seen"]]
    assert page.cells("swap-accuracy") == [["bm25", "0.000 [0.000, 0.000]"]]


def test_one_topic_has_a_value_without_interval_and_no_band() -> None:
    single = replace(mirror(0), measures={"swap-accuracy": estimate([1.0])}, slices={})
    page = Page(render_page([single]))
    assert page.cells("swap-accuracy") == [["bm25", "1.000"]]
    assert sum(attributes.get("class") == "bar" for _, attributes in page.tags) == 1  # that of the legend


def test_a_record_without_slices_measures_example_or_command_renders() -> None:
    bare = replace(
        mirror(0),
        slices={},
        measures={},
        topics=(),
        environment={},
        retriever={"spec": "run:a.trec", "kind": "run", "settings": {}, "example": None},
    )
    page = Page(render_page([bare]))
    assert "No verdict" in page.text
    assert "By slice" not in page.text


def test_a_measure_that_only_one_retriever_has_is_shown_as_not_measured_for_the_other() -> None:
    other = replace(mirror(1), measures={"topic-lock": mirror(1).measures["topic-lock"]})
    assert Page(render_page([mirror(0), other])).cells("swap-accuracy")[1][1] == "not measured"


def test_limited_runs_missing_queries_and_warnings_stand_at_the_verdict() -> None:
    record = replace(mirror(0), complete=False, missing_queries=("q7",), warnings=("mind the gap",))
    page = Page(render_page([record]))
    text = collapsed(page.text)
    assert "3 cautions to read with it" in text
    assert "limited run (60 topics): not comparable with anything" in text
    assert "1 query was not answered and counted as failures, in measures with a sign" in text
    assert "mind the gap" in text


def test_checkpoints_of_the_same_folder_name_stand_apart_in_rows_and_provenance() -> None:
    """docs/methods.md, trap 2: the second one's rows would read as the first one's."""
    specs = ("/runs/a/final/checkpoint", "/runs/b/final/checkpoint")
    page = Page(
        render_page([replace(mirror(1), retriever={**MINILM, "spec": spec, "example": None}) for spec in specs])
    )
    assert [name for name, _ in page.cells("swap-accuracy")] == ["a/final/checkpoint", "b/final/checkpoint"]
    assert all(spec in page.text for spec in specs)


def test_copies_of_a_benchmark_with_other_contents_are_never_compared() -> None:
    other = replace(mirror(1), benchmark={**mirror(1).benchmark, "content_hash": "0" * 64})
    page = Page(render_page([mirror(0), other]))
    assert f"mirror 1 ({mirror(0).benchmark['content_hash'][:8]})" in page.text
    assert "mirror 1 (00000000)" in page.text
    assert len(page.cells("swap-accuracy")) == 1
