"""InfoNCE over a row's own negatives, and, where wanted, over the other documents of the batch.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ifir_eval.training.losses.batch import Batch
from ifir_eval.training.losses.block import Block
from ifir_eval.training.losses.objective import Needs


@dataclass(frozen=True)
class InfoNCE:
    """Dual-View's loss: the positive against the row's negatives (docs/methods.md, section 6).

    With ``in_batch``, every other document of the batch that is known not to answer the question
    (`Batch.known`) is a negative too, from whichever process it comes.
    """

    temperature: float = 0.02
    in_batch: bool = False

    @property
    def needs(self) -> Needs:
        """Nothing more."""
        return Needs()

    def __call__(self, batch: Batch) -> Tensor:
        """The cross entropy, averaged over rows."""
        said = batch.said()
        candidates = batch.known(said) if self.in_batch else said > 0
        scores = batch.questions[batch.layout.question] @ batch.documents.T / self.temperature
        return Block.of(scores, candidates, batch.layout.positive).loss()
