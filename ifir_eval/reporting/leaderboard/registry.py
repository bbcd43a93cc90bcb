"""What mteb's registry states about the models of the leaderboard, written out so that building needs no mteb.

``python -m ifir_eval.reporting.leaderboard.registry leaderboards`` writes ``models.csv`` anew.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ifir_eval.files import write_atomically
from ifir_eval.reporting.leaderboard.facts import FIELDS, MODELS
from ifir_eval.reporting.leaderboard.measured import model_of
from ifir_eval.reporting.leaderboard.published import read_figures
from ifir_eval.reporting.leaderboard.records import read_records

_UNSTATED = {None, "not specified"}
_BASELINES = "mteb/baseline-"
"""Entries that describe mteb's own wrapper, not the method: BM25 as of 2026, random scores as an encoder."""


def stated(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """A line of ``models.csv`` for each of ``names`` that the registry knows."""
    from mteb.models.model_implementations import MODEL_REGISTRY  # noqa: PLC0415 - heavy, and not for building

    for name in sorted(set(names) & MODEL_REGISTRY.keys(), key=str.casefold):
        if name.startswith(_BASELINES):
            continue
        meta = MODEL_REGISTRY[name]
        yield (
            name,
            str(meta.n_parameters or ""),
            str(meta.release_date or ""),
            "" if meta.license in _UNSTATED else str(meta.license),
            ", ".join(meta.model_type),
            {True: "open", False: "closed", None: ""}[meta.open_weights],
        )


def main(folder: Path) -> None:
    """Write ``models.csv`` of the leaderboard in ``folder``."""
    names = [figure.model for figure in read_figures(folder)]
    names += [model_of(record) for record in read_records(folder).values()]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(stated(names))
    write_atomically(folder / MODELS, text.getvalue().encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
