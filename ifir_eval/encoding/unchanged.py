"""Is the model that would be asked now still that of the vectors in the cache?

A model on this machine is known by its weights. One behind a server is known by its name alone, and under that
another checkpoint may answer tomorrow: a run would then hold vectors of two models, and nothing would tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ifir_eval.encoding.cache import Space
from ifir_eval.encoding.encoder import Encoder, Item, MayChange, Role
from ifir_eval.encoding.once import key
from ifir_eval.errors import IncompleteError, RetrieverError


def check_unchanged(
    encoder: Encoder[Item], space: Space, asked: Mapping[Role, Sequence[Item]]
) -> tuple[str, ...]:
    """Ask an encoder that may have changed for some of what ``space`` has of ``asked``: a request, no more.

    To be called before anything new comes into ``space``. Returns sentences for the user.

    Raises:
        RetrieverError: if the model has changed; if the server refuses, and not everything is in ``space``.
        IncompleteError: if the server does not answer, and not everything is in ``space``.
    """
    if space.is_temporary or not isinstance(encoder, MayChange):
        return ()
    distinct = {role: list(dict.fromkeys(items)) for role, items in asked.items()}
    entries = {role: space.find([key(item, role) for item in items]) for role, items in distinct.items()}
    role = next((role for role, found in entries.items() if (found >= 0).any()), None)
    if role is None:
        return ()
    places = encoder.sample(distinct[role], np.flatnonzero(entries[role] >= 0).tolist())
    sample = [distinct[role][place] for place in places]
    # What is all there needs no server, and must go on to work where that is down or gone.
    finished = all((found >= 0).all() for found in entries.values())
    asking = encoder.with_one_try() if finished else encoder
    try:
        (chunk,) = asking.encode(sample, role, range(len(sample)))
    except (IncompleteError, RetrieverError):
        if not finished:
            raise
        unseen = "so nobody has seen whether its model is still that of the cached vectors"
        return (f"{encoder.place} gives no answer, {unseen}",)
    kept = space.vectors(entries[role][places]).values
    if difference := encoder.difference(sample, kept, chunk.values):
        raise RetrieverError(
            f"{encoder.place} gives {difference}; name another folder as --cache, use --no-cache, or remove "
            f"{space.folder}"
        )
    return ()
