"""InF-Embed's losses, alone or together.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ifir_eval.training.losses.batch import Batch
from ifir_eval.training.losses.block import joined
from ifir_eval.training.losses.instructions import instructions
from ifir_eval.training.losses.objective import Needs
from ifir_eval.training.losses.passages import passages
from ifir_eval.training.losses.questions import questions

BLOCKS = {"P": passages, "IQ": questions, "I": instructions}


@dataclass(frozen=True)
class InFEmbed:
    """Some of l_P, l_IQ and l_I: their sum (``multi``) or one softmax over all (``uni``); docs/methods.md, 6.

    Reviewers of the paper report P and I as a sum best. ``share`` is that of the batch whose instructions
    l_I crosses with each query; the other views of a row's own pair, whose instructions are the natural
    negatives, are always among them.
    """

    blocks: tuple[str, ...] = ("P", "I")
    join: str = "multi"
    temperature: float = 0.05
    share: float = 0.5

    @property
    def needs(self) -> Needs:
        """The crossed questions, if l_I is among the losses."""
        return Needs(crossed=self.share if "I" in self.blocks else 0.0)

    def __call__(self, batch: Batch) -> Tensor:
        """The losses, averaged over rows."""
        blocks = [BLOCKS[name](batch, self.temperature) for name in self.blocks]
        if self.join == "uni":
            return joined(blocks).loss()
        return torch.stack([block.loss() for block in blocks]).sum()
