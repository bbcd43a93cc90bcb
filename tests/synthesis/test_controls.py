"""Controls, and rows out of metadata: what needs no language model."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from written_rows import row, rows

from ifir_eval.benchmarks.builder import Plan, build_benchmark
from ifir_eval.errors import IfirEvalError
from ifir_eval.synthesis.controls import negate_instructions, swap_instructions
from ifir_eval.synthesis.from_metadata import rows_from_metadata


def test_swapped_instructions_are_real_ones_of_other_queries() -> None:
    source = [*rows(6), row(7, instruction="", instruction_negatives=())]
    swapped = swap_instructions(source)
    assert Counter(one.instruction for one in swapped) == Counter(one.instruction for one in source[:6])
    given = {one.pair_id: one for one in swapped}
    for one in source[:6]:
        assert given[one.pair_id].instruction != one.instruction
        assert given[one.pair_id].passages == one.passages


def test_there_must_be_instructions_to_swap() -> None:
    with pytest.raises(IfirEvalError, match="no row has an instruction"):
        swap_instructions([row(1, instruction="", instruction_negatives=())])


def test_a_negated_row_holds_the_original_wording_and_the_labels_of_a_reversal() -> None:
    original, twin = negate_instructions([row(1), row(2, negatives=0), row(3, view="reversed")], seed=0)
    assert original == row(1)
    assert row(1).instruction in twin.instruction
    assert twin.instruction != row(1).instruction
    assert (twin.view, twin.positive, twin.instruction_negatives) == (
        "reversed",
        "negative 1 a",
        ("positive 1",),
    )


def test_rows_of_metadata_say_what_the_benchmark_says(tmp_path: Path) -> None:
    """Each positive is relevant under its instruction and each instruction negative is not, by the builder."""
    draw = Random(1)
    words = [
        f"{first}{second}"
        for first in ("bri", "sto", "let", "gar", "eng")
        for second in ("dora", "mint", "lue", "sk")
    ]
    lines = [
        {
            "_id": f"{n}",
            "text": " ".join(draw.sample(words, 5)),
            "metadata": {"year": draw.randrange(1900, 2000)},
        }
        for n in range(300)
    ]
    file = tmp_path / "corpus.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plan = Plan(file, ("year",), "made", topics=12)
    made = rows_from_metadata(plan, negatives=2)
    benchmark = build_benchmark(plan)
    judged = {
        (view.query, view.instruction): {
            benchmark.corpus[document].text: grade for document, grade in view.judgements.items()
        }
        for view in benchmark.views()
    }
    assert len(made.rows) >= 20
    assert {one.view for one in made.rows} == {"original", "reversed"}
    assert max(len(one.instruction_negatives) for one in made.rows) == 2
    for one in made.rows:
        grades = judged[one.query, one.instruction]
        assert grades[one.positive] > 0
        assert not any(grades[text] for text in one.negatives)
