"""A benchmark of a few sentences, as much as retrievers need to be tried."""

from __future__ import annotations

from collections.abc import Mapping

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View

TEXTS = {
    "d1": "The choir sang in the old church, and entry was free for everyone.",
    "d2": "The choir sang in the new hall, where every seat cost forty euros.",
    "d3": "Potatoes are best planted when the soil has warmed.",
    "d4": "The ferry leaves the southern pier at noon.",
    "d5": "Choir concerts without tickets are held in June.",
}


def benchmark(
    texts: Mapping[str, str] = TEXTS,
    candidates: tuple[str, ...] | None = ("d1", "d2", "d3"),
    instructions: Mapping[str, str] | None = None,
    query: str = "choir concerts",
) -> Benchmark:
    """One topic about choirs, under a view for each of ``instructions`` (view name -> instruction)."""
    asked = instructions or {"original": "Only free concerts.", "changed": "Only concerts with tickets."}
    judgements = {"original": {"d1": 2, "d2": 0}, "changed": {"d1": 0, "d2": 2}}
    views = {
        name: View(f"q-{name}", name, query, text, judgements.get(name, {"d1": 1}), candidates)
        for name, text in asked.items()
    }
    return Benchmark(
        name="choirs",
        version="1",
        licence="CC0",
        source="a test",
        corpus={key: Document(key, text) for key, text in texts.items()},
        topics=(Topic("t", views),),
        measures=("p-MRR",),
        primary="p-MRR",
        contrasts=(Contrast("original", "changed"),) if {"original", "changed"} <= views.keys() else (),
    )
