"""FlagEmbedding's rows: ``{"query", "pos": [...], "neg": [...], "prompt"}``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL
from ifir_eval.benchmarks.reading import Line
from ifir_eval.training.rows import MOST_HARD_NEGATIVES, Row, checked, distinct, texts_of


def read(lines: Iterable[Line], stem: str) -> Iterator[Row]:
    """A row for each positive of a line; ``prompt`` names the task, and stands as instruction."""
    for line in lines:
        query, prompt = line.text("query"), line.text("prompt", "")
        positives, negatives = texts_of(line, "pos"), texts_of(line, "neg")
        if query is None or prompt is None or positives is None or negatives is None:
            continue
        if not positives:
            line.report("'pos' is empty; a row needs a positive")
        for number, positive in enumerate(positives, 1):
            yield from checked(
                line,
                Row(
                    pair_id=f"{stem}-{line.line}-{number}",
                    view=ORIGINAL if prompt.strip() else BARE,
                    query=query,
                    instruction=prompt,
                    positive=positive,
                    hard_negatives=distinct(negatives, MOST_HARD_NEGATIVES),
                    source=stem,
                ),
            )
