"""What language models answer, read strictly: the text asked for and nothing else, or None."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from ifir_eval.synthesis.asking import MalformedError, RefusalError

NONE = "none: the model finds nothing that would do"
MOST_WORDS = 80
"""Words of an instruction or a query at most: twice what one or two sentences take."""
_COPIED = 10
"""Words in a row that an instruction shares with a passage, from which on it is copied."""

_THINKING = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)
_NONE = re.compile(r"(?:<(\w+)>\s*)*[\"'`*]*none[\"'`*.]*(?:\s*</\w+>)*", re.IGNORECASE)
_LABEL = re.compile(r"\b(?:passages?|documents?|texts?) (?:\d+|[A-D]\b)|\b(?:TARGET|FORMER|OTHER|GOOD)\b")


def element(answer: str, tag: str) -> str:
    """The text of the one ``tag`` in ``answer``, entities resolved and white space evened.

    Raises:
        RefusalError: if the answer is None, or the element is.
        MalformedError: if there is no such element, more than one, or nothing or markup in it.
    """
    answer = _bare(answer)
    if _NONE.fullmatch(answer):
        raise RefusalError(NONE)
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", answer, re.DOTALL)
    if len(found) != 1 or answer.count(f"<{tag}>") != 1:
        raise MalformedError(f"it holds {len(found) or 'no'} whole <{tag}> where one is wanted")
    text = " ".join(html.unescape(found[0]).split())
    if _NONE.fullmatch(text):
        raise RefusalError(NONE)
    if not text:
        raise MalformedError(f"its <{tag}> is empty")
    if re.search(r"</?\w+>", text):
        raise MalformedError(f"its <{tag}> holds other tags")
    return text


def short_text(answer: str, tag: str, *, unlike: str, passages: Sequence[str]) -> str:
    """An instruction or a query in the element ``tag``, other than ``unlike`` and not copied from ``passages``.

    Raises:
        RefusalError: if the answer is None.
        MalformedError: if it cannot stand in a training row.
    """
    text = element(answer, tag)
    words = _words(text)
    if words == _words(unlike):
        raise MalformedError(f"its <{tag}> repeats the given {tag}")
    if len(words) > MOST_WORDS:
        raise MalformedError(f"its <{tag}> has more than {MOST_WORDS} words")
    if _LABEL.search(text):
        raise MalformedError(f"its <{tag}> speaks of passages by the labels of the prompt")
    spans = {tuple(words[at : at + _COPIED]) for at in range(len(words) - _COPIED + 1)}
    if any(spans & _spans(passage) for passage in passages):
        raise MalformedError(f"its <{tag}> copies a passage")
    return text


def yes_or_no(answer: str) -> bool:
    """A judgement: the one word, or that word in the element ``fits``, whatever stands beside it.

    Raises:
        MalformedError: if it is neither yes nor no.
    """
    text = element(answer, "fits") if "<fits>" in answer else _bare(answer)
    said = re.fullmatch(r"[\"'`*]*(yes|no)[\"'`*]*[.!]?[\"'`*]*", text, re.IGNORECASE)
    if said is None:
        raise MalformedError("it is neither yes nor no")
    return said[1].casefold() == "yes"


def _bare(answer: str) -> str:
    """``answer`` without the thoughts that some models write before it, and without a code fence."""
    answer = _THINKING.sub("", answer).strip()
    fenced = _FENCE.match(answer)
    return fenced[1].strip() if fenced else answer


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _spans(passage: str) -> set[tuple[str, ...]]:
    words = _words(passage)
    return {tuple(words[at : at + _COPIED]) for at in range(len(words) - _COPIED + 1)}
