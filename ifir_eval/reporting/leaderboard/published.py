"""FollowIR as others published it: mteb's table of results, and figures that papers alone print.

Result files of mteb 1 score the original run by the changed judgements, those of mteb 2 by its own
(docs/methods.md, section 3), and papers do not say how they scored, so that every Score has a `Scoring`, and
those of two scorings never stand in one column. p-MRR is the same under all.
"""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.records.column import Column
from ifir_eval.reporting.leaderboard.board import Band, Board, Cell, Entry
from ifir_eval.reporting.leaderboard.facts import NOTHING, Facts
from ifir_eval.reporting.leaderboard.ranks import Rank, ranks
from ifir_eval.reporting.leaderboard.reading import reading
from ifir_eval.statistics.estimate import Estimate

TABLE, PAPERS = "followir_summary.csv", "papers.toml"
RESULTS = (
    "https://github.com/embeddings-benchmark/results/tree/f4cc6c8b365a3c779dbc708d6affe0b0355b2ddf/results"
)
"""Where the files lie that the table was made from."""

NULL_SPREAD = {"Robust04": 0.021, "News21": 0.026, "Core17": 0.027}
"""Standard deviation of the p-MRR of two unrelated rankings on each set (docs/methods.md, section 3)."""
SPREAD = math.hypot(*NULL_SPREAD.values()) / len(NULL_SPREAD)
"""That of the mean over the three sets: 0.014."""
NOISE = 1.96 * SPREAD
"""Half the width of the band that holds 95% of the means of unrelated rankings, about 0: 0.028."""
APART = math.sqrt(2) * NOISE
"""The difference from which on two figures with that uncertainty differ, at 95%: 0.040."""

_COLUMNS = ("robust04_pmrr", "news21_pmrr", "core17_pmrr", "avg_pmrr")
_P_MRR = Column("p-MRR", low=-1, high=1, chance=0.0, higher_is_better=True)


class Scoring(Enum):
    """How FollowIR's Score was computed; the value heads its column."""

    MTEB_1 = "Score ×100, mteb 1 (swapped labels)"
    MTEB_2 = "Score ×100, mteb 2"
    PAPER = "Score ×100, as a paper prints it"


_LAYOUTS = {"individual(original/changed/base)": Scoring.MTEB_1, "og/changed": Scoring.MTEB_2}
_NO_SCORE = "v1-old"
"""The layout of files that hold p-MRR alone."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One model's published FollowIR result, as fractions.

    ``sets`` are the p-MRR of Robust04, News21 and Core17, empty where only their mean is known; ``score`` is
    None where none was published. ``facts`` are those that its own source states.
    """

    model: str
    note: str
    source: str
    address: str
    p_mrr: float
    sets: tuple[float, ...] = ()
    score: float | None = None
    scoring: Scoring | None = None
    facts: Facts = NOTHING


def read_figures(folder: Path) -> list[Figure]:
    """The figures in ``folder``, best p-MRR first.

    Raises:
        InvalidInputError: naming every line that cannot be placed.
    """
    figures = [*_of_mteb(folder / TABLE), *_of_papers(folder / PAPERS)]
    return sorted(figures, key=lambda figure: -figure.p_mrr)


def published_board(figures: Sequence[Figure], known: Mapping[str, Facts]) -> Board:
    """FollowIR by mean p-MRR, with a column of Scores for each scoring."""
    return Board(
        anchor="followir",
        title="FollowIR",
        about=(
            "Mean p-MRR over Robust04, News21 and Core17, as others published it; nothing here was measured "
            f"by this project. Only differences from {100 * APART:.1f} on settle an order."
        ),
        column=_P_MRR,
        is_measured=False,
        headers=(*NULL_SPREAD, *(scoring.value for scoring in Scoring)),
        entries=tuple(
            Entry(
                name=figure.model,
                notes=(figure.note,) if figure.note else (),
                source=figure.source,
                address=figure.address,
                estimate=Estimate(figure.p_mrr, None, None, 0),
                rank=rank,
                cells=(
                    *([Cell(_P_MRR.shown(value)) for value in figure.sets] or [Cell()] * len(NULL_SPREAD)),
                    *(_score(figure, scoring) for scoring in Scoring),
                ),
                facts=known.get(figure.model, figure.facts),
            )
            for figure, rank in zip(figures, _ranks(figures), strict=True)
        ),
        band=Band(-NOISE, NOISE, 0.0),
    )


def disagreement(figures: Sequence[Figure]) -> float:
    """The standard deviation of a mean p-MRR, judged by how far the three sets of a model disagree.

    It is what remains of the table of models x sets without the means of its rows and columns, over the root
    of the number of sets. True differences of models between sets are in it as well.
    """
    table = np.array([figure.sets for figure in figures if figure.sets])
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    models, sets = table.shape
    return float(np.sqrt((rest**2).sum() / ((models - 1) * (sets - 1)) / sets))


def _ranks(figures: Sequence[Figure]) -> list[Rank]:
    values = np.array([figure.p_mrr for figure in figures])
    return ranks(values[:, None] - values[None, :] > APART)


def _score(figure: Figure, scoring: Scoring) -> Cell:
    if figure.score is None or figure.scoring is not scoring:
        return Cell()
    return Cell(f"{100 * figure.score:.1f}")


def _of_mteb(file: Path) -> list[Figure]:
    with reading(file), file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
        if problems := [
            Problem(reason, str(file), line) for line, row in enumerate(rows, 2) for reason in _misplaced(row)
        ]:
            raise InvalidInputError("published table", problems)
        return [_in_results(row) for row in rows]


def _misplaced(row: Mapping[str, str]) -> Iterator[str]:
    """Why the Score of ``row`` has no column to stand in."""
    if row["layout"] not in {_NO_SCORE, *_LAYOUTS}:
        yield f"the layout {row['layout']!r} is not one of {', '.join(sorted({_NO_SCORE, *_LAYOUTS}))}"
    elif row["layout"] == _NO_SCORE and row["avg_score"]:
        yield f"files of the layout {_NO_SCORE} have no Score"


def _in_results(row: Mapping[str, str]) -> Figure:
    *sets, mean = (float(row[column]) for column in _COLUMNS)
    revision = row["revision"]
    short = revision[:7] if len(revision) == 40 else revision  # noqa: PLR2004 - a commit hash
    return Figure(
        model=row["model"],
        note=f"mteb {row['mteb_version']}" + ("" if short == "no_revision_available" else f", {short}"),
        source="mteb's results",
        address="/".join([RESULTS, quote(row["model"].replace("/", "__")), quote(revision)]),
        p_mrr=mean,
        sets=tuple(sets),
        score=float(row["avg_score"]) if row["avg_score"] else None,
        scoring=_LAYOUTS.get(row["layout"]),
    )


def _of_papers(file: Path) -> list[Figure]:
    with reading(file):
        papers = tomllib.loads(file.read_text(encoding="utf-8"))["paper"]
        if wrong := [paper["address"] for paper in papers if not paper["address"].startswith("https://")]:
            problems = [Problem(f"{address!r} is no https address", str(file)) for address in wrong]
            raise InvalidInputError("papers", problems)
        return [_in_paper(paper, row) for paper in papers for row in paper["figure"]]


def _in_paper(paper: Mapping[str, Any], row: Mapping[str, Any]) -> Figure:
    score = row.get("score_x100")
    return Figure(
        model=row["model"],
        note=row.get("note", ""),
        source=paper["title"],
        address=paper["address"],
        p_mrr=row["p_mrr_x100"] / 100,
        score=None if score is None else score / 100,
        scoring=None if score is None else Scoring.PAPER,
        facts=Facts(row.get("parameters"), paper["released"]),
    )
