"""Is this machine, and is this retriever, fit for measurements?"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import platformdirs

from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED, Benchmark, Contrast, Document, Topic, View
from ifir_eval.errors import InstructionIgnoredError
from ifir_eval.progress import silent
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.arrival import check_scores, check_texts
from ifir_eval.retrievers.retriever import Answer, Retriever

PACKAGES = (
    "ifir-eval",
    "numpy",
    "scipy",
    "pytrec-eval-terrier",
    "bm25s",
    "torch",
    "transformers",
    "sentence-transformers",
    "mteb",
    "datasets",
    "peft",
    "model2vec",
    "openvino",
    "onnxruntime",
    "ray",
)


AGAIN = "again"
"""The probe's view that says what ``original`` says, under another query id."""


class Finding(NamedTuple):
    """One thing found out; ``good`` is None where there is nothing to judge."""

    what: str
    answer: str
    good: bool | None = None


def environment(vectors: Path) -> tuple[Finding, ...]:
    """Versions, compute devices and caches of this machine; ``vectors`` is the folder of the vector cache."""
    return (
        Finding("python", f"{platform.python_version()} on {platform.platform()}"),
        *(Finding(package, _version(package)) for package in PACKAGES),
        Finding("devices", _devices()),
        Finding("benchmark cache", _size(platformdirs.user_cache_path("ifir-eval") / "benchmarks")),
        Finding("vector cache", f"{_size(vectors)}, {_free(vectors)}"),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _devices() -> str:
    try:
        import torch  # noqa: PLC0415 - heavy, and may be absent
    except ModuleNotFoundError:
        return "cpu (torch is not installed)"
    cuda = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ", ".join([f"cpu ({torch.get_num_threads()} threads)", *cuda, *mps])


def _size(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
    return f"{folder}, {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB"


def _free(folder: Path) -> str:
    """What is free on the disk where ``folder`` is, or will be."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    return f"{shutil.disk_usage(there).free / 1e9:.1f} GB free"


def probe() -> Benchmark:
    """One topic whose views swap the labels of two documents; two more documents are off-topic."""
    texts = {
        "d1": "The choir sang in the old church until midnight, and entry was free for everyone.",
        "d2": "The choir sang in the new concert hall, where every seat cost forty euros.",
        "d3": "Potatoes are best planted when the soil has warmed.",
        "d4": "The ferry leaves the southern pier at noon.",
    }
    asked = {
        ORIGINAL: ("Only concerts that cost nothing.", {"d1": 1, "d2": 0}),
        AGAIN: ("Only concerts that cost nothing.", {"d1": 1, "d2": 0}),
        REVERSED: ("Only concerts that charge for tickets.", {"d1": 0, "d2": 1}),
    }
    views = {
        name: View(name, name, "choir concerts", instruction, judgements, tuple(texts))
        for name, (instruction, judgements) in asked.items()
    }
    return Benchmark(
        name="probe",
        version="1",
        licence="Apache-2.0",
        source="ifir-eval",
        corpus={key: Document(key, text) for key, text in texts.items()},
        topics=(Topic("choir", views),),
        measures=("swap-accuracy",),
        primary="swap-accuracy",
        contrasts=(Contrast(ORIGINAL, REVERSED),),
    )


def examine(make: Callable[[], Retriever]) -> tuple[Finding, ...]:
    """Ask the probe of two retrievers that ``make`` made, so that no vector of the first serves the second.

    Raises:
        RetrieverError: if it cannot answer at all.
    """
    benchmark = probe()
    retriever = make()
    first = retriever.answer(benchmark, silent)
    second = make().answer(benchmark, silent)
    identity = retriever.identity
    said = {**identity.settings, **first.environment}
    settings = [
        Finding(name, repr(value) if "\n" in str(value) else str(value))
        for name, value in said.items()
        if value is not None
    ]
    counts = [Finding(name.replace("_", " "), f"{count}") for name, count in first.counts.items()]
    deterministic = _equal(first.run, second.run)
    return (
        Finding("model", f"{identity.spec} ({identity.kind})"),
        *settings,
        *counts,
        Finding(
            "deterministic",
            "the same scores twice" if deterministic else "scores differ from one call to the next",
            deterministic,
        ),
        _arrival(benchmark, retriever, first),
        *(Finding("warning", warning) for warning in first.warnings),
    )


def _equal(first: Run, second: Run) -> bool:
    return first.hits.keys() == second.hits.keys() and all(
        hits.documents == second.hits[query].documents
        and np.array_equal(hits.scores, second.hits[query].scores)
        for query, hits in first.hits.items()
    )


def _arrival(benchmark: Benchmark, retriever: Retriever, answer: Answer) -> Finding:
    what = "the instruction reaches the scores"
    asked, again = (answer.run.hits.get(name) for name in (ORIGINAL, AGAIN))
    if asked and again and not np.array_equal(asked.scores, again.scores):
        return Finding(what, "cannot be told: the same words get other scores under another query id")
    try:
        check_texts(benchmark, retriever.render)
        if not answer.arrival_checked:
            check_scores(benchmark, answer.run)
    except InstructionIgnoredError as error:
        return Finding(what, str(error), good=False)
    return Finding(what, "two instructions gave different scores", good=True)
