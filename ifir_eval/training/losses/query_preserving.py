"""Query-preserving regularisation: the query inside the instructed question goes on meaning what it meant.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ifir_eval.training.losses.batch import Batch, Said
from ifir_eval.training.losses.block import Block
from ifir_eval.training.losses.info_nce import InfoNCE
from ifir_eval.training.losses.objective import Needs


@dataclass(frozen=True)
class QueryPreserving:
    """L_CE(q) + L_CE(q+I) + weight x KL(e(q) || h_q(q+I)), both as distributions over documents.

    Reconstructed from an abstract (docs/methods.md, section 6); what it leaves open are parameters. ``reverse``
    exchanges the two sides of the divergence; with ``stop_gradient`` only h_q learns from it, and e(q)
    stands still. The distributions are over all documents of the batch. In L_CE(q) the instruction's
    negatives are no negatives: they fit the query. A row without an instruction has only L_CE(q+I).
    """

    weight: float = 1.0
    direction: str = "forward"
    stop_gradient: bool = True
    temperature: float = 0.02
    in_batch: bool = True

    @property
    def needs(self) -> Needs:
        """Each query alone, and as a stretch of its question."""
        return Needs(bare=True, spans=True)

    def __call__(self, batch: Batch) -> Tensor:
        """The three terms, each averaged over rows."""
        instructed = batch.layout.instructed.bool()
        loss = InfoNCE(self.temperature, self.in_batch)(batch)
        if not instructed.any():
            return loss
        alone, whole, right = self._of_query(batch)
        share = instructed.float().mean()
        block = Block(alone.scores[instructed], alone.right[instructed])
        return loss + share * (block.loss() + self.weight * self._divergence(whole, right)[instructed].mean())

    def _of_query(self, batch: Batch) -> tuple[Block, Tensor, Tensor]:
        """L_CE(q), and the scores of all documents for e(q) and for h_q(q+I)."""
        assert batch.spans is not None  # as `needs` demands
        layout, said = batch.layout, batch.said()
        query = batch.questions[layout.bare] @ batch.documents.T / self.temperature
        span = batch.spans[layout.question] @ batch.documents.T / self.temperature
        candidates = batch.known(said) if self.in_batch else said > 0
        fits = said == Said.INSTRUCTION_NEGATIVE
        return Block.of(query, candidates & ~fits, layout.positive), query, span

    def _divergence(self, query: Tensor, span: Tensor) -> Tensor:
        """KL of the two distributions, shape (n)."""
        query = query.detach() if self.stop_gradient else query
        before, after = log_softmax(query, dim=1), log_softmax(span, dim=1)
        if self.direction == "reverse":
            before, after = after, before
        return torch.sum(before.exp() * (before - after), dim=1)
