"""FollowIR as others published it: mteb's table of results, rendered so that its two scorings never mix.

Result files of mteb 1 score the original run by the changed judgements, those of mteb 2 by its own (METHODS.md,
"The label swap of mteb 1.x"), so that the Score of a line stands in one of two columns, by the layout of the
files that it comes from. p-MRR is the same under both.

``python -m ifir_eval.reporting.published TABLE.csv > TABLE.md`` renders anew.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.reporting.text import visible

P_MRR = {"Robust04": "robust04_pmrr", "News21": "news21_pmrr", "Core17": "core17_pmrr", "mean": "avg_pmrr"}
"""Our column, and the one of the file."""
SCORES = {"mteb 1 (swapped labels)": "individual(original/changed/base)", "mteb 2": "og/changed"}
"""Our column, and the layout of the files whose Score belongs there."""
NO_SCORE = "v1-old"
"""The layout of files that hold p-MRR alone."""


def published_table(path: Path) -> str:
    """The table ``path`` (CSV, the columns of ``followir_summary.csv``) as Markdown, values times 100.

    Raises:
        InvalidInputError: naming the lines whose layout is unknown, or that have a Score where none can be.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    layouts = {NO_SCORE, *SCORES.values()}
    problems = [
        Problem(f"the layout {row['layout']!r} is not one of {', '.join(sorted(layouts))}", str(path), line)
        for line, row in enumerate(rows, 2)
        if row["layout"] not in layouts
    ] + [
        Problem(f"files of the layout {NO_SCORE} have no Score", str(path), line)
        for line, row in enumerate(rows, 2)
        if row["layout"] == NO_SCORE and row["avg_score"]
    ]
    if problems:
        raise InvalidInputError("published table", problems)
    header = ["model", "revision", "measured by", *(f"p-MRR {name}" for name in P_MRR)]
    header += [f"Score, {name}" for name in SCORES]
    rule = ["---"] * 3 + ["---:"] * (len(P_MRR) + len(SCORES))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, rule, *map(_cells, map(_line, rows))))


def _line(row: Mapping[str, str]) -> Iterator[str]:
    yield row["model"]
    yield row["revision"][:7] if len(row["revision"]) == 40 else row["revision"]  # noqa: PLR2004 - a commit hash
    yield f"mteb {row['mteb_version']}"
    for column in P_MRR.values():
        yield _hundredfold(row[column])
    for layout in SCORES.values():
        yield _hundredfold(row["avg_score"]) if row["layout"] == layout else ""


def _hundredfold(value: str) -> str:
    return f"{100 * float(value):.2f}" if value else ""


def _cells(texts: Iterator[str]) -> list[str]:
    return [" ".join(visible(text).split()).replace("|", "\\|") for text in texts]


if __name__ == "__main__":
    sys.stdout.write(published_table(Path(sys.argv[1])))
