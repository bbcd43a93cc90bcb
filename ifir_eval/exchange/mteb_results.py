"""mteb's result files as records of published figures.

Three layouts of FollowIR's tasks exist, and a fourth for all other tasks:

====================  ======================  ===========================================================
mteb                  where the figures are   what they are
====================  ======================  ===========================================================
before 1.11           ``test``                p-MRR alone
1.12 to 1.39          ``individual``          the judgements of FollowIR's views exchanged (docs/methods.md,
                                              section 3): ``original`` is the original run scored by the
                                              *changed* judgements, FollowIR's Score as papers print it
from 2                ``og``, ``changed``     each view's run by its own judgements
any                   flat                    means over all queries
====================  ======================  ===========================================================

p-MRR is the same under all of them. The two scorings have columns of different names, ``score-mteb1-*`` and
``score-mteb2-*``, which are never filled from the same file. What else a file of the second layout holds
(the changed run by the original judgements) has no name in the field and is left out; mFollowIR's loader
exchanged nothing.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.benchmarks.reading import json_name
from ifir_eval.errors import InvalidInputError, Problem
from ifir_eval.exchange.benchmark_names import entry_of, name_of
from ifir_eval.measures.measure import find
from ifir_eval.records.record import PUBLISHED, Estimate, Record

MEASURES = {
    "p-MRR": "p-MRR",
    "paired_accuracy": "pairwise-accuracy",
    "robustness_at_10": "robustness@10",
    "ndcg_at_5": "nDCG@5",
    "ndcg_at_10": "nDCG@10",
    "ndcg_at_20": "nDCG@20",
    "map_at_1000": "MAP@1000",
    "mrr_at_10": "MRR@10",
    "recall_at_100": "recall@100",
}
"""mteb's names of scores, and ours; the others of a file (some 150) are not taken over."""
VIEWS = {"og": "original", "changed": "changed"}
_PARTS = frozenset({"individual", "original", *VIEWS})
"""The fields of a file that hold scores of their own."""
_SCORES = ("map_at_1000", "ndcg_at_5")
_FOLLOWIR = re.compile(r"(Robust04|News21|Core17)InstructionRetrieval")
_SOURCE = "https://github.com/embeddings-benchmark/results"
_NOTE = "published figures, taken from result files of mteb: not measured here, and without values per topic"
_CSV_IDENTITY = ("model", "revision", "task", "split", "subset", "mteb_version", "dataset_revision")
_CSV_COLUMNS = (*_CSV_IDENTITY, "p_MRR", "layout")


class Result(NamedTuple):
    """The scores of one model on one split and subset of a task; ``file`` is where they were read."""

    file: str
    model: str
    revision: str
    task: str
    split: str
    subset: str
    mteb: str
    dataset_revision: str
    scores: Mapping[str, Any]


def read_results(path: Path) -> list[Result]:
    """The results in a file of mteb's (JSON, in any layout), or in a table of such files (CSV).

    A table has the columns of ``instruction_retrieval.csv``, with a file's layout in ``layout``.

    Raises:
        InvalidInputError: if it is neither, or does not say whose results they are.
    """
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(_table(csv.DictReader(file), str(path)))
        return list(_task_result(_json(path), path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        problem = Problem(f"this is no result file of mteb ({error!r})", str(path))
        raise InvalidInputError("result file", [problem]) from error


def record_of(result: Result) -> Record | None:
    """The record of a result, or None if it holds no score that we have a name for.

    Raises:
        InvalidInputError: naming every field that should hold a score and does not.
    """
    if faults := list(_faults(result.scores)):
        place = f"split {result.split!r}, subset {result.subset!r}"
        raise InvalidInputError("result file", [Problem(f"{place}: {fault}", result.file) for fault in faults])
    columns = {name: value for name, value in _columns(result) if math.isfinite(value)}
    if not columns:
        return None
    entry = entry_of(result.task, result.subset)
    topics, documents = (entry.topics, entry.documents) if entry else (0, 0)
    measures = list(dict.fromkeys(name.partition("[")[0] for name in columns))
    preferred = [name for name in (entry.measures if entry else ()) if name in columns]
    return Record(
        harness=version("ifir-eval"),
        retriever={
            "spec": result.model,
            "kind": PUBLISHED,
            "settings": {"revision": result.revision},
            "example": None,
        },
        benchmark={
            "name": name_of(result.task, result.subset) + _suffix(result.split),
            "version": "published figures",
            "content_hash": "unknown",
            "licence": "CC0",
            "source": _SOURCE,
            "primary": preferred[0] if preferred else next(iter(columns)),
            "measures": measures,
            "contrasts": [],
            "views": list(dict.fromkeys(name.partition("[")[2].rstrip("]") for name in columns if "[" in name)),
            "topics": topics,
            "documents": documents,
            "relevant_grade": 1,
            "notes": [_NOTE],
            "measure_facts": _facts(measures),
        },
        measures={name: Estimate(value, None, None, topics) for name, value in columns.items()},
        slices={},
        topics=(),
        warnings=(_NOTE,),
        environment={"mteb": result.mteb, "dataset_revision": result.dataset_revision},
        origin=PUBLISHED,
    )


def _faults(scores: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """What is wrong with the fields that are read."""
    for name, value in scores.items():
        field, found = f"{within}{name}", json_name(type(value))
        if name in _PARTS and isinstance(value, Mapping):
            yield from _faults(value, f"{field}.")
        elif name in _PARTS:
            yield f"{field!r} must be an object, not {found}"
        elif name in MEASURES and value is not None and type(value) not in {int, float}:
            yield f"{field!r} must be a number, not {found}"


def _suffix(split: str) -> str:
    """Nothing for the one split that most tasks have, and for the one of BRIGHT that we ask."""
    return "" if split in {"test", "standard"} else f" {split}"


def _columns(result: Result) -> Iterator[tuple[str, float]]:
    scores = result.scores
    followir = bool(_FOLLOWIR.fullmatch(result.task))
    if scores.get("p-MRR") is not None:
        yield "p-MRR", float(scores["p-MRR"])
    if "individual" in scores:
        parts = {name: part for name, part in scores["individual"].items() if name in {"original", "changed"}}
        if followir:
            yield from _followir_scores("mteb1", parts.get("original", {}))
        else:
            yield from _by_view(parts)
    elif "og" in scores:
        if followir:
            yield from _followir_scores("mteb2", scores["og"])
        yield from _by_view({view: scores.get(part, {}) for part, view in VIEWS.items()})
    else:
        yield from _known(scores)


def _followir_scores(label: str, scores: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in _known({key: scores[key] for key in _SCORES if key in scores}):
        yield f"score-{label}-{name}", value


def _by_view(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for view, part in parts.items():
        for name, value in _known(part):
            yield f"{name}[{view}]", value


def _known(scores: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for theirs, ours in MEASURES.items():
        if theirs != "p-MRR" and scores.get(theirs) is not None:
            yield ours, float(scores[theirs])


def _facts(measures: Sequence[str]) -> dict[str, dict[str, Any]]:
    shown = ("summary", "low", "high", "chance", "higher_is_better")
    return {measure.name: {fact: getattr(measure, fact) for fact in shown} for measure in find(measures)}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


def _task_result(body: Mapping[str, Any], path: Path) -> Iterator[Result]:
    model, revision = _whose(path)
    mteb, dataset = str(body["mteb_version"]), str(body.get("dataset_revision", "unknown"))
    if "scores" not in body:
        task = _text(body, "mteb_dataset_name")
        for split, scores in body.items():
            if isinstance(scores, Mapping):
                yield Result(str(path), model, revision, task, split, "default", mteb, dataset, scores)
        return
    for split, subsets in body["scores"].items():
        for scores in subsets:
            subset, task = _text(scores, "hf_subset"), _text(body, "task_name")
            yield Result(str(path), model, revision, task, split, subset, mteb, dataset, scores)


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields[key]
    if isinstance(value, str):
        return value
    raise TypeError(f"{key!r} must be a string, not {json_name(type(value))}")


def _whose(path: Path) -> tuple[str, str]:
    """Model and revision: from mteb's ``model_meta.json`` beside the file, else from its folders' names."""
    beside = path.parent / "model_meta.json"
    if beside.is_file():
        meta = _json(beside)
        return str(meta["name"]), str(meta["revision"])
    model, revision = path.absolute().parts[-3:-1]
    if "__" not in model:
        raise ValueError(
            "it does not say whose it is: keep it in mteb's folders, <org>__<model>/<revision>/, "
            "or its model_meta.json beside it"
        )
    return model.replace("__", "/", 1), revision


def _table(rows: csv.DictReader[str], file: str) -> Iterator[Result]:
    if missing := [name for name in _CSV_COLUMNS if name not in (rows.fieldnames or ())]:
        raise ValueError(f"the table lacks the columns {', '.join(missing)}")
    for row in rows:
        given = {name: float(text) for name, text in row.items() if name in MEASURES and text}
        changed = {name: float(row[f"changed_{name}"]) for name in MEASURES if row.get(f"changed_{name}")}
        scores: dict[str, Any] = {"p-MRR": float(row["p_MRR"])} if row["p_MRR"] else {}
        if row["layout"].startswith("individual"):
            scores["individual"] = {"original": given, "changed": changed}
        elif row["layout"] == "og/changed":
            scores |= {"og": given, "changed": changed}
        else:
            scores |= given
        model, revision, task, split, subset, mteb, dataset = (row[name] for name in _CSV_IDENTITY)
        yield Result(file, model, revision, task, split, subset, mteb, dataset, scores)
