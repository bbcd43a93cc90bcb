"""The texts by which a model's activations are measured before they are rounded to int8.

They are the training split of our own generated benchmark, which nothing is measured on.
This module imports torch: import it where a model is loaded, not before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer

from ifir_eval.benchmarks.mirror.generate import load_mirror
from ifir_eval.encoding.batching import plan
from ifir_eval.encoding.encoder import Role
from ifir_eval.encoding.reading import reading

_QUERIES = 100
_DOCUMENTS = 200
_TOKENS = 1_024


def batches(model: SentenceTransformer) -> list[dict[str, Any]]:
    """Batches of queries and of documents, with the model's prompts; always the same ones."""
    mirror = load_mirror("train")
    views = [f"{view.query} {view.instruction}".strip() for view in mirror.views()]
    texts = {
        Role.QUERY: _spread(views, _QUERIES),
        Role.DOCUMENT: _spread([document.text for document in mirror.corpus.values()], _DOCUMENTS),
    }
    found = []
    for role, chosen in texts.items():
        kind = reading(model, role)
        read = kind.read(chosen)
        found += [
            kind.features([read.contents[place] for place in batch.tolist()])
            for batch in plan(read.lengths, _TOKENS)
        ]
    return found


def _spread(texts: list[str], count: int) -> list[str]:
    """``count`` of ``texts``, evenly spread over them."""
    return [texts[place] for place in np.linspace(0, len(texts) - 1, count).astype(int)]
