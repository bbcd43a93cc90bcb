"""Years and stretches of years in a text: "after 1950", "from 1940 to 1949", "the 1970s", "1980 or later"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ifir_eval.benchmarks.builder.corpus import Value

_YEAR = r"(1\d{3}|2[01]\d{2})(?![\ds'])"
_DECADE = r"(?:the )?(?:year |years )?(1\d{2}0|20\d0)'?s\b"
_END = math.inf


class Span(NamedTuple):
    """Years from ``first`` to ``last``, both within, and where the text says so."""

    place: tuple[int, int]
    first: float
    last: float

    @property
    def half(self) -> bool:
        """Whether it has one end only."""
        return math.isinf(self.first) or math.isinf(self.last)

    def holds(self, value: Value) -> bool:
        """Whether a year lies within."""
        return isinstance(value, int | float) and self.first <= value <= self.last


Years = Callable[[list[int]], tuple[float, float]]

_TO = r"not? (?:later|newer|more recent) than|not after|up to(?: and including)?|until|till|through|by"
_FROM = r"not? (?:earlier|older) than|not before|since|starting (?:in|from|with)|as of|beginning (?:in|with)"
_BEFORE = r"before|earlier than|older than|prior to|preceding|pre-?"
_AFTER = r"after|later than|newer than|more recent than|beyond|past|post-?"
_OR_EARLIER = r"(?:or|and) (?:any )?(?:earlier|before|older|prior)(?! ?\d)|at the latest"
_OR_LATER = r"(?:or|and) (?:any )?(?:later|after|newer|more recent|beyond)(?! ?\d)|onwards?|on\b"
_IN = r"(?:(?:in|of|from|during) )?"

_FORMS: tuple[tuple[str, Years], ...] = (
    (rf"(?:between|from) {_YEAR} (?:and|to|until|till|through) {_YEAR}", lambda y: (y[0], y[1])),
    (rf"(?:from )?{_YEAR} ?(?:-|–|to|through) ?{_YEAR}", lambda y: (y[0], y[1])),
    (rf"(?:{_BEFORE}) ?{_DECADE}", lambda y: (-_END, y[0] - 1)),
    (rf"(?:{_AFTER}) ?{_DECADE}", lambda y: (y[0] + 10, _END)),
    (rf"(?:since {_DECADE}|{_IN}{_DECADE} (?:{_OR_LATER}))", lambda y: (y[0], _END)),
    (rf"{_IN}{_DECADE} (?:{_OR_EARLIER})", lambda y: (-_END, y[0] + 9)),
    (rf"{_IN}{_DECADE}", lambda y: (y[0], y[0] + 9)),
    (rf"(?:{_TO}|(?:on|in) or before|before or (?:in|on)) {_YEAR}", lambda y: (-_END, y[0])),
    (rf"(?:{_FROM}|(?:on|in) or after|after or (?:in|on)) {_YEAR}", lambda y: (y[0], _END)),
    (rf"{_IN}{_YEAR} (?:{_OR_EARLIER})", lambda y: (-_END, y[0])),
    (rf"{_IN}{_YEAR} (?:{_OR_LATER})", lambda y: (y[0], _END)),
    (rf"(?:{_AFTER}) ?{_YEAR}", lambda y: (y[0] + 1, _END)),
    (rf"(?:{_BEFORE}) ?{_YEAR}", lambda y: (-_END, y[0] - 1)),
    (rf"{_IN}(?:the year )?{_YEAR}", lambda y: (y[0], y[0])),
)
_PATTERNS = tuple((re.compile(rf"\b{form}", re.IGNORECASE), years) for form, years in _FORMS)


def spans(text: str) -> Iterator[Span]:
    """What ``text`` says of years, in its order; the forms that say more come first."""
    taken: list[Span] = []
    for pattern, years in _PATTERNS:
        for found in pattern.finditer(text):
            if not any(found.start() < span.place[1] and span.place[0] < found.end() for span in taken):
                first, last = years([int(group) for group in found.groups() if group])
                taken.append(Span(found.span(), first, last))
    yield from sorted(taken)
