"""Dual-View's reversal: an instruction under which an instruction negative becomes the positive."""

from __future__ import annotations

from dataclasses import replace

from ifir_eval.benchmarks.benchmark import REVERSED
from ifir_eval.synthesis.judges.judge import Claim
from ifir_eval.synthesis.methods.method import AllOrNothing, Writer, lacks_negatives
from ifir_eval.training.rows import Row


class PolarityReversal(AllOrNothing):
    """The row and its reversed twin (docs/methods.md, section 5; Dual-View, arXiv 2604.18845).

    The first instruction negative becomes the positive; the former positive and the remaining instruction
    negatives are the twin's instruction negatives. No passage changes.
    """

    name = "polarity-reversal"
    prompts = ("polarity-reversal",)

    def lacks(self, row: Row) -> str:
        """An instruction, and a passage that breaks it."""
        return lacks_negatives(row)

    def write(self, row: Row, writer: Writer) -> tuple[Claim, ...]:
        """See `Method.write`."""
        target, *others = row.instruction_negatives
        instruction = writer.ask_text("polarity-reversal", "instruction", row, target=target, others=others)
        twin = replace(
            row,
            view=REVERSED,
            instruction=instruction,
            positive=target,
            instruction_negatives=(row.positive, *others),
        )
        return Claim.of(row), Claim.of(twin)
