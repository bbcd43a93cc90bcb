"""What the trainer asks of a loss.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor

from ifir_eval.training.losses.batch import Batch


class Needs(NamedTuple):
    """What has to be encoded for a loss beside questions and documents.

    ``bare``: each query alone; ``spans``: its tokens within the question; ``crossed``: each query with the
    instructions of this share of the batch, 0 to 1.
    """

    bare: bool = False
    spans: bool = False
    crossed: float = 0.0


class Objective(Protocol):
    """A loss over whole batches. Its fields are its parameters, and its ``repr`` stands in model cards."""

    @property
    def needs(self) -> Needs:
        """What it wants encoded."""
        ...

    def __call__(self, batch: Batch) -> Tensor:
        """The loss, a scalar: the mean over the rows of ``batch``."""
        ...
