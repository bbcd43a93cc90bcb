"""A record as mteb's TaskResult, the JSON that mteb's own tools read."""

from __future__ import annotations

import json
from typing import Any

from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.exchange.benchmark_names import task_of
from ifir_eval.exchange.mteb_results import MEASURES, VIEWS
from ifir_eval.records.record import PUBLISHED, Record

_THEIRS = {ours: theirs for theirs, ours in MEASURES.items()}
_PARTS = {view: part for part, view in VIEWS.items()}
_LANGUAGES = {"eng": "eng-Latn", "fas": "fas-Arab", "rus": "rus-Cyrl", "zho": "zho-Hans"}


def task_result(record: Record, file: str) -> str:
    """``record`` in the layout of mteb 2, the views ``original`` and ``changed`` under ``og`` and ``changed``.

    Measures and views that mteb does not have keep our names. ``mteb_version`` is null unless mteb
    published the figures: it did not measure them. A task's languages are those of its subset (``eng-fas``),
    else English: records do not hold them, and mteb counts no score that has none.

    Raises:
        InvalidInputError: if the record is no whole one, or lacks the measure that mteb calls the main score.
    """
    chosen, benchmark = task_of(record.benchmark["name"]), record.benchmark
    main = record.measures.get(benchmark["primary"])
    problems = []
    if not record.complete:
        problems.append("it is of a limited run, which compares with nothing; run without --limit")
    if main is None:
        problems.append(f"it lacks the benchmark's primary measure; add --measure {benchmark['primary']}")
    if main is None or problems:
        raise InvalidInputError("record", [Problem(problem, file) for problem in problems])
    scores: dict[str, Any] = {}
    for name, estimate in record.measures.items():
        measure, bracket, view = name.partition("[")
        key = _THEIRS.get(measure, measure)
        part = scores.setdefault(_PARTS.get(view[:-1], view[:-1]), {}) if bracket else scores
        part[key] = estimate.value
    languages = [_LANGUAGES.get(part, part) for part in (chosen.subset or "eng").split("-")]
    scores |= {"main_score": main.value, "hf_subset": chosen.subset or "default", "languages": languages}
    published = record.environment if record.origin == PUBLISHED else {}
    body = {
        "dataset_revision": published.get("dataset_revision", benchmark["version"]),
        "task_name": chosen.task,
        "mteb_version": published.get("mteb"),
        "scores": {"standard" if chosen.task.startswith("Bright") else "test": [scores]},
        "evaluation_time": record.timing.get("answer_s"),
        "kg_co2_emissions": None,
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
