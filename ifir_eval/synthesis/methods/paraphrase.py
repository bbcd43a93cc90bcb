"""The same instruction in other words."""

from __future__ import annotations

from dataclasses import replace

from ifir_eval.benchmarks.benchmark import PARAPHRASE
from ifir_eval.synthesis.judges.judge import Claim
from ifir_eval.synthesis.methods.method import AllOrNothing, Writer, lacks_instruction
from ifir_eval.training.rows import Row


class Paraphrase(AllOrNothing):
    """The row, and its like with the instruction in other words and the same labels."""

    name = "paraphrase"
    prompts = ("paraphrase",)

    def lacks(self, row: Row) -> str:
        """An instruction."""
        return lacks_instruction(row)

    def write(self, row: Row, writer: Writer) -> tuple[Claim, ...]:
        """See `Method.write`."""
        instruction = writer.ask_text("paraphrase", "instruction", row)
        twin = replace(row, view=PARAPHRASE, instruction=instruction)
        return Claim.of(row), Claim.of(twin)
