"""A comparison in every format: the same figures, and nothing that a record says gets out of its cell."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from hostile_comparisons import hostile_pair
from hostile_records import HOSTILE
from parsed_page import Page
from record_examples import mirror

from ifir_eval.comparison.compare import Comparison, compare
from ifir_eval.reporting.compared import as_csv, as_json, as_latex, as_markdown
from ifir_eval.reporting.compared_page import as_page
from ifir_eval.reporting.compared_rows import cautions, headline, versus
from ifir_eval.reporting.text import visible


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare([mirror(0), mirror(1)])


def test_every_format_says_the_same(compared: Comparison) -> None:
    """The change in swap accuracy, its interval and the topic that moved most."""
    (pair,) = versus(compared)
    row, moved = pair.rows[0], pair.moved[0]
    markdown, latex, page = as_markdown(compared), as_latex(compared), Page(as_page([compared]))
    cells = [" ".join(cell.split()) for line in page.rows for cell in line]
    assert row.one.column.name == "swap-accuracy"
    for text in (row.change, row.interval, row.p, moved.topic):
        assert text in markdown
        assert any(text in cell.replace("−", "-") for cell in cells)
    assert f"& {row.change} & {row.interval} & {row.p} &".replace("-", "$-$") in latex
    assert as_json(compared)["pairs"][0]["difference"] == row.one.estimate.value
    (line, *_) = csv.DictReader(io.StringIO(as_csv([compared])))
    assert float(line["difference"]) == row.one.estimate.value


def test_moved_topics_are_the_largest_changes_with_both_values(compared: Comparison) -> None:
    (pair,) = versus(compared)
    changes = sorted((abs(change) for change in pair.rows[0].one.topics.values()), reverse=True)
    for moved, change in zip(pair.moved, changes, strict=False):
        assert abs(float(moved.change)) == pytest.approx(change, abs=6e-4)
        assert float(moved.new_value) - float(moved.old_value) == pytest.approx(float(moved.change), abs=2e-3)


def test_of_two_below_chance_nobody_beats_the_other(compared: Comparison) -> None:
    """Random scores have 0.2497 and BM25 0.13: the more is noise, and ``random:0 beats bm25`` misled."""
    (pair,) = versus(compared)
    assert headline(pair).endswith("but below chance more is no better.")
    assert any("bm25, random:0 lie below chance (0.250)" in told for told in cautions(compared))
    (same,) = versus(compare([mirror(0), mirror(0)], ["swap-accuracy"]))
    assert headline(same).startswith("No difference between bm25, run 2 and bm25 in swap-accuracy is shown")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_on_the_page_and_never_markup(hostile: str) -> None:
    pages = [Page(as_page([compare(hostile_pair(text))])) for text in (hostile, "harmless")]
    shapes = [[(tag, sorted(attributes)) for tag, attributes in page.tags if tag != "wbr"] for page in pages]
    assert shapes[0] == shapes[1]
    page = pages[0]
    assert not page.values("src")
    assert not page.values("style")
    assert {target[0] for target in page.values("href")} == {"#"}
    assert visible(page.text) == page.text
    assert " ".join(f"a command{visible(hostile)}".split()) in " ".join(page.text.split())


def test_the_page_is_one_file_whose_links_lead_somewhere(compared: Comparison) -> None:
    page = Page(as_page([compared]))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {target.removeprefix("#") for target in page.values("href")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)
    assert not re.search(r"url\(|@import|expression\(", page.style)
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


@pytest.mark.parametrize("hostile", ["\n\\input{secret}\n", "}\\write18{ls}{", "$$%", "~^|<>"])
def test_latex_cannot_be_broken_out_of(hostile: str) -> None:
    """A line break in a benchmark's name ended the comment that it stood in."""
    for line in as_latex(compare(hostile_pair(hostile))).splitlines():
        if line.startswith("%"):
            continue
        assert re.fullmatch(
            r"\\(toprule|midrule|bottomrule|end\{tabular\}|begin\{tabular\}\{lr+\})|.* \\\\", line
        )
        commands = re.findall(r"\\[a-zA-Z]+", line)
        assert not {r"\input", r"\write"} & set(commands)


@pytest.mark.parametrize("hostile", ["a|b", "\nx", "<script>", "](javascript:alert(1))", "`"])
def test_markdown_cells_hold_what_they_hold(hostile: str) -> None:
    text = as_markdown(compare(hostile_pair(hostile)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 4  # means, differences, slices, moved
    assert all(row.endswith("|") for row in rows)
    assert "<script" not in text
    assert "](javascript" not in text


@pytest.mark.parametrize("hostile", ["=1+1", "@SUM(A1)", "\t=1", "＝1"])
def test_csv_cells_are_no_formulas(hostile: str) -> None:
    record, other = hostile_pair("")
    specs = (f"{hostile}0", f"{hostile}1")  # which lead the names
    named = [
        replace(each, retriever={**each.retriever, "spec": spec})
        for each, spec in zip((record, other), specs, strict=True)
    ]
    for row in csv.reader(io.StringIO(as_csv([compare(named)]))):
        assert not [cell for cell in row if cell.startswith(("=", "@", "\t", "＝"))]
