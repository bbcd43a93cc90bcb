"""The hand-written banks keep the rules that make the benchmark honest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
import Stemmer

from ifir_eval.benchmarks.mirror.bank import SPLITS, Bank, banks

ALL = [pytest.param(bank, id=f"{split}-{bank.domain}") for split in SPLITS for bank in banks(split)]
STOPWORDS = {"a", "an", "and", "by", "for", "from", "in", "of", "on", "or", "the", "to", "who", "with"}
stem = Stemmer.Stemmer("english").stemWord


def texts_of(value: object) -> Iterator[str]:
    """Every text inside a bank."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_of(item)
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):  # type: ignore[arg-type]  # a dataclass, as just seen
            yield from texts_of(getattr(value, field.name))


def stems(text: str) -> set[str]:
    return {stem(word) for word in re.findall(r"[a-z]+", text.lower()) if word not in STOPWORDS}


def naming(name: str, texts: tuple[str, ...]) -> int:
    return sum(bool(stems(name) & stems(text)) for text in texts)


@pytest.mark.parametrize("bank", ALL)
def test_facts_rarely_name_what_an_instruction_asks_for(bank: Bank) -> None:
    """At most two facts of a value share a word with its name: matching words must not decide."""
    for category in (bank.audience, bank.source, bank.place):
        for value in category.values:
            assert naming(value.name, value.facts) <= 2, value.name
    for thing in bank.presence.things:
        assert naming(thing.name, thing.present) <= 2, thing.name


@pytest.mark.parametrize("bank", ALL)
def test_documents_without_a_thing_may_name_it(bank: Bank) -> None:
    """At least two of the sentences that deny a thing name it: matching words misleads."""
    for thing in bank.presence.things:
        assert naming(thing.name, thing.absent) >= 2, thing.name


@pytest.mark.parametrize("bank", ALL)
def test_every_list_is_long_and_without_repetition(bank: Bank) -> None:
    """No single wording or fact can give an answer away."""
    for category in (bank.audience, bank.source, bank.place):
        assert all(len(set(value.facts)) >= 7 for value in category.values)
        assert min(len(set(category.positive)), len(set(category.negative))) >= 4
    for threshold in (bank.time, bank.number):
        assert len(set(threshold.facts)) >= 7
        assert all("{value}" in fact for fact in threshold.facts)


def test_splits_share_neither_domains_nor_texts() -> None:
    """What a model is trained on says nothing that the test split says."""
    sentences = {
        split: {text for bank in banks(split) for text in texts_of(bank) if len(text.split()) > 3}
        for split in SPLITS
    }
    domains = {split: {bank.domain for bank in banks(split)} for split in SPLITS}
    for first, second in (("test", "dev"), ("test", "train"), ("dev", "train")):
        assert not sentences[first] & sentences[second]
        assert not domains[first] & domains[second]
