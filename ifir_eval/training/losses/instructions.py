"""InF-Embed's l_I: the right instruction for a query and its passage.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ifir_eval.training.losses.batch import NOTHING, Batch, Said
from ifir_eval.training.losses.block import Block


def instructions(batch: Batch, temperature: float) -> Block:
    """For passage p_i its query with instructions I_j: p_i . v_ij, v_ij = e(Q_i, I_j) (docs/methods.md, 6).

    The j are those of `Layout.crossed`, drawn by the collator among the rows of one process. A v_ij that is
    itself a row's question is left out where p_i answers it, or may. Rows without an instruction add nothing.
    """
    layout = batch.layout
    crossed = torch.cat([layout.question[:, None], layout.crossed], dim=1)
    vectors = batch.questions[crossed.clamp(min=0)]
    passage = batch.documents[layout.positive]
    scores = torch.einsum("nd,nmd->nm", passage, vectors) / temperature
    wrong = (crossed != NOTHING) & (crossed != layout.question[:, None]) & ~_may_be_right(batch, crossed)
    return Block.of(scores, wrong, torch.zeros_like(layout.question))


def _may_be_right(batch: Batch, crossed: Tensor) -> Tensor:
    """Where a crossed question is that of a row which the passage answers, or may answer."""
    layout, said = batch.layout, batch.said()
    right = ~batch.known(said) | (said == Said.POSITIVE)
    asked = torch.zeros(len(batch.questions), len(layout.rows), dtype=torch.int64, device=crossed.device)
    # Of each question and each row's passage: whether some row asks it that does not know the passage wrong.
    asked.index_add_(0, layout.question, right[:, layout.positive].long())
    own = torch.arange(len(layout.rows), device=crossed.device)[:, None]
    return asked[crossed.clamp(min=0), own] > 0
