"""One document: a title, its subject's sentences, its traits, and whatever else its domain says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from random import Random

from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.mirror.bank import Bank, Subject
from ifir_eval.benchmarks.mirror.constraint import STATED, Trait
from ifir_eval.benchmarks.mirror.wording import fill

WORDS = (48, 125)
"""Usual length of a document's text in words, before a layout adds a few; a trait may ask for another."""


def write(
    bank: Bank, subject: Subject, traits: Sequence[Trait], decided: Sequence[str], rng: Random
) -> Document:
    """Compose a document of ``subject`` that shows ``traits``.

    ``decided`` are the properties that the traits settle; of the others one or two are mentioned with
    random values, so that no property's mere mention tells anything.
    """
    low, high = next((trait.words for trait in traits if trait.words), WORDS)
    layout = next((trait.layout for trait in traits if trait.layout), rng.choice(bank.layouts))
    told = [trait.sentence for trait in traits if trait.sentence]
    told += _asides(bank, decided, rng)

    # Drawn once, so that a document speaks of the same person throughout.
    given = {name: rng.choice(texts) for name, texts in bank.slots.items()} | {"subject": subject.name}

    def filled(text: str) -> str:
        return fill(text, given)

    opening = filled(rng.choice(bank.openings))
    told = [filled(sentence) for sentence in told]
    told = _padded(opening, told, _more(bank, subject, rng, filled), rng.randint(low, high), high)
    rng.shuffle(told)
    text = _LAYOUTS[layout]([opening, *told], bank, rng, filled)
    title = filled(rng.choice(bank.titles))
    return Document(id=_opaque_id(title, text), title=title, text=text)


def _asides(bank: Bank, decided: Sequence[str], rng: Random) -> list[str]:
    """One or two sentences about properties that this topic does not ask about."""
    drawn = (draw(bank, rng) for draw in rng.sample(STATED, len(STATED)))
    free = [constraint for constraint in drawn if constraint.property not in decided]
    return [
        rng.choice(list(constraint.traits.values()))(rng).sentence for constraint in free[: rng.randint(1, 2)]
    ]


def _more(bank: Bank, subject: Subject, rng: Random, filled: Callable[[str], str]) -> list[str]:
    """The subject's sentences with a filler after every second one, in random order."""
    own = rng.sample(subject.sentences, len(subject.sentences))
    fillers = rng.sample(bank.fillers, len(bank.fillers))
    mixed = [text for pair in zip(own[::2], own[1::2], fillers, strict=False) for text in pair]
    return [filled(text) for text in mixed]


def _padded(opening: str, told: list[str], more: Sequence[str], wanted: int, most: int) -> list[str]:
    """Add sentences until the text has about ``wanted`` words and no more than ``most``."""
    words = sum(len(sentence.split()) for sentence in (opening, *told))
    for sentence in more:
        size = len(sentence.split())
        if words >= wanted:
            break
        if words + size <= most:
            told = [*told, sentence]
            words += size
    return told


def _opaque_id(title: str, text: str) -> str:
    """An id that tells nothing about the label, the topic or the order of making."""
    return hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()[:12]


def _headed(sentences: list[str], bank: Bank, rng: Random, _: Callable[[str], str]) -> str:
    size = max(2, -(-len(sentences) // 3))
    groups = [sentences[start : start + size] for start in range(0, len(sentences), size)]
    headings = rng.sample(bank.headings, len(groups))
    return "\n".join(f"{heading}: {' '.join(group)}" for heading, group in zip(headings, groups, strict=True))


def _letter(sentences: list[str], bank: Bank, rng: Random, filled: Callable[[str], str]) -> str:
    greeting, farewell = filled(rng.choice(bank.greetings)), filled(rng.choice(bank.farewells))
    return f"{greeting}\n{' '.join(sentences)}\n{farewell}"


_LAYOUTS: dict[str, Callable[[list[str], Bank, Random, Callable[[str], str]], str]] = {
    "prose": lambda sentences, *_: " ".join(sentences),
    "bullets": lambda sentences, *_: "\n".join(f"- {sentence}" for sentence in sentences),
    "numbered": lambda sentences, *_: "\n".join(f"{i}. {text}" for i, text in enumerate(sentences, 1)),
    "headed": _headed,
    "letter": _letter,
}
