"""What a retriever answered: for each query, documents with scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ifir_eval.errors import RetrieverError


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The scored documents of one query, in no particular order.

    ``scores`` has shape ``(len(documents),)``, float32: the resolution in which trec_eval compares.
    """

    documents: tuple[str, ...]
    scores: NDArray[np.float32]

    @classmethod
    def of(cls, query: str, documents: Sequence[str], scores: Sequence[float] | NDArray[np.floating]) -> Hits:
        """Hits for ``query``, refused unless every document has one finite score and stands once.

        Raises:
            RetrieverError: naming the query and, where there is one, the document.
        """
        with np.errstate(over="ignore"):  # refused below, in words
            values = np.asarray(scores, dtype=np.float32)
        if values.shape != (len(documents),):
            raise RetrieverError(
                f"query {query!r}: {len(documents)} documents but scores of shape {values.shape}; "
                "give one score for each document"
            )
        finite = np.isfinite(values)
        if not finite.all():
            worst = int(np.flatnonzero(~finite)[0])
            raise RetrieverError(
                f"query {query!r}: document {documents[worst]!r} has the score {scores[worst]}; "
                "scores must be finite as float32, so look for an overflow (float16?) or an empty text"
            )
        if len(set(documents)) < len(documents):
            raise RetrieverError(f"query {query!r}: a document is scored twice; keep its best score only")
        return cls(tuple(documents), values)


@dataclass(frozen=True, slots=True)
class Run:
    """The answer to a benchmark: `Hits` by query id. A query that is absent was not answered."""

    hits: Mapping[str, Hits]
