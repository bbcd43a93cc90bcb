"""An instruction that never arrives is told before it reads as a result."""

from __future__ import annotations

import pytest
from small_benchmarks import benchmark

from ifir_eval.errors import InstructionIgnoredError
from ifir_eval.progress import silent
from ifir_eval.retrievers.arrival import check_scores, check_texts
from ifir_eval.retrievers.lexical import BM25
from ifir_eval.retrievers.options import Options

DEAF = BM25.build("bm25", "", Options(template="{query}"))
HEARING = BM25.build("bm25", "", Options())


def test_views_without_a_contrast_must_differ_too() -> None:
    """Only contrasts were looked at: InstructIR's views became one text and nobody was told."""
    asked = benchmark(instructions={"bare": "", "instructed": "Only free ones."})
    assert not asked.contrasts
    check_texts(asked, HEARING.render)
    with pytest.raises(InstructionIgnoredError, match=r"'bare' and 'instructed' of topic 't' both become"):
        check_texts(asked, DEAF.render)


@pytest.mark.parametrize(
    "instructions", [{"bare": "", "blank": " "}, {"one": "Only free.", "two": "Only free."}]
)
def test_views_with_one_instruction_may_be_one_text(instructions: dict[str, str]) -> None:
    check_texts(benchmark(instructions=instructions), DEAF.render)


def test_instructions_in_words_of_no_document_are_named_as_a_cause() -> None:
    asked = benchmark(instructions={"original": "zymurgy", "changed": "quixotry"})
    run = HEARING.answer(asked, silent).run
    with pytest.raises(
        InstructionIgnoredError, match="with BM25, instructions whose words stand in no document"
    ):
        check_scores(asked, run)
