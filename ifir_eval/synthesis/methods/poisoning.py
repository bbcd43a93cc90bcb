"""InF-IR's poisoning: another instruction for the query, and another query for the instruction."""

from __future__ import annotations

from dataclasses import replace

from ifir_eval.synthesis.judges.judge import Claim
from ifir_eval.synthesis.methods.method import AllOrNothing, Writer, lacks_negatives, without
from ifir_eval.training.rows import MOST_HARD_NEGATIVES, Row


class Poisoning(AllOrNothing):
    """The row (Q+ I+ → P+), (Q+ I- → HN1) and (Q- I+ → HN2) (docs/methods.md, section 5; arXiv 2505.21439).

    HN1 is the first instruction negative, which the query asks for already. HN2 is the first hard negative,
    else the second instruction negative.
    """

    name = "poisoning"
    prompts = ("poisoned-instruction", "poisoned-query")

    def lacks(self, row: Row) -> str:
        """An instruction, a passage that breaks it, and another negative."""
        return lacks_negatives(row, 2)

    def write(self, row: Row, writer: Writer) -> tuple[Claim, ...]:
        """See `Method.write`."""
        first = row.instruction_negatives[0]
        second = (*row.hard_negatives, *row.instruction_negatives[1:])[0]
        instruction = writer.ask_text("poisoned-instruction", "instruction", row, target=first)
        query = writer.ask_text("poisoned-query", "query", row, target=second)
        others = without(row.negatives, first, second)
        other_instruction = replace(
            row,
            view="poisoned-instruction",
            instruction=instruction,
            positive=first,
            instruction_negatives=(row.positive,),
            hard_negatives=(second, *others)[:MOST_HARD_NEGATIVES],
        )
        # P+ keeps to the instruction but does not answer the new query.
        other_query = replace(
            row,
            view="poisoned-query",
            query=query,
            positive=second,
            instruction_negatives=(),
            hard_negatives=(row.positive, first, *others)[:MOST_HARD_NEGATIVES],
        )
        return (
            Claim(row, row.instruction_negatives),
            Claim(other_instruction, (row.positive,)),
            Claim(other_query, (row.positive,)),
        )
