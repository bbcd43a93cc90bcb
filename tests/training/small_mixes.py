"""Small sources and mixes of them, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from small_training import pairs

from ifir_eval.training.mixes import Budget, Drawn, Screen, draw, read_mix
from ifir_eval.training.rows import Row, write_rows


def ordinary(number: int) -> list[Row]:
    """Rows without instructions."""
    return [
        Row(f"o{n}", "bare", f"question {n}", "", f"answer to {n} in short", (), ("no answer",))
        for n in range(number)
    ]


def about(rows: Sequence[Row], subject: str) -> list[Row]:
    """``rows`` whose queries, instructions and positives name a subject, so that sources differ."""
    return [
        replace(
            row,
            query=f"{subject} {row.query}",
            instruction=f"{row.instruction} of {subject}" if row.instruction else "",
            positive=f"{subject} {row.positive}",
            instruction_negatives=tuple(f"{subject} {text}" for text in row.instruction_negatives),
        )
        for row in rows
    ]


def sources(folder: Path) -> Path:
    """``one.jsonl`` and ``two.jsonl`` with 40 and 20 dual-view pairs, ``plain.jsonl`` with 60 ordinary rows."""
    write_rows(folder / "one.jsonl", about(pairs(40, hard_negatives=3), "ships"))
    write_rows(folder / "two.jsonl", about(pairs(20, seed=1), "birds"))
    write_rows(folder / "plain.jsonl", ordinary(60))
    return folder


PART = '[[parts]]\nviews = ["original", "reversed"]\nsources = { "one.jsonl" = 1, "two.jsonl" = 1 }\n'


def drawn(folder: Path, toml: str = PART, budget: str = "40", screen: Screen | None = None) -> Drawn:
    """What the mix ``toml`` in ``folder`` gives."""
    (folder / "mix.toml").write_text(toml, encoding="utf-8")
    return draw(read_mix(folder / "mix.toml"), Budget.parse(budget), None, screen or Screen([]))
