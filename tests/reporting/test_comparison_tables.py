"""The comparison table of the terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from record_examples import MINILM, NOTE, all_records, estimate, facets, mirror, narrowed
from rich.console import Console

from ifir_eval.records.record import Record
from ifir_eval.reporting.table import comparison_tables


def printed(records: list[Record], width: int = 110) -> str:
    """What a terminal wider than any table would show."""
    stream = io.StringIO()
    console = Console(file=stream, width=400)
    for table in comparison_tables(records, width):
        console.print(table)
    return stream.getvalue()


def row(text: str, label: str) -> list[str]:
    """The cells of the row called ``label``."""
    (line,) = [line for line in text.splitlines() if line.strip().startswith(f"{label} ")]
    return re.split(r"\s{2,}", line.strip())


def test_a_benchmark_is_one_table_with_its_retrievers_side_by_side() -> None:
    assert len(comparison_tables(all_records())) == 2


def test_cells_are_the_records_estimates() -> None:
    low, high = mirror(0).measures["swap-accuracy"], mirror(1).measures["swap-accuracy"]
    expected = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in (low, high)]
    assert row(printed([mirror(0), mirror(1)]), "swap-accuracy") == ["swap-accuracy", "0.250", *expected]


def test_p_mrr_is_times_100_says_so_and_stands_beside_its_control() -> None:
    text = printed([narrowed(1)])
    e = narrowed(1).measures["p-MRR"]
    assert row(text, "p-MRR ×100")[-1] == f"{100 * e.value:+.1f} [{100 * e.low:+.1f}, {100 * e.high:+.1f}]"  # type: ignore[operator]  # it has an interval
    labels = [line.split()[0] for line in text.splitlines() if line.strip().startswith("p-MRR")]
    assert labels == ["p-MRR", "p-MRR-control", "p-MRR-net"]


def test_views_outside_every_contrast_are_left_to_the_page() -> None:
    text = printed([mirror(0)])
    assert "nDCG@10[original]" in text
    assert "nDCG@10[reversed]" in text
    assert "nDCG@10[paraphrase]" not in text


def test_topic_counts_are_shown_where_they_differ() -> None:
    text = printed([facets(0)])
    assert row(text, "swap-accuracy")[1] == "14"
    assert row(text, "p-MRR ×100")[1] == "16"
    assert row(text, "nDCG@10")[1] == "34"
    assert " n " not in printed([narrowed(0)])


def test_five_retrievers_fit_into_110_columns_and_none_is_lost() -> None:
    records = [
        replace(mirror(1), retriever={**MINILM, "spec": f"/home/me/runs/dual-view-{seed}/checkpoint-12000"})
        for seed in range(5)
    ]
    text = printed(records)
    assert max(map(len, text.splitlines())) <= 110
    for seed in range(5):
        assert f"dual-view-{seed}/" in text
    assert max(map(len, printed(records, 80).splitlines())) <= 80


def test_an_estimate_without_interval_and_one_that_is_missing_are_shown_as_such() -> None:
    single = replace(mirror(0), measures={"swap-accuracy": estimate([1.0])})
    other = replace(mirror(1), measures={"topic-lock": estimate([0.0, 1.0])})
    text = printed([single, other])
    assert row(text, "swap-accuracy") == ["swap-accuracy", "1", "0.250", "1.000", "–"]


def test_limited_runs_missing_queries_and_warnings_are_visible() -> None:
    record = replace(
        mirror(0), complete=False, missing_queries=tuple(f"q{i}" for i in range(9)), warnings=("mind the gap",)
    )
    text = " ".join(printed([record]).split())
    assert "limited run (60 topics): not comparable with anything" in text
    assert "9 queries were not answered and counted as failures, in measures with a sign" in text
    assert "as 0: q0, q1, q2, q3, q4 and 4 more" in text
    assert "bm25: mind the gap" in text


def test_a_note_of_the_benchmark_is_told_once() -> None:
    """Records carry the notes among their warnings as well: they would be told once for each retriever."""
    assert " ".join(printed([facets(0), facets(1)]).split()).count(NOTE) == 1


def test_nothing_in_a_record_can_steer_the_terminal_or_write_markup() -> None:
    retriever = {"spec": "[red]\u202ebm25", "kind": "dense", "settings": {}}
    text = printed([replace(mirror(0), retriever=retriever, warnings=("\x1b[31mred[/]",))])
    assert "[red]⟨U+202E⟩bm25" in text
    assert "⟨U+001B⟩[31mred[/]" in text
    assert "\x1b" not in text
