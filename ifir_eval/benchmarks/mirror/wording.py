"""Surface forms: years and amounts said in many ways, and slots filled at random."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from ifir_eval.benchmarks.mirror.bank import SLOT

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_MONTHS = "January February March April May June July August September October November December".split()
_SEASONS = "spring summer autumn winter".split()


def number_in_words(number: int) -> str:
    """An integer from 0 to 999 in English words."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")
    hundreds, rest = divmod(number, 100)
    return f"{_ONES[hundreds]} hundred" + (f" and {number_in_words(rest)}" if rest else "")


def amount(number: int, rng: Random) -> str:
    """An amount as digits or, up to a hundred, as often in words."""
    return number_in_words(number) if number <= 100 and rng.random() < 0.5 else f"{number}"


def moment(year: int, rng: Random) -> str:
    """A phrase that fits after "in" and falls into ``year`` without a doubt."""
    return rng.choice(
        (
            f"{year}",
            f"the {rng.choice(_SEASONS)} of {year}",
            f"{rng.choice(('early', 'late'))} {year}",
            f"{rng.choice(_MONTHS)} {year}",
            f"the year after {year - 1}",
            f"the {rng.choice(('first', 'last'))} weeks of {year}",
        )
    )


def fill(text: str, given: Mapping[str, str]) -> str:
    """Replace every ``{slot}`` by what is given for it; ``{Subject}`` is filled capitalised."""

    def value(name: str) -> str:
        filled = given[name.lower()]
        return filled[0].upper() + filled[1:] if name[0].isupper() else filled

    return SLOT.sub(lambda match: value(match[1]), text)
