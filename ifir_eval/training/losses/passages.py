"""InF-Embed's l_P: the right passage among those of the batch.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

import torch

from ifir_eval.training.losses.batch import Batch
from ifir_eval.training.losses.block import Block


def passages(batch: Batch, temperature: float) -> Block:
    """For question u_i the passages p_j of all rows: u_i . p_j (docs/methods.md, section 6).

    Each distinct passage once, and none of which it is unknown whether it answers u_i.
    """
    layout, said = batch.layout, batch.said()
    positives, right = torch.unique(layout.positive, return_inverse=True)
    scores = batch.questions[layout.question] @ batch.documents[positives].T / temperature
    return Block.of(scores, torch.index_select(batch.known(said), 1, positives), right)
