"""A batch after encoding: the vectors of its distinct texts, and what its rows say of them.

Nothing here knows a model or a process. This module imports torch: import it where training starts.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import torch
from torch import Tensor

NOTHING = -1
"""Stands in an index where a row has nothing to point at."""


class Said(IntEnum):
    """What a row says of a document that it lists."""

    POSITIVE = 1
    INSTRUCTION_NEGATIVE = 2
    HARD_NEGATIVE = 3


class Layout(NamedTuple):
    """What the vectors of a batch stand for; all tensors of int64.

    With n rows, Q distinct questions (query and instruction as one text) and D distinct documents:
    ``rows`` (n) are positions in the training set; ``question`` (n) is the row's own question, ``bare`` (n)
    that of its query alone, ``crossed`` (n, m) those of its query with other rows' instructions, each an
    index among the questions or `NOTHING`; ``instructed`` (n) is 1 where the row has an instruction.
    ``positive`` (n) is an index among the documents. ``statements`` (s, 3) are triples of row in this batch,
    document and `Said`. ``pair`` (n) and ``query`` (n), ``question_keys`` (Q) and ``document_keys`` (D) are
    hashes by which rows and texts are known across processes.
    """

    rows: Tensor
    question: Tensor
    bare: Tensor
    crossed: Tensor
    instructed: Tensor
    positive: Tensor
    statements: Tensor
    pair: Tensor
    query: Tensor
    question_keys: Tensor
    document_keys: Tensor


class Batch(NamedTuple):
    """Vectors of length 1, and their layout.

    ``questions`` has shape (Q, dimension), ``documents`` (D, dimension); ``spans`` (Q, dimension), or None
    if no loss asks for them, are the questions' vectors from the tokens of the query alone.
    """

    questions: Tensor
    documents: Tensor
    layout: Layout
    spans: Tensor | None = None

    def said(self) -> Tensor:
        """What each row says of each document, shape (n, D): a `Said`, or 0 where it does not list it."""
        row, document, said = self.layout.statements.unbind(1)
        table = torch.zeros(
            len(self.layout.rows), len(self.documents), dtype=torch.int64, device=document.device
        )
        table[row, document] = said
        return table

    def known(self, said: Tensor) -> Tensor:
        """Where it is known whether a document answers a row's question, shape (n, D).

        A row knows what it lists. Of what it does not list, it knows nothing where another view of its pair,
        or another row with its query, lists it: such a passage may answer this view, too. All other
        passages of a batch belong to other queries, and do not answer it.
        """
        lists = said > 0
        told = torch.zeros_like(lists)
        for kin in (self.layout.pair, self.layout.query):
            kins, group = torch.unique(kin, return_inverse=True)
            by_group = torch.zeros(len(kins), lists.shape[1], dtype=torch.int64, device=lists.device)
            told |= by_group.index_add_(0, group, lists.long())[group] > 0
        return lists | ~told
