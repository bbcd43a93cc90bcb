"""Published FollowIR figures: the two scorings stay apart, and ranks claim no more than can be known."""

from __future__ import annotations

import csv
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from leaderboard_folders import COMMITTED

from ifir_eval.errors import InvalidInputError
from ifir_eval.reporting.leaderboard import registry
from ifir_eval.reporting.leaderboard.facts import UNKNOWN, Facts
from ifir_eval.reporting.leaderboard.markdown import as_markdown
from ifir_eval.reporting.leaderboard.published import (
    APART,
    NOISE,
    SPREAD,
    TABLE,
    Scoring,
    disagreement,
    published_board,
    read_figures,
)
from ifir_eval.reporting.leaderboard.ranks import Rank, ranks

SCORES = [scoring.value for scoring in Scoring]


def sources() -> list[dict[str, str]]:
    with (COMMITTED / TABLE).open(newline="") as file:
        return list(csv.DictReader(file))


def committed() -> dict[str, dict[str, str]]:
    """The lines of the committed Markdown about published figures: retriever -> header -> cell."""
    text = (COMMITTED / "leaderboard.md").read_text(encoding="utf-8").partition("## FollowIR, published")[2]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    header, _, *lines = ([cell.strip() for cell in row.strip("|").split(" | ")] for row in rows)
    return {
        line[1].partition(" (")[0].replace("\\", ""): dict(zip(header, line, strict=True)) for line in lines
    }


def test_the_source_is_the_shared_one(shared_data: Callable[[str], Path]) -> None:
    assert (COMMITTED / TABLE).read_bytes() == (shared_data("mteb_results") / TABLE).read_bytes()


def test_each_score_stands_in_the_column_of_its_scoring_alone() -> None:
    """The label swap: one column would put mteb 1's best model below mteb 2's middle."""
    lines = committed()
    filled = dict.fromkeys(Scoring, 0)
    for row in sources():
        cells = {scoring: lines[row["model"]][scoring.value] for scoring in Scoring}
        assert bool(cells[Scoring.MTEB_1]) == row["layout"].startswith("individual")
        assert bool(cells[Scoring.MTEB_2]) == (row["layout"] == "og/changed")
        assert not cells[Scoring.PAPER]
        for scoring, version in ((Scoring.MTEB_1, "1."), (Scoring.MTEB_2, "2.")):
            assert not cells[scoring] or row["mteb_version"].startswith(version)
            filled[scoring] += bool(cells[scoring])
    assert filled == {Scoring.MTEB_1: 158, Scoring.MTEB_2: 33, Scoring.PAPER: 0}
    assert len(lines) == 207


def test_reference_points_are_in_the_table() -> None:
    """The published means, MiniLM on each set, and Dual-View's own figures."""
    lines = committed()
    expected = {"jhu-clsp/FollowIR-7B": 12.2, "Qwen/Qwen3-Embedding-4B": 11.6, "BAAI/bge-small-en-v1.5": -1.9}
    expected |= {"samaya-ai/promptriever-llama2-7b-v1": 11.2, "mteb/baseline-random-encoder": 0.45}
    expected |= {"Dual-View encoder, Ins-DV": 7.57, "Dual-View bge-m3-retromae, All-DV": 13.92}
    for model, p_mrr in expected.items():
        assert float(lines[model]["p-MRR ×100"]) == pytest.approx(p_mrr, abs=0.051), model
    minilm = lines["sentence-transformers/all-MiniLM-L6-v2"]
    assert [minilm[name] for name in ("Robust04", "News21", "Core17")] == ["-7.9", "-0.2", "-0.3"]
    assert [lines["Dual-View encoder, Ins-DV"][score] for score in SCORES] == ["", "", "19.7"]


def test_a_line_that_could_stand_in_the_wrong_column_is_refused(tmp_path: Path) -> None:
    """A fourth layout, and a Score where mteb gave none."""
    text = (COMMITTED / TABLE).read_text().splitlines()
    (tmp_path / TABLE).write_text(
        "\n".join([text[0], text[1] + "0.5", text[2].replace("individual", "new")]) + "\n"
    )
    shutil.copy(COMMITTED / "papers.toml", tmp_path)
    with pytest.raises(InvalidInputError) as caught:
        read_figures(tmp_path)
    assert [problem.line for problem in caught.value.problems] == [2, 3]


def test_a_paper_without_a_web_address_is_refused(tmp_path: Path) -> None:
    shutil.copy(COMMITTED / TABLE, tmp_path)
    paper = '[[paper]]\ntitle = "A"\naddress = "javascript:alert(1)"\nreleased = "2026"\nfigure = []\n'
    (tmp_path / "papers.toml").write_text(paper, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="is no https address"):
        read_figures(tmp_path)


def test_a_folder_that_is_no_leaderboard_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"followir_summary.csv: is missing; start from the folder"):
        read_figures(tmp_path)
    shutil.copy(COMMITTED / TABLE, tmp_path)
    (tmp_path / "papers.toml").write_text("[[paper]]\ntitle = 'no address'\n", encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"papers.toml: cannot be read: KeyError\('address'\)"):
        read_figures(tmp_path)


def test_the_noise_of_a_mean_over_three_sets() -> None:
    """docs/methods.md, section 3: 2.1, 2.6 and 2.7 on the sets; drawn here 200,000 times."""
    drawn = np.random.default_rng(0).normal(0, [0.021, 0.026, 0.027], (200_000, 3)).mean(axis=1)
    assert pytest.approx(drawn.std(), rel=0.01) == SPREAD
    assert (np.abs(drawn) < NOISE).mean() == pytest.approx(0.95, abs=0.002)
    assert (np.abs(drawn[::2] - drawn[1::2]) < APART).mean() == pytest.approx(0.95, abs=0.002)


def test_the_sets_of_a_model_disagree_by_as_much_as_the_noise() -> None:
    """What the page says in defence of `SPREAD`; against scipy's table of squares by hand."""
    figures = read_figures(COMMITTED)
    table = np.array([figure.sets for figure in figures if figure.sets])
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    squares = sum(
        (table[i, j] - rows[i] - columns[j] + table.mean()) ** 2
        for i in range(table.shape[0])
        for j in range(table.shape[1])
    )
    assert disagreement(figures) == pytest.approx(math.sqrt(squares / (199 * 2) / 3))
    assert disagreement(figures) == pytest.approx(SPREAD, rel=0.15)


def test_a_rank_lies_between_those_shown_to_be_better_and_worse() -> None:
    """The table of ranks 1..N would order models that differ by a tenth of the noise."""
    figures = read_figures(COMMITTED)
    board = published_board(figures, {})
    values = [figure.p_mrr for figure in figures]
    for figure, entry in list(zip(figures, board.entries, strict=True))[::17]:
        better = sum(value - figure.p_mrr > APART for value in values)
        worse = sum(figure.p_mrr - value > APART for value in values)
        assert entry.rank == Rank(1 + better, len(values) - worse)
    assert str(board.entries[0].rank) == "1–7"


def test_ranks_without_evidence_are_all_of_them_and_with_full_evidence_single() -> None:
    nobody, all_of_them = np.zeros((3, 3), dtype=bool), np.triu(np.ones((3, 3), dtype=bool), 1)
    assert ranks(nobody) == [(1, 3)] * 3
    assert [str(rank) for rank in ranks(all_of_them)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        (Facts(7_098_994_688, "2024-04-20", "mit", "dense", "open"), ("7.1 B", "over 5 B", "2024", "mit")),
        (Facts(999_000_000), ("999 M", "0.2 to 1 B", UNKNOWN, UNKNOWN)),
        (Facts(0), ("none", "up to 0.2 B", UNKNOWN, UNKNOWN)),
        (Facts(None, "2026-04"), (UNKNOWN, UNKNOWN, "2026", UNKNOWN)),
        (Facts(licence="https://huggingface.co/a/LICENSE"), (UNKNOWN, UNKNOWN, UNKNOWN, "its own")),
        (Facts(weights="closed"), (UNKNOWN, UNKNOWN, UNKNOWN, "closed weights")),
    ],
)
def test_what_no_source_states_is_called_unknown(facts: Facts, shown: tuple[str, ...]) -> None:
    assert (facts.shown_size, facts.size, facts.year, facts.shown_licence) == shown


def test_the_committed_facts_are_those_of_mtebs_registry(tmp_path: Path) -> None:
    """As of the pinned mteb; its wrappers of BM25 (released in 2026?) and of random scores are no models."""
    pytest.importorskip("mteb")
    folder = shutil.copytree(COMMITTED, tmp_path / "leaderboards", ignore=shutil.ignore_patterns("models.csv"))
    registry.main(folder)
    committed = (COMMITTED / "models.csv").read_text(encoding="utf-8")
    assert (folder / "models.csv").read_text(encoding="utf-8") == committed
    assert len(committed.splitlines()) > 190
    assert "mteb/baseline-" not in committed


def test_markdown_escapes_what_it_would_read_as_markup() -> None:
    board = published_board(read_figures(COMMITTED)[:1], {})
    names = ("a | b", "<img src=x>", "[x](javascript:1)", "two\nlines", "`code`")
    entries = tuple(replace(board.entries[0], name=name) for name in names)
    text = as_markdown([replace(board, entries=entries)])
    rows = [line for line in text.splitlines() if line.startswith("| 1 ")]
    assert len(rows) == len(names)
    assert {row.replace("\\|", "").count("|") for row in rows} == {len(board.headers) + 9}
    for gone in ("<img", " [x](", " `code`"):
        assert gone not in text
