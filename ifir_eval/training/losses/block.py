"""Softmax over candidates of which one is right: what every contrastive loss is made of.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


class Block(NamedTuple):
    """Scores of candidates, (n, candidates), -inf where there is none, and the right one's column, (n)."""

    scores: Tensor
    right: Tensor

    @classmethod
    def of(cls, scores: Tensor, candidates: Tensor, right: Tensor) -> Block:
        """The scores where ``candidates`` is true, and of the right one in any case."""
        kept = candidates.scatter(1, right[:, None], value=True)
        return cls(scores.masked_fill(~kept, -torch.inf), right)

    def loss(self) -> Tensor:
        """The cross entropy, averaged over rows."""
        return cross_entropy(self.scores, self.right)


def joined(blocks: Sequence[Block]) -> Block:
    """One softmax over the candidates of all blocks, in which the right one stands once."""
    first, *others = blocks
    rest = [block.scores.scatter(1, block.right[:, None], -torch.inf) for block in others]
    return Block(torch.cat([first.scores, *rest], dim=1), first.right)
