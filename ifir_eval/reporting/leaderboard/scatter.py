"""p-MRR against Score: where the points of each scoring's panel lie, in per cent of its width and height."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ifir_eval.reporting.leaderboard.facts import SIZES, UNKNOWN, Facts
from ifir_eval.reporting.leaderboard.published import NOISE, Figure, Scoring

HUES = dict(zip([*SIZES, UNKNOWN], ["sky", "blue", "purple", "vermillion", "grey"], strict=True))
"""The page's colour for each class of size."""
_NAMED = 3
"""How many of the best of a panel are named in it."""
_REFERENCES = {"mteb/baseline-bm25s": "BM25", "mteb/baseline-random-encoder": "random"}
_SCORE_STEP, _P_MRR_STEP = 0.1, 0.05


class Axis(NamedTuple):
    """The values between which something is drawn."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The position of ``value`` in per cent."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)


class Tick(NamedTuple):
    """A position in per cent, and what it stands for."""

    at: float
    text: str


class Point(NamedTuple):
    """A figure at ``x`` from the left and ``y`` from above, with the anchor of its line in the table.

    ``label`` is empty but for those that are named in the panel.
    """

    x: float
    y: float
    anchor: str
    hue: str
    told: str
    label: str
    facts: Facts


class Panel(NamedTuple):
    """The points of one scoring; the noise of random rankings lies between ``top`` and ``bottom``."""

    title: str
    points: list[Point]
    across: list[Tick]
    upwards: list[Tick]
    top: float
    bottom: float


def panels(
    figures: Sequence[Figure], known: Mapping[str, Facts], anchors: Mapping[str, str]
) -> Iterator[Panel]:
    """A panel for mteb 1 and one for mteb 2, with the same p-MRR axis; papers' Scores are of unknown making."""
    p_mrr = axis([figure.p_mrr for figure in figures if figure.scoring], _P_MRR_STEP)
    for scoring in (Scoring.MTEB_1, Scoring.MTEB_2):
        held = [(figure, figure.score) for figure in figures if figure.scoring is scoring]
        scored = [(figure, score) for figure, score in held if score is not None]
        across = axis([0.0, *(score for _, score in scored)], _SCORE_STEP)
        best = {figure.model: figure.model.rpartition("/")[2] for figure, _ in scored[:_NAMED]}
        points = []
        for figure, score in scored:
            facts = known.get(figure.model, figure.facts)
            points.append(
                Point(
                    x=across.at(score),
                    y=_from_above(p_mrr, figure.p_mrr),
                    anchor=anchors[figure.model],
                    hue=HUES[facts.size],
                    told=f"{figure.model}: p-MRR {100 * figure.p_mrr:+.1f}, Score {100 * score:.1f}",
                    label=(best | _REFERENCES).get(figure.model, ""),
                    facts=facts,
                )
            )
        yield Panel(
            title=scoring.value,
            points=points,
            across=[Tick(across.at(value), f"{100 * value:.0f}") for value in _ticks(across, _SCORE_STEP)],
            upwards=[
                Tick(_from_above(p_mrr, value), f"{100 * value:+.0f}") for value in _ticks(p_mrr, _P_MRR_STEP)
            ],
            top=_from_above(p_mrr, NOISE),
            bottom=_from_above(p_mrr, -NOISE),
        )


def axis(values: Sequence[float], step: float) -> Axis:
    """From the multiple of ``step`` below all ``values`` to the one above."""
    return Axis(step * math.floor(min(values) / step), step * math.ceil(max(values) / step))


def _ticks(drawn: Axis, step: float) -> list[float]:
    count = round((drawn.high - drawn.low) / step)
    return [drawn.low + step * place for place in range(count + 1)]


def _from_above(drawn: Axis, value: float) -> float:
    return round(100 - drawn.at(value), 2)
