"""What each method makes of a row and of the answers about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from written_rows import row

from ifir_eval.servers.completion import Completion, Message
from ifir_eval.synthesis.asking import Asker, RefusalError
from ifir_eval.synthesis.judges.judge import Claim, Finding
from ifir_eval.synthesis.methods import METHODS, Writer
from ifir_eval.synthesis.prompt import load_prompt
from ifir_eval.training.rows import Row


def write(method: str, source: Row, *answers: str, tries: int = 1) -> tuple[Claim, ...]:
    """The claims of ``method`` where the model gives these answers, one after the other."""
    left = iter(answers)

    def complete(messages: Sequence[Message]) -> Completion:
        return Completion(next(left))

    chosen = METHODS[method]
    prompts = {name: load_prompt(name) for name in chosen.prompts}
    claims = chosen.write(source, Writer(prompts, Asker(complete, tries)))
    assert not [fault for claim in claims for fault in claim.row.faults()]
    assert next(left, None) is None
    return claims


def test_a_reversal_exchanges_the_positive_and_the_first_instruction_negative() -> None:
    """As Dual-View does: the former positive comes first, the other negatives stay, no passage changes."""
    source = row(1, negatives=3)
    original, twin = write("polarity-reversal", source, "<instruction>Reversed.</instruction>")
    assert original == Claim(source, source.instruction_negatives)
    assert twin.row == replace(
        source,
        view="reversed",
        instruction="Reversed.",
        positive="negative 1 a",
        instruction_negatives=("positive 1", "negative 1 b", "negative 1 c"),
    )
    assert twin.breaking == twin.row.instruction_negatives


def test_a_poisoned_item_becomes_three_rows() -> None:
    """InF-IR: (Q+ I+ → P+), (Q+ I- → HN1), (Q- I+ → HN2)."""
    source = row(1)
    first, instruction, query = write(
        "poisoning", source, "<instruction>Poisoned.</instruction>", "<query>poisoned</query>"
    )
    assert first.row == source
    assert (instruction.row.query, instruction.row.instruction) == ("query 1", "Poisoned.")
    assert instruction.row.positive == "negative 1 a"
    assert instruction.row.instruction_negatives == ("positive 1",)
    assert (query.row.query, query.row.instruction) == ("poisoned", "Only the kind 1.")
    assert query.row.positive == "hard 1"
    assert query.row.instruction_negatives == ()
    assert query.row.hard_negatives == ("positive 1", "negative 1 a", "negative 1 b")
    assert instruction.breaking == query.breaking == ("positive 1",)


def test_a_paraphrase_keeps_all_labels() -> None:
    _, twin = write("paraphrase", row(1), "<instruction>Said otherwise.</instruction>")
    assert twin.row == replace(row(1), view="paraphrase", instruction="Said otherwise.")


def test_written_negatives_fill_the_room_that_a_row_has() -> None:
    answer = "<interpretation>I</interpretation><omission>O</omission><mention>M</mention>"
    (claim,) = write("instruction-negatives", row(1, negatives=1), answer)
    assert claim.row.instruction_negatives == ("negative 1 a", "I", "O")
    assert claim.breaking == ("I", "O")


def test_a_judge_drops_written_negatives_one_by_one() -> None:
    """Not the whole row, unless it finds that the positive does not fit or that none of them breaks it."""
    method = METHODS["instruction-negatives"]
    fuller = replace(row(1, negatives=1), instruction_negatives=("negative 1 a", "I", "O"))
    claim = Claim(fuller, ("I", "O"))
    (kept,) = method.survivors([claim], [Finding("original", True, (False, True))])
    assert kept.instruction_negatives == ("negative 1 a", "O")
    assert method.survivors([claim], [Finding("original", True, (False, None))]) == ()
    assert method.survivors([claim], [Finding("original", False, (True, True))]) == ()


@pytest.mark.parametrize("method", ["polarity-reversal", "poisoning", "paraphrase"])
def test_rows_stay_together_only_if_the_judge_agrees_with_all_of_each(method: str) -> None:
    claims = [Claim(row(1), ("n",)), Claim(row(2), ("n",))]
    agrees, doubts = Finding("a", True, (True,)), Finding("b", True, (None,))
    assert METHODS[method].survivors(claims, [agrees, agrees]) == (row(1), row(2))
    assert METHODS[method].survivors(claims, [agrees, doubts]) == ()


@pytest.mark.parametrize(
    ("method", "source", "lack"),
    [
        ("polarity-reversal", row(1, instruction=" ", negatives=0), "no instruction"),
        ("polarity-reversal", row(1, negatives=0), "no instruction negative"),
        ("polarity-reversal", row(1, view="reversed"), "is a twin itself (view reversed)"),
        ("poisoning", row(1, negatives=1, hard_negatives=()), "fewer than 2 negatives"),
        ("instruction-negatives", row(1, negatives=3), "has its instruction negatives already"),
        ("paraphrase", row(1, negatives=0), ""),
        ("polarity-reversal", row(1, negatives=1), ""),
    ],
)
def test_rows_that_a_method_cannot_use_are_told_apart(method: str, source: Row, lack: str) -> None:
    assert METHODS[method].lacks(source) == lack


def test_a_malformed_answer_is_sent_back_with_what_is_wrong() -> None:
    heard: list[list[Message]] = []
    answers = iter(["I would say: westerns.", "<instruction>Good.</instruction>"])

    def complete(messages: Sequence[Message]) -> Completion:
        heard.append(list(messages))
        return Completion(next(answers), tokens_read=5, tokens_written=2)

    asker = Asker(complete, 3)
    prompts = {"paraphrase": load_prompt("paraphrase")}
    _, twin = METHODS["paraphrase"].write(row(1), Writer(prompts, asker))
    assert twin.row.instruction == "Good."
    assert [message.role for message in heard[1]] == ["user", "assistant", "user"]
    assert heard[1][1].content == "I would say: westerns."
    assert "it holds no whole <instruction>" in heard[1][2].content
    assert (asker.effort.requests, asker.effort.tokens_read, asker.effort.tokens_written) == (2, 10, 4)


def test_none_is_respected_at_once_and_nonsense_after_the_last_try() -> None:
    with pytest.raises(RefusalError, match="none"):
        write("paraphrase", row(1), "None", tries=3)
    with pytest.raises(RefusalError, match="malformed: it holds no whole") as refusal:
        write("paraphrase", row(1), "a", "b", tries=2)
    assert refusal.value.detail == "b"
