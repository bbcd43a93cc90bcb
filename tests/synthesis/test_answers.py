"""Answers of language models are read strictly."""

from __future__ import annotations

import pytest

from ifir_eval.synthesis.answers import MOST_WORDS, element, short_text, yes_or_no
from ifir_eval.synthesis.asking import MalformedError, RefusalError

GOOD = "Show only films of the 1940s."


def instruction(answer: str) -> str:
    return short_text(answer, "instruction", unlike="Only westerns.", passages=["one " * 20])


@pytest.mark.parametrize(
    "answer",
    [
        f"<instruction>{GOOD}</instruction>",
        f"  <instruction>\n{GOOD}\n</instruction>  ",
        f"<answer>\n<levers>time</levers>\n<instruction>{GOOD}</instruction>\n<check>ok</check>\n</answer>",
        f"```xml\n<instruction>{GOOD}</instruction>\n```",
        f"<think>\nOr <instruction>this</instruction>?\n</think>\n<instruction>{GOOD}</instruction>",
    ],
    ids=["alone", "white space", "among others", "fenced", "after thoughts"],
)
def test_the_one_instruction_is_taken(answer: str) -> None:
    assert instruction(answer) == GOOD


def test_entities_are_resolved() -> None:
    assert instruction("<instruction>Profit &amp; loss &lt; 5%.</instruction>") == "Profit & loss < 5%."


@pytest.mark.parametrize(
    "answer",
    [
        "None",
        "none.",
        ' "None" ',
        "**None**",
        "<answer>None</answer>",
        "<instruction> None </instruction>",
        "<answer><instruction>None.</instruction></answer>",
        "```\nNone\n```",
    ],
)
def test_none_is_a_refusal_and_not_malformed(answer: str) -> None:
    with pytest.raises(RefusalError, match="none"):
        instruction(answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no whole <instruction>"),
        (GOOD, "no whole <instruction>"),
        (f"<instruction>{GOOD}", "no whole <instruction>"),
        (f"<instruction>{GOOD}</instruction><instruction>{GOOD}</instruction>", "2 whole"),
        ("<instruction>  </instruction>", "is empty"),
        ("<instruction><b>Westerns.</b></instruction>", "other tags"),
        ("<instruction>only WESTERNS</instruction>", "repeats the given instruction"),
        (f"<instruction>{'word ' * (MOST_WORDS + 1)}</instruction>", "more than 80 words"),
        ("<instruction>Find what passage 2 is about.</instruction>", "labels"),
        ("<instruction>Prefer the TARGET.</instruction>", "labels"),
        (f"<instruction>{'one ' * 10}</instruction>", "copies a passage"),
    ],
)
def test_anything_else_is_malformed_with_its_reason(answer: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason):
        instruction(answer)


def test_other_elements_are_read_alike() -> None:
    assert element("<mention>A text, none of it long.</mention>", "mention") == "A text, none of it long."


@pytest.mark.parametrize(
    ("answer", "said"), [("yes", True), ("No.", False), ("**Yes**", True), ("`no`", False)]
)
def test_a_judgement_is_yes_or_no(answer: str, said: bool) -> None:
    assert yes_or_no(answer) is said


def test_a_judgement_may_follow_its_reasons() -> None:
    """A small model that compares first judges far better: of 36 passages that fit it found 8 without."""
    assert yes_or_no("<compare>film 1943 musical, wanted musical: no other kind</compare>\n<fits>yes</fits>")
    assert not yes_or_no("<compare>yes, but</compare><fits> No. </fits>")


@pytest.mark.parametrize(
    "answer",
    [
        "<fits>perhaps</fits>",
        "<fits>yes</fits><fits>no</fits>",
        "",
        "maybe",
        "yes and no",
        "No, it does not fit.",
        "true",
    ],
)
def test_any_other_judgement_is_malformed(answer: str) -> None:
    with pytest.raises(MalformedError):
        yes_or_no(answer)
