"""One task of mteb, loaded by mteb itself: from the hub at its pinned revision, or from a copy of the user's.

mteb and datasets are imported here only, when a task is loaded.
"""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.errors import IfirEvalError, MissingPackageError

_FOLLOWIR_DIFF = "qrel_diff"


class Selection(NamedTuple):
    """What to load: a task of mteb's registry, and for a multilingual one which of its subsets."""

    task: str
    subset: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What mteb's loaders gave.

    ``documents`` and ``queries`` are columns by name (``id``, ``text``, and ``title`` or ``instruction``
    where there is one). ``top_ranked`` has the candidates by query id, or is None where the corpus is
    searched. ``changed`` is FollowIR's ``qrel_diff``: documents by topic id. ``published`` counts what the
    published data set has.
    """

    documents: Mapping[str, Sequence[Any]]
    queries: Mapping[str, Sequence[Any]]
    judgements: Mapping[str, Mapping[str, int]]
    top_ranked: Mapping[str, Sequence[str]] | None
    changed: Mapping[str, Sequence[str]] | None
    ignores_own_id: bool
    main_score: str
    licence: str
    repository: str
    revision: str
    published: Mapping[str, int]


def load_task(name: str, chosen: Selection, data: Path | None) -> Loaded:
    """Load ``chosen`` for the benchmark called ``name``.

    ``data`` may hold a copy of the data set in the hub's own layout, in a folder of the data set's name
    (``mteb/Core17InstructionRetrieval``).

    Raises:
        MissingPackageError: if mteb is not installed.
        IfirEvalError: if there is no such task, or if its data cannot be had; with the way to get it.
    """
    task = _find(name, chosen)
    metadata = task.metadata
    hub = metadata.dataset
    copy = data / hub["path"] if data is not None and (data / hub["path"]).is_dir() else None
    wanted: dict[str, Any] = {"dataset": {**hub, "path": str(copy or hub["path"])}}
    if chosen.subset:  # mFollowIR's loader fetches every language that stands here
        wanted["eval_langs"] = {chosen.subset: metadata.eval_langs[chosen.subset]}
    task.metadata = metadata.model_copy(update=wanted)
    split = "test" if "test" in task.eval_splits else task.eval_splits[0]
    task.filter_eval_splits([split])
    _hush()
    with _explained(name, hub["path"], hub["revision"], copy):
        task.load_data()
        task.convert_v1_dataset_format_to_v2(num_proc=None)
        subset = chosen.subset or "default"
        found = task.dataset[subset][split]
        changed = _changed(task, subset, split)
    return Loaded(
        documents=found["corpus"].to_dict(),
        queries=found["queries"].to_dict(),
        judgements=found["relevant_docs"],
        top_ranked=found["top_ranked"],
        changed=changed,
        ignores_own_id=task.ignore_identical_ids,
        main_score=metadata.main_score,
        licence=metadata.license or "none stated",
        repository=f"https://huggingface.co/datasets/{hub['path']}",
        revision=hub["revision"],
        published=_published(metadata.descriptive_stats or {}, split, chosen.subset),
    )


def _find(name: str, chosen: Selection) -> Any:
    """The task, with its subset selected and nothing loaded."""
    if importlib.util.find_spec("mteb") is None:
        raise MissingPackageError("mteb", f"the benchmark {name!r}", "ifir-eval[mteb]")
    import mteb  # noqa: PLC0415 - heavy, and an extra
    from mteb.abstasks import AbsTaskRetrieval  # noqa: PLC0415 - likewise

    try:
        task = mteb.get_task(chosen.task)
    except KeyError:
        tasks = mteb.get_tasks(
            task_types=["Retrieval", "Reranking", "InstructionRetrieval", "InstructionReranking"]
        )
        known = [task.metadata.name for task in tasks]
        near = difflib.get_close_matches(chosen.task, known, n=3)
        hint = f"; did you mean {' or '.join(f'mteb:{task}' for task in near)}?" if near else ""
        raise IfirEvalError(f"mteb has no task {chosen.task!r}{hint}") from None
    if not isinstance(task, AbsTaskRetrieval) or task.modalities != ["text"]:
        raise IfirEvalError(
            f"mteb's task {chosen.task!r} is no retrieval or reranking of texts ({task.metadata.type}); "
            "only these can be run here"
        )
    subsets = list(task.metadata.hf_subsets) if task.metadata.is_multilingual else [""]
    if chosen.subset not in subsets:
        named = ", ".join(f"mteb:{chosen.task}:{subset}".rstrip(":") for subset in subsets)
        raise IfirEvalError(f"mteb's task {chosen.task!r} has no subset {chosen.subset!r}; existing: {named}")
    return mteb.get_task(chosen.task, hf_subsets=[chosen.subset] if chosen.subset else None)


def _hush() -> None:
    """Keep the progress bars of datasets out of what is no terminal, as ours are."""
    if not sys.stderr.isatty():
        import datasets  # noqa: PLC0415 - heavy; comes with mteb

        datasets.disable_progress_bars()


def _changed(task: Any, subset: str, split: str) -> Mapping[str, Sequence[str]] | None:
    """FollowIR's list of changed documents, which mteb itself asks for only after everything is encoded."""
    if task.metadata.main_score != "p-MRR":
        return None
    if hasattr(task, "qrels_diff"):  # mFollowIR's loader brings it along
        by_topic: Mapping[str, Sequence[str]] = task.qrels_diff[subset][split]
        return by_topic
    import datasets  # noqa: PLC0415 - heavy; comes with mteb

    hub = task.metadata.dataset
    rows = datasets.load_dataset(hub["path"], _FOLLOWIR_DIFF, split=_FOLLOWIR_DIFF, revision=hub["revision"])
    return {row["query-id"]: row["corpus-ids"] for row in rows}


def _published(statistics: Mapping[str, Any], split: str, subset: str) -> Mapping[str, int]:
    """Sizes of the published data set by mteb's descriptive statistics; empty where it has none."""
    found = statistics.get(split, {})
    if subset:
        found = found.get("hf_subset_descriptive_stats", {}).get(subset, {})
    # Counts of documents and queries are missing from many tasks' files; total over average is always there.
    texts = {"documents": "documents_text_statistics", "queries": "queries_text_statistics"}
    sizes = {
        what: round(found[key]["total_text_length"] / found[key]["average_text_length"])
        for what, key in texts.items()
        if found.get(key)
    }
    candidates = (found.get("top_ranked_statistics") or {}).get("num_top_ranked")
    return sizes | ({"candidates": candidates} if candidates else {})


@contextmanager
def _explained(name: str, path: str, revision: str, copy: Path | None) -> Iterator[None]:
    """Turn what a loader can raise into a sentence with the way round it."""
    from datasets.exceptions import DatasetsError  # noqa: PLC0415 - heavy; comes with mteb

    try:
        yield
    except (DatasetsError, OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        download = f"`hf download {path} --repo-type dataset --revision {revision} --local-dir DIR/{path}`"
        if copy is not None:
            remedy = f"{str(copy)!r} must be a whole copy in the hub's layout: {download}"
        elif "gated" in reason or "cannot be accessed" in reason:
            remedy = (
                f"Ask for access at https://huggingface.co/datasets/{path}, log in with `hf auth login`, "
                "and try again"
            )
        elif "Revision" in reason:
            remedy = "The installed mteb pins this revision; a newer one may pin another: `pip install -U mteb`"
        else:
            remedy = f"Where there is a network, {download}; then pass --data DIR or set IFIR_EVAL_DATA=DIR"
        what = f"{name}: the data set {path} at revision {revision} could not be loaded"
        raise IfirEvalError(f"{what} ({type(error).__name__}: {reason}). {remedy}") from error
