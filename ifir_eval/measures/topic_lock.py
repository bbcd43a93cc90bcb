"""topic-lock: is the same document preferred whatever the instruction says? (docs/methods.md, section 3).

Share of pairs (a, b) where the same document scores higher under both views. A retriever that ignores the
instruction gets 1 (less its ties), a random one 0.5, one that follows 0.
"""

from __future__ import annotations

from ifir_eval.measures.measure import Measure, register, topic_columns
from ifir_eval.measures.preference import share_of_pairs, swaps
from ifir_eval.measures.ranked import RankedTopic

_same_winner = share_of_pairs(lambda before, after: before * after > 0)


def topic_lock(ranked: RankedTopic) -> float | None:
    """Share of one topic's pairs with the same winner in both views; an unanswered contrast counts as 1."""
    return ranked.over_contrasts(swaps, _same_winner, unanswered=1.0)


register(
    Measure(
        "topic-lock",
        "is the same document preferred whatever the instruction says?",
        topic_columns("topic-lock", topic_lock),
        chance=0.5,
        higher_is_better=False,
    )
)
