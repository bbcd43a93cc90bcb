"""A batch of any size in bounded memory: encoded twice, micro-batch by micro-batch (GradCache).

Gradient caching is that of sentence-transformers (arXiv 2101.06983): vectors without a graph, the loss and
its gradients at the vectors, then each micro-batch again, from the same random state so that dropout drops
the same. This module imports torch: import it where training starts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.losses.gradcache import CachedLossMixin, RandContext
from torch import Tensor, nn
from torch.nn.functional import normalize

from ifir_eval.training.losses.batch import Batch, Layout
from ifir_eval.training.losses.gathering import gathered, processes
from ifir_eval.training.losses.objective import Objective

SPAN = "query_span"
"""Beside token ids and mask: which tokens are the query's, where a loss asks for it."""

Features = dict[str, Any]

_BYTES_OF_A_TOKEN = 80
"""Of the graph of a transformer in fp32, for each layer and hidden dimension: 71 measured with MiniLM."""

_MOST_ROOM_ON_CPU = 6 << 30
"""A container may have less memory than its machine says."""


def graph_tokens(model: SentenceTransformer, device: torch.device) -> int:
    """Padded tokens whose graph fits in a quarter of the device's memory, at most 6 GiB of a CPU's.

    A batch that fits is computed in three quarters of the time that caching its gradients takes.
    """
    if device.type == "cuda":
        room = torch.cuda.get_device_properties(device).total_memory // 4
    else:
        room = min(_memory() // 4, _MOST_ROOM_ON_CPU)
    first: Any = model[0]
    config = first.auto_model.config
    return int(room // (_BYTES_OF_A_TOKEN * config.num_hidden_layers * config.hidden_size))


def micro_batch_tokens(model: SentenceTransformer, device: torch.device) -> int:
    """Padded tokens computed at a time: as many as fill a GPU, or suit a processor's caches, and fit."""
    return min(2_048 if device.type == "cpu" else 65_536, graph_tokens(model, device))


def _memory() -> int:
    """Bytes of the machine's memory; 8 GiB where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


class BatchLoss(CachedLossMixin, nn.Module):
    """An objective over batches of the collator, as sentence-transformers' trainer calls it.

    A batch of no more than ``graph_tokens`` padded tokens is encoded once, with its graph; a larger one twice.
    """

    def __init__(self, model: SentenceTransformer, objective: Objective, graph_tokens: int) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.graph_tokens = graph_tokens
        self.mini_batch_size = torch.iinfo(torch.int64).max  # what the collator made is not divided again

    def forward(self, micro_batches: Sequence[Features], labels: Any) -> Tensor:
        """The loss of one batch; ``labels`` are the fields of its `Layout` and the ``order`` of its texts."""
        size = sum(features["attention_mask"].numel() for features in micro_batches)
        if size > self.graph_tokens:
            loss: Tensor = self.forward_cached(micro_batches, labels)
            return loss
        vectors = [[self._vectors(features)] for features in micro_batches]
        return self.calculate_loss(vectors, labels)

    def embed_minibatch(  # noqa: PLR0917 - the library's own signature
        self,
        sentence_feature: Features,
        begin: int,
        end: int,
        with_grad: bool,
        copy_random_state: bool,
        random_state: RandContext | None = None,
    ) -> tuple[Tensor, RandContext | None]:
        """The vectors of one micro-batch, and the random state before it."""
        del begin, end
        with random_state or nullcontext(), torch.set_grad_enabled(with_grad):
            before = RandContext(*sentence_feature.values()) if copy_random_state else None
            return self._vectors(sentence_feature), before

    def _vectors(self, features: Features) -> Tensor:
        """Sentence vectors, shape (texts, dimension), and beside them those of the query's tokens if wanted."""
        given = {name: value for name, value in features.items() if name != SPAN}
        output = self.model(given)
        whole: Tensor = normalize(output["sentence_embedding"].float(), dim=1)
        if SPAN not in features:
            return whole
        inside = features[SPAN].unsqueeze(2).float()
        tokens = (output["token_embeddings"].float() * inside).sum(dim=1) / inside.sum(dim=1).clamp(min=1)
        return torch.cat([whole, normalize(tokens, dim=1)], dim=1)

    def calculate_loss(
        self, reps: list[list[Tensor]], labels: Any = None, *, with_backward: bool = False
    ) -> Tensor:
        """The objective over the batches of all processes; with ``with_backward`` its gradients, too.

        Averaging gradients over processes, as distributed training does, would divide by their number
        what already is the mean over all rows: the gradient is multiplied by it, the value is not.
        """
        with torch.autocast(reps[0][0].device.type, enabled=False):
            loss = self.objective(gathered(_batch([vectors for (vectors,) in reps], labels)))
        loss = loss + (processes() - 1) * (loss - loss.detach())
        if not with_backward:
            return loss
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()


def _batch(vectors: Sequence[Tensor], labels: Mapping[str, Tensor]) -> Batch:
    """The vectors of all micro-batches, those of documents last, in the order of the layout."""
    layout = Layout(**{name: value for name, value in labels.items() if name in Layout._fields})
    width = vectors[-1].shape[1]
    spans = [part[:, width:] for part in vectors if part.shape[1] > width]
    table = torch.cat([part[:, :width] for part in vectors])[labels["order"]]
    questions = len(layout.question_keys)
    return Batch(
        table[:questions],
        table[questions:],
        layout,
        torch.cat(spans)[labels["order"][:questions]] if spans else None,
    )
