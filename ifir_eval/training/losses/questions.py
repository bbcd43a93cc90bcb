"""InF-Embed's l_IQ: the right question among those of the batch.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

import torch

from ifir_eval.training.losses.batch import Batch, Said
from ifir_eval.training.losses.block import Block


def questions(batch: Batch, temperature: float) -> Block:
    """For passage p_i the questions u_j of all rows: p_i . u_j (docs/methods.md, section 6).

    No question that p_i answers as well, or may answer.
    """
    layout, said = batch.layout, batch.said()
    wrong = batch.known(said) & (said != Said.POSITIVE)
    scores = batch.documents[layout.positive] @ batch.questions[layout.question].T / temperature
    own = torch.arange(len(layout.rows), device=scores.device)
    return Block.of(scores, wrong[:, layout.positive].T, own)
