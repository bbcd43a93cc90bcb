"""A constraint drawn from a bank: two opposite sides, how each is asked for, how documents show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from ifir_eval.benchmarks.mirror.bank import Bank, Category, Threshold
from ifir_eval.benchmarks.mirror.wording import amount, moment
from ifir_eval.benchmarks.swap import Side, Wordings, fill_wordings

SHORT_WORDS = 80
"""The limit that length instructions name. Documents stay clear of it however their words are counted: with
the title or without, with greetings, headings and list marks or without."""


class Trait(NamedTuple):
    """What makes a document stand where it stands: a sentence, a layout, or a range of lengths."""

    sentence: str = ""
    layout: str = ""
    words: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """Two opposite sides of one property. ``traits`` has `Side.OPEN` only where a document can be silent."""

    property: str
    wordings: Wordings
    traits: Mapping[Side, Callable[[Random], Trait]]


def _sentences(texts: Sequence[str], **draws: Callable[[Random], str]) -> Callable[[Random], Trait]:
    """Draw one of ``texts`` and fill its slots by ``draws``."""

    def draw(rng: Random) -> Trait:
        text = rng.choice(texts)
        for slot, value in draws.items():
            text = text.replace(f"{{{slot}}}", value(rng))
        return Trait(sentence=text)

    return draw


def _threshold(name: str, bank: Threshold, rng: Random, say: Callable[[int, Random], str]) -> Constraint:
    quarter = (bank.high - bank.low) // 4
    limit = rng.randrange(bank.low + quarter, bank.high - quarter, bank.step if name == "number" else 1)

    def between(low: int, high: int) -> Callable[[Random], Trait]:
        return _sentences(bank.facts, value=lambda draw: say(draw.randint(low, high), draw))

    return Constraint(
        property=name,
        wordings=fill_wordings(
            bank.above_positive,
            bank.above_negative,
            bank.below_positive,
            bank.below_negative,
            limit=(f"{limit}", f"{limit}"),
        ),
        traits={
            Side.A: between(limit + bank.step, bank.high),
            Side.B: between(bank.low, limit - bank.step),
            Side.OPEN: _sentences(bank.silent),
        },
    )


def time(bank: Bank, rng: Random) -> Constraint:
    """Later than a year, or in it or earlier; open documents carry no date."""
    return _threshold("time", bank.time, rng, moment)


def number(bank: Bank, rng: Random) -> Constraint:
    """More than an amount, or at most that; open documents do not say how much."""
    return _threshold("number", bank.number, rng, amount)


def presence(bank: Bank, rng: Random) -> Constraint:
    """With a thing (side A) or without it; no document can be silent, since silence is absence."""
    texts = bank.presence
    thing = rng.choice(texts.things)
    return Constraint(
        property="presence",
        wordings=fill_wordings(
            texts.with_positive,
            texts.with_negative,
            texts.without_positive,
            texts.without_negative,
            thing=(thing.name, thing.name),
        ),
        traits={Side.A: _sentences(thing.present), Side.B: _sentences(thing.absent)},
    )


def _category(name: str, texts: Category, rng: Random) -> Constraint:
    a, b, *others = rng.sample(texts.values, len(texts.values))
    third = rng.sample(
        [fact for value in others for fact in value.facts], sum(len(value.facts) for value in others)
    )
    return Constraint(
        property=name,
        wordings=fill_wordings(
            texts.positive, texts.negative, texts.positive, texts.negative, value=(a.name, b.name)
        ),
        traits={
            Side.A: _sentences(a.facts),
            Side.B: _sentences(b.facts),
            Side.OPEN: _sentences((*texts.silent, *third[: len(texts.silent)])),
        },
    )


def audience(bank: Bank, rng: Random) -> Constraint:
    """For one kind of reader or another; open documents are for a third kind or for nobody in particular."""
    return _category("audience", bank.audience, rng)


def source(bank: Bank, rng: Random) -> Constraint:
    """From one kind of source or another; open documents come from a third or leave it open."""
    return _category("source", bank.source, rng)


def place(bank: Bank, rng: Random) -> Constraint:
    """From one place or another; open documents come from a third or name none."""
    return _category("place", bank.place, rng)


def form(bank: Bank, rng: Random) -> Constraint:
    """Written in one layout or another."""
    a, b = rng.sample(bank.form.values, 2)
    texts = bank.form
    traits: dict[Side, Callable[[Random], Trait]] = {
        Side.A: lambda _: Trait(layout=a.layout),
        Side.B: lambda _: Trait(layout=b.layout),
    }
    if others := [layout for layout in bank.layouts if layout not in {a.layout, b.layout}]:
        traits[Side.OPEN] = lambda draw: Trait(layout=draw.choice(others))
    return Constraint(
        property="form",
        wordings=fill_wordings(
            texts.positive, texts.negative, texts.positive, texts.negative, value=(a.name, b.name)
        ),
        traits=traits,
    )


def length(bank: Bank, rng: Random) -> Constraint:
    """Longer than a number of words, or not."""
    del rng
    texts = bank.length
    limit = f"{SHORT_WORDS}"
    return Constraint(
        property="length",
        wordings=fill_wordings(
            texts.above_positive,
            texts.above_negative,
            texts.below_positive,
            texts.below_negative,
            limit=(limit, limit),
        ),
        traits={
            Side.A: lambda _: Trait(words=(SHORT_WORDS + 20, 140)),
            Side.B: lambda _: Trait(words=(42, SHORT_WORDS - 22)),
        },
    )


STATED = (time, number, presence, audience, source, place)
"""The properties that a sentence states; a document may carry several beside the one that decides."""
