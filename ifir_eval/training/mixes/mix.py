"""A mix: a TOML file that says which rows are trained on.

::

    name = "ins-dv"                               # optional: else the name of the file
    about = "one sentence for tables and model cards"
    seed = 0                                      # the same seed, the same rows
    control = "swap-instruct"                     # optional, see `CONTROLS`

    [[parts]]
    share = 0.75                                  # of the budget; the shares add up to 1
    views = ["original", "reversed"]              # every pair is taken with all of them
    sources = { mirror-train = 1, films = 2 }     # and their weights within the part
    caps = { films = 1000 }                       # rows of a source at most
    words = [3, 300]                              # length of a positive
    instruction_negatives = 1                     # of an instructed row; the twin's positive comes first
    hard_negatives = 4                            # of each row at most (default: 30, which is all)
    pairs = 2                                     # of a topic at most: fewer passages, more instructions

A source is a name (`ifir_eval.training.sources`) or the path of a file or folder of rows, seen from the mix.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ifir_eval.benchmarks.benchmark import view_name_fault
from ifir_eval.errors import IfirEvalError, InvalidInputError, Problem
from ifir_eval.training.rows import MOST_HARD_NEGATIVES

CONTROLS = ("swap-instruct", "textual-negation")
"""What can be done to the instructions of drawn rows, to know what right ones are worth."""

_SHARES_TOLERANCE = 1e-6
_MIX_KEYS = ("name", "about", "seed", "control", "parts")
_PART_KEYS = ("share", "views", "sources", "caps", "words", "instruction_negatives", "hard_negatives", "pairs")


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a mix: sources by weight, all under the same views.

    ``caps`` are the rows that a source gives at most, ``words`` the least and the most words of a positive,
    ``instruction_negatives`` how many a row with an instruction takes (None: all that it has); one with fewer
    is no row for this part. ``hard_negatives`` are those of a row at most, ``pairs`` those of one topic
    (`topics_of`) at most (None: all of them).
    """

    share: float
    views: tuple[str, ...]
    sources: Mapping[str, float]
    caps: Mapping[str, int] = field(default_factory=dict)
    words: tuple[int, int] | None = None
    instruction_negatives: int | None = None
    hard_negatives: int = MOST_HARD_NEGATIVES
    pairs: int | None = None


@dataclass(frozen=True, slots=True)
class Mix:
    """What to train on. ``folder`` is where paths of sources start."""

    name: str
    parts: tuple[Part, ...]
    folder: Path
    about: str = ""
    seed: int = 0
    control: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources, each once, in the order of the file."""
        return tuple(dict.fromkeys(source for part in self.parts for source in part.sources))


EMBEDDED = Mix(
    "mirror-train-asking",
    (
        Part(
            1.0,
            ("original", "reversed"),
            {"mirror-train-asking@0-31": 1.0},
            instruction_negatives=1,
            hard_negatives=0,
            pairs=2,
        ),
    ),
    Path(),
)
"""What can be drawn without any file: pairs under their original instruction and its reversal."""


def read_mix(path: Path) -> Mix:
    """The mix in the TOML file at ``path``; its sources are looked up when it is drawn.

    Raises:
        IfirEvalError: if there is no such file.
        InvalidInputError: listing every mistake in it.
    """
    if not path.is_file():
        raise IfirEvalError(f"there is no mix {str(path)!r}; give the path of a TOML file")
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise InvalidInputError(f"the mix {str(path)!r}", [Problem(f"not valid TOML: {error}")]) from error
    if problems := [Problem(fault) for fault in _faults(given)]:
        raise InvalidInputError(f"the mix {str(path)!r}", problems)
    parts = tuple(map(_part, given.pop("parts")))
    return Mix(**{"name": path.stem, **given}, parts=parts, folder=path.parent)


def _part(given: Mapping[str, Any]) -> Part:
    lists = {key: tuple(given[key]) for key in ("views", "words") if key in given}
    return Part(**{"share": 1.0, **given, **lists})


def _faults(given: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(given, _MIX_KEYS)
    for key in ("name", "about"):
        if not isinstance(given.get(key, ""), str):
            yield f"{key!r} must be a string"
    if not _whole(given.get("seed", 0), 0):
        yield "'seed' must be a whole number of at least 0"
    if given.get("control", "") not in ("", *CONTROLS):
        yield f"there is no control {given['control']!r}; existing: {', '.join(CONTROLS)}"
    parts = given.get("parts")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        yield "there is no part; write at least one table [[parts]] with views and sources"
        return
    for number, part in enumerate(parts, 1):
        yield from (f"part {number}: {fault}" for fault in _part_faults(part))
    shares = [part.get("share", 1.0) for part in parts]
    if all(map(_positive, shares)) and abs(sum(shares) - 1) > _SHARES_TOLERANCE:
        yield f"the shares of the parts add up to {sum(shares):g}; they must add up to 1"


def _part_faults(part: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(part, _PART_KEYS)
    if not _positive(part.get("share", 1.0)):
        yield "'share' must be a number above 0"
    views = part.get("views")
    if not isinstance(views, list) or not views or not all(isinstance(view, str) for view in views):
        yield "'views' must be a list of views, as in ['original', 'reversed']"
    else:
        yield from filter(None, map(view_name_fault, views))
        if len(set(views)) < len(views):
            yield "'views' names a view twice"
    sources = part.get("sources")
    if not isinstance(sources, dict) or not sources or not all(map(_positive, sources.values())):
        yield "'sources' must be a table of weights above 0, as in { mirror-train = 1, films = 2 }"
        sources = {}
    caps = part.get("caps", {})
    if not isinstance(caps, dict) or not all(_whole(cap, 1) for cap in caps.values()):
        yield "'caps' must be a table of whole numbers of at least 1"
    elif sources and (strange := caps.keys() - sources.keys()):
        yield f"'caps' names {', '.join(sorted(strange))}, which is no source of this part"
    yield from _filter_faults(part)


def _filter_faults(part: Mapping[str, Any]) -> Iterator[str]:
    words = part.get("words", [0, 1])
    if not (isinstance(words, list) and len(words) == 2 and all(_whole(n, 0) for n in words)):  # noqa: PLR2004 - a range
        yield "'words' must be the least and the most words of a positive, as in [3, 300]"
    elif words[0] > words[1]:
        yield f"'words' runs from {words[0]} down to {words[1]}; the least comes first"
    if not _whole(part.get("hard_negatives", 0), 0) or part.get("hard_negatives", 0) > MOST_HARD_NEGATIVES:
        yield f"'hard_negatives' must be a whole number from 0 to {MOST_HARD_NEGATIVES}"
    for key, least in (("instruction_negatives", 0), ("pairs", 1)):
        if not _whole(part.get(key, least), least):
            yield f"{key!r} must be a whole number of at least {least}"


def _unknown(given: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            yield f"there is no key {key!r}; " + (
                f"did you mean {near[0]!r}?" if near else f"existing: {', '.join(known)}"
            )


def _whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def _positive(value: object) -> bool:
    return type(value) in (int, float) and isinstance(value, int | float) and 0 < value < math.inf
