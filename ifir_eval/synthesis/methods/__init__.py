"""What can be written for a row, one file a method."""

from __future__ import annotations

from collections.abc import Mapping

from ifir_eval.synthesis.judges.judge import Claim
from ifir_eval.synthesis.methods.instruction_negatives import InstructionNegatives
from ifir_eval.synthesis.methods.method import Method, Writer
from ifir_eval.synthesis.methods.paraphrase import Paraphrase
from ifir_eval.synthesis.methods.poisoning import Poisoning
from ifir_eval.synthesis.methods.polarity_reversal import PolarityReversal

__all__ = ["METHODS", "Claim", "Method", "Writer"]

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        PolarityReversal(),
        Poisoning(),
        InstructionNegatives(),
        Paraphrase(),
    )
}
"""The methods that need a language model, by name."""
