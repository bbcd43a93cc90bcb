"""A small made-up corpus: 360 documents, twelve themes, and fields of every kind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

THEMES = [
    f"{a} {b}".split()
    for a, b in zip(
        "copper willow lantern harbour saddle violin pepper glacier falcon carpet marble orchid".split(),
        "furnace basket whale ferry bridle sonata vinegar crevasse feather weaver quarry nectar".split(),
        strict=True,
    )
]
_FILLERS = "gentle narrow distant hollow patient curious sudden quiet golden broken".split()


def documents() -> list[dict[str, Any]]:
    """Each has both words of one theme and one word of another; no field depends on it."""
    rng = Random(5)
    rows = []
    for number in range(360):
        own, other = rng.sample(THEMES, 2)
        words = [*own, rng.choice(other), *rng.choices(_FILLERS, k=8)]
        rng.shuffle(words)
        fields: dict[str, Any] = {
            "year": rng.randint(1960, 2020),
            "length_cm": rng.randint(1, 90) / 2,
            "language": rng.choice(["French", "Danish", "Greek"]),
            "tags": rng.sample(["travel", "history", "children", "craft"], rng.randint(1, 2)),
        }
        for name in [name for name in fields if rng.random() < 0.15]:
            fields[name] = [] if name == "tags" else None
        fields |= {"planet": "Earth", "shelf": f"S{number}", **({"award": "gold"} if number % 9 == 0 else {})}
        rows.append({"_id": f"{fields['year']}/{number}", "text": " ".join(words), "metadata": fields})
    return rows


def written(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """``rows`` as JSON lines in ``path``."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path
