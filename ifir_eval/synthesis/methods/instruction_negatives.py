"""Promptriever's instruction negatives: written passages that fit the query and break the instruction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ifir_eval.synthesis.answers import element
from ifir_eval.synthesis.judges.judge import Claim, Finding
from ifir_eval.synthesis.methods.method import Writer, lacks_instruction
from ifir_eval.training.rows import MOST_INSTRUCTION_NEGATIVES, Row

KINDS = ("interpretation", "omission", "mention")


class InstructionNegatives:
    """The row with up to three passages more that break its instruction (docs/methods.md, section 5).

    A judge drops the passages that it finds to fit, and the row if it finds its positive not to.
    """

    name = "instruction-negatives"
    prompts = ("instruction-negatives",)
    identity = name

    def lacks(self, row: Row) -> str:
        """An instruction, and room for another negative."""
        full = len(row.instruction_negatives) >= MOST_INSTRUCTION_NEGATIVES
        return lacks_instruction(row) or ("has its instruction negatives already" if full else "")

    def write(self, row: Row, writer: Writer) -> tuple[Claim, ...]:
        """See `Method.write`."""
        written = writer.ask(
            "instruction-negatives",
            lambda answer: tuple(dict.fromkeys(element(answer, kind) for kind in KINDS)),
            query=row.query,
            instruction=row.instruction,
            positive=row.positive,
        )
        new = written[: MOST_INSTRUCTION_NEGATIVES - len(row.instruction_negatives)]
        fuller = replace(row, instruction_negatives=(*row.instruction_negatives, *new))
        return (Claim(fuller, new),)

    def survivors(self, claims: Sequence[Claim], findings: Sequence[Finding]) -> tuple[Row, ...]:
        """The row with the passages that the judge agrees on, if it agrees on the positive and any of them."""
        (claim,), (finding,) = claims, findings
        agreed = {text for text, agrees in zip(claim.breaking, finding.breaking, strict=True) if agrees}
        if not finding.positive or not agreed:
            return ()
        given = len(claim.row.instruction_negatives) - len(claim.breaking)
        kept = claim.row.instruction_negatives[:given]
        return (
            replace(
                claim.row,
                instruction_negatives=(*kept, *(text for text in claim.breaking if text in agreed)),
            ),
        )
