"""All modules of a model as one function of tensors, which can be compiled or exported.

This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import torch
from sentence_transformers import SentenceTransformer

from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.reading import Padded, reading
from ifir_eval.errors import RetrieverError

OUTPUT = "sentence_embedding"


class Chain(torch.nn.Module):
    """From ``names`` (token ids, their mask, for some models token types) to vectors in float32.

    Each input has shape ``(texts, tokens)``, the output ``(texts, dimension)``.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        kinds = [reading(model, role) for role in (Role.QUERY, Role.DOCUMENT)]
        samples = [kind.features(kind.read(["a", "a b"]).contents) for kind in kinds]
        plain = all(isinstance(kind, Padded) for kind in kinds)
        if not plain or any("prompt_length" in sample for sample in samples):
            raise RetrieverError(
                "this model does more than tokenise a text, run a transformer and pool all its tokens, so "
                "only --backend torch computes it"
            )
        self.names = tuple(samples[0])
        self._model = model.eval()
        self._dimension = model.truncate_dim

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The vectors of one batch."""
        features = dict(zip(self.names, inputs, strict=True))
        vectors: torch.Tensor = self._model(features)[OUTPUT]
        return vectors[:, : self._dimension].float()


def export(chain: Chain) -> torch.export.ExportedProgram:
    """The graph of ``chain`` for any number of texts and tokens; inference only.

    Raises:
        RetrieverError: if torch cannot follow what the model does.
    """
    mask = torch.ones((3, 7), dtype=torch.int64)
    mask[0, 4:] = 0
    inputs = tuple(mask if name == "attention_mask" else torch.ones_like(mask) for name in chain.names)
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with quiet(), torch.no_grad(), converting():
        return torch.export.export(chain, inputs, dynamic_shapes=(tuple(free for _ in inputs),))


@contextmanager
def converting() -> Iterator[None]:
    """Turn whatever happens inside into a sentence."""
    try:
        yield
    except Exception as error:  # each converter has errors of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RetrieverError(
            f"this model cannot be converted ({reason}); --backend torch computes any model"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that converters print, log or warn about reaches the user: what counts is raised."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
