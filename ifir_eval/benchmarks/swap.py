"""What all swap benchmarks share: two opposite sides of a constraint, asked for under five views.

A document stands on one side or on `Side.OPEN`, where it says nothing that decides. A *positive* wording
of a side admits the documents that show it; a *negative* one refuses those that show the other side, so
that open documents pass. Labels follow this literal reading.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, PARAPHRASE, PLACEBO, REVERSED, Benchmark, Topic, View

VIEWS = (BARE, ORIGINAL, REVERSED, PARAPHRASE, PLACEBO)

# As many documents gain relevance as lose it, so that p-MRR guards itself against damage and needs no
# control. SICR and WISE, made for topics with one relevant document, do not reach 1 with five.
MEASURES = (
    "swap-accuracy",
    "topic-lock",
    "follow-rate",
    "swap-margin",
    "right-rank",
    "p-MRR",
    "paraphrase-drift",
    "placebo-drift",
    "IRS",
    "nDCG@10",
    "MAP@1000",
    "robustness@10",
)

POLARITIES = tuple((original, reverse) for original in (True, False) for reverse in (True, False))
"""Whether the original and the reversed instruction are phrased positively."""


class Side(Enum):
    """Where a document stands towards a constraint."""

    A = "a"
    B = "b"
    OPEN = "open"

    @property
    def other(self) -> Side:
        """The opposite side; open stays open."""
        return {Side.A: Side.B, Side.B: Side.A}.get(self, self)


Stand = tuple[Side, ...]
"""Where a document stands towards each constraint of a topic."""


class Demand(NamedTuple):
    """One direction of a constraint as an instruction asks for it."""

    side: Side
    positive: bool

    def admits(self, stand: Side) -> bool:
        """Whether a document that stands there satisfies this demand, read literally."""
        return stand is self.side if self.positive else stand is not self.side.other


Wordings = Mapping[Demand, tuple[str, ...]]


def fill_wordings(
    a_positive: Sequence[str],
    a_negative: Sequence[str],
    b_positive: Sequence[str],
    b_negative: Sequence[str],
    **given: tuple[str, str],
) -> Wordings:
    """Fill the wordings of both sides; each slot is given as (value of A, value of B).

    A negative wording names what it refuses, so side A's takes B's value and the other way round.
    """
    lists = {
        Demand(Side.A, positive=True): (a_positive, 0),
        Demand(Side.A, positive=False): (a_negative, 1),
        Demand(Side.B, positive=True): (b_positive, 1),
        Demand(Side.B, positive=False): (b_negative, 0),
    }

    def filled(text: str, which: int) -> str:
        for slot, values in given.items():
            text = text.replace(f"{{{slot}}}", values[which])
        return text

    return {demand: tuple(filled(text, which) for text in texts) for demand, (texts, which) in lists.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """What a topic's views ask for.

    ``demands`` holds one demand per constraint for the views that constrain, None for those that do not.
    """

    demands: Mapping[str, tuple[Demand, ...] | None]
    instructions: Mapping[str, str]

    @property
    def polarity(self) -> str:
        """How original and reversed are phrased, as in ``positive/negative``."""
        asked = (self.demands[name] for name in (ORIGINAL, REVERSED))
        return "/".join("positive" if demands and demands[0].positive else "negative" for demands in asked)

    def admits(self, view: str, stand: Stand) -> bool:
        """Whether a document on the topic that stands there is relevant under ``view``."""
        demands = self.demands[view]
        return demands is None or all(demand.admits(side) for demand, side in zip(demands, stand, strict=True))

    def topic(
        self,
        topic_id: str,
        query: str,
        stands: Mapping[str, Stand],
        pool: tuple[str, ...],
        slices: Mapping[str, str],
    ) -> Topic:
        """The topic over ``pool``; the ids in ``stands`` are on topic, all others relevant to no view."""

        def view(name: str) -> View:
            return View(
                id=f"{topic_id}-{name}",
                name=name,
                query=query,
                instruction=self.instructions[name],
                judgements={
                    document: int(document in stands and self.admits(name, stands[document]))
                    for document in pool
                },
                candidates=pool,
            )

        return Topic(topic_id, {name: view(name) for name in VIEWS}, {**slices, "polarity": self.polarity})


def asking(benchmark: Benchmark) -> Benchmark:
    """Those topics of a generated ``benchmark`` whose original view says what is wanted, not what is not.

    So do most instructions that people write. Half of these topics' reversals forbid instead.
    """
    return replace(
        benchmark,
        topics=tuple(each for each in benchmark.topics if each.slices["polarity"].startswith("positive/")),
    )


def ask(
    wordings: Sequence[Wordings], sides: Stand, polarity: tuple[bool, bool], split: str, rng: Random
) -> Question:
    """Ask for ``sides`` in the original and for the opposite sides in the reversed view.

    ``wordings`` are those of each constraint, ``polarity`` says whether the two views are phrased
    positively, ``split`` which placebo instructions to draw from.
    """
    original = tuple(Demand(side, polarity[0]) for side in sides)
    reverse = tuple(Demand(side.other, polarity[1]) for side in sides)
    wording, other_wording = zip(
        *(rng.sample(texts[demand], 2) for texts, demand in zip(wordings, original, strict=True)), strict=True
    )
    reverse_wording = [rng.choice(texts[demand]) for texts, demand in zip(wordings, reverse, strict=True)]
    return Question(
        demands={BARE: None, ORIGINAL: original, REVERSED: reverse, PARAPHRASE: original, PLACEBO: None},
        instructions={
            BARE: "",
            ORIGINAL: " ".join(wording),
            REVERSED: " ".join(reverse_wording),
            PARAPHRASE: " ".join(reversed(other_wording)),
            PLACEBO: rng.choice(_placebos()[split]),
        },
    )


@cache
def _placebos() -> Mapping[str, Sequence[str]]:
    text = (files(__package__) / "placebo.toml").read_text(encoding="utf-8")
    return {split: tuple(texts) for split, texts in tomllib.loads(text).items()}
