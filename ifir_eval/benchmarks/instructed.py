"""Topics that are asked twice over the same judgements: ``bare`` and, as ``original``, with an instruction.

Nothing changes its relevance between the two, so that the contrast feeds p-MRR-control only: do the right
documents fall when the instruction is said?
"""

from __future__ import annotations

from collections.abc import Mapping

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, Contrast, Topic, View

VIEWS = (BARE, ORIGINAL)
CONTRASTS = (Contrast(BARE, ORIGINAL),)


def with_and_without(
    topic_id: str,
    query: str,
    instruction: str,
    judgements: Mapping[str, int],
    *,
    candidates: tuple[str, ...] | None = None,
    slices: Mapping[str, str] | None = None,
) -> Topic:
    """The topic that asks ``query`` without and with ``instruction``."""
    views = {
        name: View(f"{topic_id}-{name}", name, query, said, judgements, candidates)
        for name, said in {BARE: "", ORIGINAL: instruction}.items()
    }
    return Topic(topic_id, views, slices or {})
