"""The batches of all processes as one, so that no loss has to know that there are several.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, distributed
from torch.nn.functional import pad

from ifir_eval.training.losses.batch import NOTHING, Batch, Layout


def processes() -> int:
    """How many processes train together."""
    started = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if started else 1


def gathered(batch: Batch) -> Batch:
    """The batches of all processes, each distinct text once; ``batch`` itself where there is one process.

    Gradients flow into this process's own vectors only, but from all rows: summed over processes they are
    those of one process with the whole batch.
    """
    if processes() == 1:
        return batch
    layouts: list[Layout] = [batch.layout] * processes()
    distributed.all_gather_object(layouts, Layout(*(field.cpu() for field in batch.layout)))
    questions = [len(layout.question_keys) for layout in layouts]
    documents = [len(layout.document_keys) for layout in layouts]
    return distinct(
        Batch(
            _gather(batch.questions, questions),
            _gather(batch.documents, documents),
            Layout(*(field.to(batch.questions.device) for field in _one_after_another(layouts))),
            None if batch.spans is None else _gather(batch.spans, questions),
        )
    )


def _gather(vectors: Tensor, lengths: Sequence[int]) -> Tensor:
    """The vectors of all processes, of which process i has ``lengths[i]``; its own keep their gradients."""
    padded = pad(vectors.detach(), (0, 0, 0, max(lengths) - len(vectors))).contiguous()
    received = [torch.empty_like(padded) for _ in lengths]
    distributed.all_gather(received, padded)
    parts = [block[:length] for block, length in zip(received, lengths, strict=True)]
    parts[distributed.get_rank()] = vectors
    return torch.cat(parts)


def _one_after_another(layouts: Sequence[Layout]) -> Layout:
    """One layout for the vectors of all, one after another."""
    shifted: list[Layout] = []
    rows = questions = documents = 0
    width = max(layout.crossed.shape[1] for layout in layouts)
    for layout in layouts:
        crossed = pad(layout.crossed, (0, width - layout.crossed.shape[1]), value=NOTHING)
        shifted.append(
            layout._replace(
                question=layout.question + questions,
                bare=_shift(layout.bare, questions),
                crossed=_shift(crossed, questions),
                positive=layout.positive + documents,
                statements=layout.statements + torch.tensor([rows, documents, 0]),
            )
        )
        rows += len(layout.rows)
        questions += len(layout.question_keys)
        documents += len(layout.document_keys)
    return Layout(*(torch.cat(fields) for fields in zip(*shifted, strict=True)))


def _shift(index: Tensor, by: int) -> Tensor:
    return torch.where(index == NOTHING, NOTHING, index + by)


def distinct(batch: Batch) -> Batch:
    """``batch`` with each text once: of texts with one key the first, for whoever points at any of them."""
    layout = batch.layout
    first_question, question = _first(layout.question_keys)
    first_document, document = _first(layout.document_keys)
    row, listed, said = layout.statements.unbind(1)
    return Batch(
        batch.questions[first_question],
        batch.documents[first_document],
        layout._replace(
            question=question[layout.question],
            bare=_point(question, layout.bare),
            crossed=_point(question, layout.crossed),
            positive=document[layout.positive],
            statements=torch.stack([row, document[listed], said], dim=1),
            question_keys=layout.question_keys[first_question],
            document_keys=layout.document_keys[first_document],
        ),
        None if batch.spans is None else batch.spans[first_question],
    )


def _first(keys: Tensor) -> tuple[Tensor, Tensor]:
    """Where each distinct key stands first, and for each of ``keys`` which distinct one it is."""
    found, which = torch.unique(keys, return_inverse=True)
    places = torch.arange(len(keys), device=keys.device)
    first = torch.full_like(found, len(keys)).scatter_reduce_(0, which, places, "amin")
    return first, which


def _point(to: Tensor, index: Tensor) -> Tensor:
    return torch.where(index == NOTHING, NOTHING, to[index.clamp(min=0)])
